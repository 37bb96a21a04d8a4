"""Open streams against a count over every play."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from queries.analyses.concurrency import concurrency
from queries.period import Period

START = datetime(2026, 11, 1, tzinfo=UTC)


def tallied(seconds: np.ndarray, name: str) -> pl.DataFrame:
    """By the first full minute at or after each second, as the question counts them."""
    minutes = (int(START.timestamp()) + seconds + 59) // 60
    return pl.DataFrame({name: minutes}).group_by(name).len("rows")


@given(st.lists(st.tuples(st.integers(0, 86_000), st.integers(1, 9_000)), min_size=1, max_size=80))
def test_the_peak_is_that_of_counting_every_play_at_every_full_minute(
    plays: list[tuple[int, int]],
):
    starts = np.array([s for s, _ in plays])
    ends = starts + np.array([d for _, d in plays])
    day = START.date()
    found = concurrency(tallied(starts, "starts"), tallied(ends, "ends"), Period(day, day))
    minutes = np.arange(0, 86_400, 60)
    open_then = ((starts <= minutes[:, None]) & (ends > minutes[:, None])).sum(axis=1)
    if found is None:
        assert open_then.max() == 0
        return
    assert found.peak == open_then.max()
    assert found.hours["streams"].max() == found.peak
    if found.peak:
        assert found.peak_at == START + timedelta(minutes=int(open_then.argmax()))


def test_plays_that_do_not_say_when_they_ended_cannot_be_counted():
    nobody = pl.DataFrame(schema={"starts": pl.Int64, "rows": pl.Int64})
    assert concurrency(nobody, nobody.rename({"starts": "ends"}), None) is None
