"""Beginnings, against a walk through the days one by one."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from queries.analyses.beginning import beginnings

FIRST = date(2026, 3, 1)
QUIET = 5
amounts = st.lists(st.lists(st.sampled_from([0, 0, 1, 60]), min_size=25, max_size=25), max_size=4)


def frame(rows: list[list[int]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"day": FIRST + timedelta(at), "key": f"k{number}", "plays": plays}
            for number, row in enumerate(rows)
            for at, plays in enumerate(row)
        ],
        schema={"day": pl.Date, "key": pl.String, "plays": pl.Int64},
    )


@given(amounts)
def test_a_beginning_is_a_day_after_a_stretch_that_was_seen_without_it(rows: list[list[int]]):
    seen = min((at for row in rows for at, plays in enumerate(row) if plays), default=0)
    expected = {
        (f"k{number}", FIRST + timedelta(at))
        for number, row in enumerate(rows)
        for at, plays in enumerate(row)
        if plays and at - QUIET >= seen and not any(row[at - QUIET : at])
    }
    found = beginnings(frame(rows), "key", "plays", QUIET)
    assert set(found.select("key", "day").rows()) == expected


def test_what_pauses_long_begins_anew_and_says_how_much_it_had_each_time():
    row = [0] * 6 + [3, 4] + [0] * 8 + [5, 0, 6, 0]
    always = [1] * len(row)
    found = beginnings(frame([row, always]), "key", "plays", QUIET)
    assert found.select("day", "last_day", "plays").rows() == [
        (FIRST + timedelta(6), FIRST + timedelta(7), 7.0),
        (FIRST + timedelta(16), FIRST + timedelta(18), 11.0),
    ]


@given(st.lists(st.sampled_from([0, 0, 0, 1, 7]), min_size=25, max_size=60))
def test_runs_are_those_that_are_left_once_scipy_has_closed_short_pauses(row: list[int]):
    always = [1] * len(row)
    padded = np.pad(np.array(row) > 0, QUIET)
    closed = ndimage.binary_closing(padded, structure=np.ones(QUIET))[QUIET:-QUIET]
    steps = np.flatnonzero(np.diff(np.pad(closed.astype(int), 1)))
    runs = zip(steps[::2].tolist(), (steps[1::2] - 1).tolist(), strict=True)
    expected = [(FIRST + timedelta(a), FIRST + timedelta(b)) for a, b in runs if a >= QUIET]
    found = beginnings(frame([row, always]), "key", "plays", QUIET)
    assert found.select("day", "last_day").rows() == expected
