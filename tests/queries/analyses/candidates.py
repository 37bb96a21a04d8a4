"""Changes as findings test them, of one metric, for tests of who is told what."""

from datetime import date, timedelta

from queries.analyses.cluster import Estimate
from queries.analyses.findings import Candidate
from queries.catalog import builtin
from queries.interval import student
from queries.model import Comparison
from queries.period import Period

_WEEK = Period(date(2026, 2, 23), date(2026, 3, 1))


def changed(number: int, t: float, probability: float, size: float = 0.1) -> Candidate:
    """A change of `size` of what it was, `t` standard errors from none."""
    dataset = builtin().dataset("playback")
    before = 1_000.0 + number
    value = size * before if t >= 0 else -size * before
    error = abs(value / t)
    reach = error * student(255)
    return Candidate(
        dataset=dataset,
        metric=dataset.metric("hours_viewed"),
        period=_WEEK,
        comparison=Comparison("previous", _WEEK.shifted(-timedelta(7).days)),
        dimension=None,
        value=None,
        now=before + value,
        before=before,
        change=Estimate(value, value - reach, value + reach),
        error=error,
        freedom=255,
        probability=probability,
        weight=1 / before,
        relative=size,
    )
