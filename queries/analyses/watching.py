"""What somebody is told of the numbers they watch: one family of tests for all that is new.

A day is held against its forecast of the day before (`queries.analyses.anomaly`), which knows
weekdays; a week against the one before by the paired statistic of findings. Over all of them the
false discovery rate is held at 10 % (Benjamini & Hochberg 1995), so that where nothing happens at
most one look in ten tells anything. A day must lie beyond 3.5 scales of its own past errors too,
and a change must be material: there is no threshold that somebody sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from queries.analyses import anomaly
from queries.analyses.findings import Candidate, held


@dataclass(frozen=True, slots=True)
class WatchedDay:
    """A day and what was foretold of it; `z` is its error in scales."""

    day: date
    value: float
    expected: float
    low: float
    high: float
    z: float

    @property
    def probability(self) -> float:
        return float(anomaly.chances(np.array([self.z]))[0])


def watched_days(
    values: Mapping[date, float | None], last: date, *, is_share: bool, is_amount: bool
) -> list[WatchedDay]:
    """Every day to `last` that could be foretold, of a number by day.

    A day that is missing is none of an amount, and unknown of a rate; one without a value, as it is
    of a handful of accounts, is unknown of either.
    """
    if not values:
        return []
    first = min(values)
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    missing = 0.0 if is_amount else np.nan
    read = (values.get(day, missing) for day in days)
    series = np.array([[np.nan if v is None else v for v in read]], dtype=np.float64)
    if len(days) <= anomaly.WARM_UP:
        return []
    made = anomaly.foretold(series, is_share=is_share)
    rows = zip(days, series[0], made.expected[0], made.low[0], made.high[0], made.z[0], strict=True)
    return [WatchedDay(d, *map(float, row)) for d, *row in rows if np.isfinite(row[-1])]


@dataclass(frozen=True, slots=True)
class Told:
    """Which of the days and of the changes of a family are told, by their places."""

    days: tuple[bool, ...]
    changes: tuple[bool, ...]


def told(days: Sequence[WatchedDay], changes: Sequence[Candidate | None]) -> Told:
    """Try all that one person watches together. A change that cannot be tested is not told."""
    tested = [change for change in changes if change is not None]
    claims, kept = held(tested, [day.probability for day in days])
    said = [replace(claim, worth=0.0) for claim in claims]
    return Told(
        tuple(is_kept and abs(d.z) > anomaly.BEYOND for d, is_kept in zip(days, kept, strict=True)),
        tuple(c is not None and c in said for c in changes),
    )


def last_week(latest: date) -> date:
    """The Sunday that ended the last whole week."""
    return latest - timedelta((latest.weekday() + 1) % 7)
