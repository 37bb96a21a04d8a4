"""A table whose rows come by several feeds waits for the one furthest behind, and names it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from queries.health import late
from queries.lake.lake import Change, Lake
from queries.lake.snapshot import Record
from tests.lake.rows_of_plays import DAY, plays

DAYS = 14


class Mornings:
    """A clock that stands at six in the morning of a day."""

    def __init__(self) -> None:
        self.day = 0

    def __call__(self) -> datetime:
        return datetime(DAY.year, DAY.month, DAY.day, 6, tzinfo=UTC) + timedelta(self.day + 2)


@pytest.fixture
def clock() -> Mornings:
    return Mornings()


def fed(day: int, feed: str) -> pl.DataFrame:
    rows = plays([2 * day + (feed == "asia")], day=day)
    return rows.with_columns(feed=pl.lit(feed))


def load(lake: Lake, clock: Mornings, feeds: Callable[[int], list[str]], *, is_news: bool) -> None:
    for day in range(DAYS):
        clock.day = day
        rows = pl.concat([fed(day, feed) for feed in feeds(day)])
        lake.commit([Change(table="playback", rows=rows)], "daily", is_news=is_news)


def test_a_feed_that_stops_makes_its_table_late_though_another_goes_on(
    tmp_path: Path, clock: Mornings
):
    lake = Lake(tmp_path / "lake", clock=clock)
    load(lake, clock, lambda day: ["asia", "europe"] if day < 12 else ["europe"], is_news=True)
    tables = lake.snapshot_now()
    state = tables.record.tables["playback"]
    assert state.complete_through == DAY + timedelta(10)
    assert state.feeds == {"asia": DAY + timedelta(10), "europe": DAY + timedelta(12)}
    assert state.behind == ("asia",)
    assert Record.from_json(tables.record.to_json()).tables["playback"] == state
    (said,) = late(tables, clock()).values()
    assert said.endswith(
        "complete through 2026-03-11, where asia ends: other feeds reach 2026-03-13."
    )


def test_feeds_that_keep_step_are_not_spoken_of(tmp_path: Path, clock: Mornings):
    lake = Lake(tmp_path / "lake", clock=clock)
    load(lake, clock, lambda _: ["asia", "europe"], is_news=True)
    tables = lake.snapshot_now()
    assert tables.record.tables["playback"].behind == ()
    assert late(tables, clock()) == {}
    assert "where" not in late(tables, clock() + timedelta(3))["playback"]


def test_a_lake_loaded_before_habits_were_kept_has_them_with_its_next_commit(
    tmp_path: Path, clock: Mornings
):
    lake = Lake(tmp_path / "lake", clock=clock)
    load(lake, clock, lambda _: ["asia"], is_news=False)
    assert lake.snapshot_now().record.tables["playback"].arrivals == ()
    assert late(lake.snapshot_now(), clock() + timedelta(3)) == {}
    lake.commit([], "rollups", is_news=False)
    assert len(lake.snapshot_now().record.tables["playback"].arrivals) == DAYS
    said = late(lake.snapshot_now(), clock() + timedelta(3))["playback"]
    assert f"complete through {date(2026, 3, 13)}" in said
