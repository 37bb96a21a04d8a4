"""Complete through: the day has ended everywhere, and nearly all of its rows have arrived."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from queries.lake.contract import Clocks
from queries.lake.freshness import reach

CLOCKS = Clocks("local_date", "ts", "ingest_ts", "feed")
NOON = datetime(2026, 3, 10, 12)  # noqa: DTZ001 - the lake is naive UTC


def table(
    tmp_path: Path, rows: Sequence[tuple[datetime, timedelta | None]], feed: str = "a"
) -> str:
    path = tmp_path / f"{feed}.parquet"
    pl.DataFrame(
        {
            "ts": [ts for ts, _ in rows],
            "local_date": [ts.date() for ts, _ in rows],
            "ingest_ts": pl.Series(
                [ts + late if late is not None else None for ts, late in rows],
                dtype=pl.Datetime("us"),
            ),
            "feed": [feed] * len(rows),
        }
    ).write_parquet(path)
    return str(path)


def test_the_last_day_is_complete_only_after_it_ended_in_the_last_time_zone(tmp_path: Path):
    prompt = timedelta(minutes=0)
    still_the_10th = [(NOON, prompt), (NOON + timedelta(hours=23, minutes=59), prompt)]
    file = table(tmp_path, still_the_10th)
    assert reach([file], CLOCKS).complete == date(2026, 3, 9)
    file = table(tmp_path, [*still_the_10th, (NOON + timedelta(hours=24), prompt)])
    assert reach([file], CLOCKS).complete == date(2026, 3, 10)


def test_lateness_moves_completeness_back(tmp_path: Path):
    late = timedelta(days=2)
    file = table(tmp_path, [(NOON, late), (NOON + timedelta(days=1), late)])
    assert reach([file], CLOCKS).complete == date(2026, 3, 10)


def test_one_row_in_a_hundred_may_be_later_than_that(tmp_path: Path):
    rows = [(NOON + timedelta(minutes=i), timedelta(minutes=1)) for i in range(200)]
    rows.append((NOON - timedelta(days=30), timedelta(days=20)))
    found = reach([table(tmp_path, rows)], CLOCKS)
    assert found.first == date(2026, 2, 8)
    assert found.complete == date(2026, 3, 9)


def test_a_feed_without_arrivals_is_complete_through_its_last_day(tmp_path: Path):
    old = table(tmp_path, [(NOON - timedelta(days=365), None)], feed="old")
    assert reach([old], CLOCKS).complete == date(2025, 3, 10)
    new = table(tmp_path, [(NOON, timedelta(0))], feed="new")
    assert reach([old, new], CLOCKS).complete == date(2026, 3, 9)


def test_of_several_feeds_the_one_furthest_behind_speaks_for_the_table(tmp_path: Path):
    prompt, day = timedelta(0), timedelta(days=1)
    fresh = table(tmp_path, [(NOON - 40 * day, prompt), (NOON, prompt)], feed="fresh")
    behind = table(tmp_path, [(NOON - 3 * day, prompt)], feed="behind")
    published = table(tmp_path, [(NOON - 2 * day, None)], feed="published")
    found = reach([fresh, behind, published], CLOCKS)
    assert found.complete == date(2026, 3, 6)
    assert found.feeds == {"fresh": date(2026, 3, 9), "behind": date(2026, 3, 6)}


@pytest.mark.parametrize(("days", "complete"), [(27, date(2026, 2, 10)), (28, date(2026, 3, 9))])
def test_a_feed_four_weeks_behind_has_ended(tmp_path: Path, days: int, complete: date):
    fresh = table(tmp_path, [(NOON, timedelta(0))], feed="fresh")
    old = table(tmp_path, [(NOON - timedelta(days), timedelta(0))], feed="old")
    assert reach([fresh, old], CLOCKS).complete == complete


@pytest.mark.parametrize("files", [[], None])
def test_a_table_without_rows_or_days_reaches_nowhere(tmp_path: Path, files: list[str] | None):
    given = [table(tmp_path, [(NOON, None)])] if files is None else files
    clocks = Clocks() if files is None else CLOCKS
    assert reach(given, clocks).last is None


def test_a_published_table_is_complete_through_its_last_day(tmp_path: Path):
    file = table(tmp_path, [(NOON, None)])
    assert reach([file], Clocks(day="local_date")).complete == date(2026, 3, 10)
