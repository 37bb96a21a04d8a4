"""What people write for a period, and what it resolves to."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.errors import InvalidQuery
from queries.period import (
    Grain,
    Period,
    bucket_around,
    bucket_starts,
    end_of,
    last_year,
    parse_period,
    previous,
    start_of,
    whole_buckets,
)

MONDAY = date(2026, 6, 29)
days = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("last 28 days", "2026-06-02", "2026-06-29"),
        ("Last  7 Days", "2026-06-23", "2026-06-29"),
        ("7d as of latest", "2026-06-23", "2026-06-29"),
        ("7d as of 2026-05-10", "2026-05-04", "2026-05-10"),
        ("last week", "2026-06-22", "2026-06-28"),
        ("last 4 weeks", "2026-06-01", "2026-06-28"),
        ("last month", "2026-05-01", "2026-05-31"),
        ("last 2 quarters", "2025-10-01", "2026-03-31"),
        ("12m", "2025-06-30", "2026-06-29"),
        ("this month", "2026-06-01", "2026-06-29"),
        ("month to date", "2026-06-01", "2026-06-29"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-W07", "2026-02-09", "2026-02-15"),
        ("2026-02-14", "2026-02-14", "2026-02-14"),
        ("2026-02-01 to 2026-02-14", "2026-02-01", "2026-02-14"),
        ("2026-02-01..2026-02-14", "2026-02-01", "2026-02-14"),
        ("yesterday", "2026-06-29", "2026-06-29"),
    ],
)
def test_a_period_reads_as_people_write_it(text: str, start: str, end: str) -> None:
    assert parse_period(text, MONDAY) == Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    "text", ["soon", "last fortnight", "2026-13", "2026-02-30", "last 0 weeks", "2026-w60", "9999y"]
)
def test_a_period_that_cannot_be_read_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidQuery) as error:
        parse_period(text, MONDAY)
    assert "last 28 days" in error.value.hint


def test_all_is_bounded_only_by_what_there_is() -> None:
    assert parse_period("all", MONDAY) is None
    assert parse_period("all", MONDAY, date(2026, 1, 1)) == Period(date(2026, 1, 1), MONDAY)


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(InvalidQuery):
        parse_period("2026-02-14 to 2026-02-01", MONDAY)


@given(days, st.sampled_from(Grain))
def test_a_day_lies_in_its_own_bucket_and_buckets_do_not_overlap(day: date, grain: Grain) -> None:
    start, end = start_of(day, grain), end_of(day, grain)
    assert start <= day <= end
    assert start_of(end, grain) == start
    assert start_of(end + timedelta(1), grain) == end + timedelta(1)


@given(days, st.integers(1, 400))
def test_the_previous_period_ends_the_day_before(day: date, length: int) -> None:
    period = Period(day, day + timedelta(length - 1))
    assert previous(period).end == period.start - timedelta(1)


def test_the_month_before_a_month_is_a_whole_month() -> None:
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    assert previous(march) == Period(date(2026, 2, 1), date(2026, 2, 28))


@given(days)
def test_last_year_keeps_the_weekday(day: date) -> None:
    assert last_year(Period(day, day)).start.weekday() == day.weekday()


@pytest.mark.parametrize(
    ("smallest", "period", "expected"),
    [
        (Grain.QUARTER, ("2024-01-01", "2024-03-31"), ("2023-01-01", "2023-03-31")),
        (Grain.MONTH, ("2024-02-01", "2024-02-29"), ("2023-02-01", "2023-02-28")),
        (Grain.YEAR, ("2024-01-01", "2024-12-31"), ("2023-01-01", "2023-12-31")),
        (Grain.WEEK, ("2024-01-01", "2024-01-07"), ("2023-01-02", "2023-01-08")),
    ],
)
def test_last_year_of_what_has_no_weeks_is_the_same_months(
    smallest: Grain, period: tuple[str, str], expected: tuple[str, str]
) -> None:
    """364 days before the first quarter would hold the first day of the second."""
    start, end = map(date.fromisoformat, period)
    assert last_year(Period(start, end), smallest) == Period(*map(date.fromisoformat, expected))


def test_whole_months_are_those_that_a_period_does_not_cut() -> None:
    cut = Period(date(2026, 8, 3), date(2026, 11, 15))
    assert whole_buckets(cut, Grain.MONTH) == Period(date(2026, 9, 1), date(2026, 10, 31))
    assert whole_buckets(Period(date(2026, 10, 4), date(2026, 11, 29)), Grain.MONTH) is None
    assert whole_buckets(cut, Grain.DAY) == cut


@given(days, st.integers(1, 900), st.sampled_from(Grain))
def test_whole_buckets_lie_in_their_period_and_are_the_most_that_do(
    day: date, length: int, grain: Grain
) -> None:
    period = Period(day, day + timedelta(length - 1))
    whole = whole_buckets(period, grain)
    within = [
        b
        for s in bucket_starts(period, grain)
        if (b := bucket_around(s, grain)).start >= period.start and b.end <= period.end
    ]
    assert whole == (Period(within[0].start, within[-1].end) if within else None)
