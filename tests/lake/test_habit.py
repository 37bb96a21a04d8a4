"""A table's habit: what is expected by when, and how rarely one that goes on is said to be late."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import numpy as np
import pytest

from queries.lake.habit import FEWEST_INTERVALS, KEPT, arrivals, due, past_arrivals
from queries.lake.snapshot import Record, TableState

BEGAN = datetime(2026, 1, 5, 6, tzinfo=UTC)
DAY = date(2026, 1, 4)


def loaded(*loads: tuple[timedelta, int | None]) -> tuple[int, ...]:
    """Arrivals after loads, each so long after the first and complete so many days on."""
    state = TableState(version=0, rows=1)
    for version, (after, days) in enumerate(loads):
        complete = None if days is None else DAY + timedelta(days)
        known = arrivals(state if version else None, complete, BEGAN + after)
        state = TableState(version=version, rows=1, complete_through=complete, arrivals=known)
    return state.arrivals


def daily(count: int) -> list[tuple[timedelta, int | None]]:
    return [(timedelta(n), n) for n in range(count)]


def test_a_feed_that_comes_every_day_is_late_a_quarter_of_a_day_after_its_longest_wait():
    found = due(loaded(*daily(12), (timedelta(12, hours=2), 12)))
    assert found
    assert found.last == BEGAN + timedelta(12, hours=2)
    assert found.by == found.last + timedelta(1, hours=2) + timedelta(hours=6)
    assert not found.is_late(found.by)
    assert found.is_late(found.by + timedelta(seconds=1))


def test_few_loads_are_no_habit():
    assert due(loaded(*daily(FEWEST_INTERVALS))) is None
    assert due(loaded(*daily(FEWEST_INTERVALS + 1)))
    assert due(()) is None


def test_loads_that_bring_no_new_day_are_no_news():
    again: list[tuple[timedelta, int | None]] = [(timedelta(11, hours=h), 11) for h in range(1, 9)]
    assert loaded(*daily(12), *again) == loaded(*daily(12))


def test_catching_up_on_a_past_in_one_go_is_no_habit():
    past: list[tuple[timedelta, int | None]] = [(timedelta(seconds=2 * n), n) for n in range(60)]
    assert len(loaded(*past)) == 1
    assert due(loaded(*past)) is None


def test_after_a_stop_the_days_that_were_missed_are_one_load():
    caught = loaded(*daily(12), (timedelta(17), 14), (timedelta(17, minutes=5), 17))
    assert len(caught) == 13
    assert caught[-1] == int((BEGAN + timedelta(17, minutes=5)).timestamp())


def test_a_table_without_days_has_news_on_each_day_on_which_it_is_loaded():
    thrice = [(timedelta(n, hours=h), None) for n in range(12) for h in (0, 1, 2)]
    found = loaded(*thrice)
    assert len(found) == 12
    assert due(found)


def test_a_long_stop_of_yore_does_not_make_the_next_one_go_unnoticed():
    days = [n if n < 12 else n + 9 for n in range(32)]
    found = due(loaded(*((timedelta(n), n) for n in days)))
    assert found
    assert found.by - found.last < timedelta(2)


def test_only_the_last_month_of_arrivals_is_kept():
    assert len(loaded(*daily(50))) == KEPT


def records(loads: Sequence[tuple[timedelta, int]]) -> list[Record]:
    """What a lake wrote down before it kept arrivals; after each load comes another record."""
    written: list[Record] = []
    for version, (after, days) in enumerate(loads):
        state = TableState(version=version, rows=1, complete_through=DAY + timedelta(days))
        at = BEGAN + after
        for number, later in enumerate((at, at + timedelta(minutes=5)), start=1 + 2 * version):
            written.append(Record(number, later, "load", {"plays": state}))
    return written


def test_the_habit_of_an_older_lake_is_read_off_its_records():
    days = [(timedelta(n, hours=n % 3), n) for n in range(20)]
    assert past_arrivals(records(days), "plays") == loaded(*days)
    assert past_arrivals(records(days), "visits") == ()


RANDOM = np.random.default_rng(11)
WAYS = {
    "every day, to the hour": 24 + RANDOM.normal(0, 1, (400, KEPT + 60)),
    "at random": 24 + RANDOM.exponential(24, (400, KEPT + 60)),
    "working days": np.tile([24.0, 24, 24, 24, 72], (400, 19))[:, : KEPT + 60]
    + RANDOM.normal(0, 0.5, (400, KEPT + 60)),
    "now and then a day is left out": 24.0 * (1 + (RANDOM.random((400, KEPT + 60)) < 0.05)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("known", [FEWEST_INTERVALS, KEPT - 1])
def test_of_feeds_that_go_on_at_most_one_load_in_ten_is_said_to_be_late(way: str, known: int):
    """The share of late ones over 400 feeds, one load each: 10 % and three standard errors."""
    late = sum(_is_late(hours[20 : 20 + known + 1]) for hours in WAYS[way])
    assert late / 400 <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 400)


def test_a_regular_feed_is_never_said_to_be_late():
    assert not any(_is_late(hours[:31]) for hours in WAYS["every day, to the hour"])


def _is_late(hours: Sequence[float]) -> bool:
    *moments, next_one = accumulate((int(3_600 * h) for h in hours), initial=0)
    found = due(moments)
    assert found
    return found.is_late(datetime.fromtimestamp(next_one, UTC))
