"""Data that is late by the clock is marked wherever its numbers are shown, kept or not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from portal.drawn import Drawings
from portal.open_page import open_page
from portal.page import Page, Section
from portal.tiles import Headline, MetricCatalog, TableStates
from queries.answer import plain
from queries.byte_folder import ByteFolder
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.portal.conftest import Clock
from tests.queries.small_lake import DATASET, DAYS, START, plays, titles

METRIC = "hours_viewed"
PAGE = Page(
    path="/small",
    title="Small",
    question="What?",
    datasets=(DATASET.name,),
    sections=(
        Section(
            tiles=(Headline(metric=METRIC), TableStates(), MetricCatalog(pages=dict)),
        ),
    ),
)
FED = 12
SAID = "plays is late: expected by 2026-03-27 12:00 UTC, last arrived 2026-03-26 06:00 UTC; "


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.combine(START + timedelta(DAYS - FED), datetime.min.time(), UTC))


@pytest.fixture
def warehouse(tmp_path: Path, clock: Clock) -> Warehouse:
    """The small world, whose last days were loaded day by day, each at six in the morning."""
    lake, engine = Lake(tmp_path / "lake", clock=clock), DuckDBEngine(memory="1GB")
    rows = plays(4_000).with_columns(pl.col("bucket").cast(pl.Int16))
    clock.pass_by(timedelta(hours=6))
    day, fed = pl.col("local_date"), START + timedelta(DAYS - FED)
    first = Change(table="plays", rows=rows.filter(day < fed), day="local_date")
    lake.commit([first, Change(table="programmes", rows=titles())], "first")
    for after in range(FED):
        clock.pass_by(timedelta(days=1))
        one = rows.filter(day == fed + timedelta(after))
        lake.commit([Change(table="plays", rows=one, day="local_date")], "daily")
    refresh(lake, (DATASET,), engine)
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)), clock=clock)


def test_an_answer_says_so_from_the_moment_on_though_it_was_remembered(
    warehouse: Warehouse, clock: Clock
):
    query = Query(dataset=DATASET, metrics=(DATASET.metric(METRIC),))
    assert warehouse.ask(query, Access()).doubts == ()
    clock.pass_by(timedelta(days=2))
    result = warehouse.ask(query, Access())
    assert result.source == "cache"
    (said,) = result.doubts
    assert said.startswith(SAID)
    assert said in plain(result)["notes"]
    assert warehouse.late("v1") == {}, "an older version was asked for as it was"


def test_tiles_that_were_kept_say_so_and_the_page_of_health_in_red(
    warehouse: Warehouse, clock: Clock, tmp_path: Path
):
    drawings = Drawings(warehouse, ByteFolder(tmp_path / "drawn"), kept_ms=0)

    def drawn() -> list[dict]:
        opened = open_page(PAGE, "", warehouse, Access())
        return [drawings.draw(opened, name, tile) for name, tile in opened.tiles().items()]

    number, states, catalogue = drawn()
    assert number["foot"]["doubts"] == ()
    assert "No table is late." in states["drawing"]["notes"]
    clock.pass_by(timedelta(days=2))
    for _ in range(2):
        number, states, catalogue = drawn()
        assert [d[: len(SAID)] for d in number["foot"]["doubts"]] == [SAID]
        assert number["foot"]["is_late_alone"]
        (first, *_) = states["drawing"]["content"]["tables"][0]["rows"]
        assert first[0]["text"] == "plays"
        late = next(cell for cell in first if cell.get("tone") == "bad")
        assert late["text"] == "late: 27 Mar 2026, 12:00 UTC"
        assert late["tip"].startswith(SAID)
        found = {m["name"]: m["late"] for m in catalogue["drawing"]["content"]["metrics"]}
        assert found[METRIC][0].startswith(SAID)
