"""Whatever a tile shows, it shows nothing of a handful of accounts."""

from pathlib import Path
from urllib.parse import urlencode

import polars as pl
import pytest

from portal.open_page import ask, list_rows, open_page
from portal.page import Lists, Page
from portal.routing import discover
from portal.tiles.launch import Launch
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import SMALL, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryError, UnsafeQuestion
from queries.lake.lake import Lake
from queries.model import Result
from queries.question import Question
from queries.question import ask as answer
from queries.small_cells import FEWEST_SHOWN, WITHHELD
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
PAGES = discover("pages")
FEW = "country=PH&plan=basic"  # one account of 3,000, in the demo company of size S


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    lake = Lake(demo_home / "lake")
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


def is_narrowed(result: Result) -> bool:
    """Whether a question keeps the handful: some tiles look through a filter, or have none."""
    filters = result.query.where.filters() if result.query.where else ()
    kept = {(f.dimension.name, f.values) for f in filters if f.operation == "in"}
    return (
        result.query.dataset.is_of_people
        and {
            ("country", ("PH",)),
            ("plan", ("basic",)),
        }
        <= kept
    )


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_no_tile_gets_a_number_of_a_handful(page: Page, warehouse: Warehouse):
    opened = open_page(page, f"?{FEW}", warehouse, Access())
    for tile in opened.tiles().values():
        try:
            if isinstance(tile, Lists):
                list_rows(opened, tile, warehouse, Access())
            results = ask(opened, tile, warehouse, Access())
        except QueryError:
            continue
        for result in filter(is_narrowed, results):
            names = [c for m in result.query.metrics for c in (m.name, f"{m.name}__previous")]
            for frame in (result.frame, result.total):
                told = [v for c in names if c in frame.columns for v in frame[c].drop_nulls()]
                assert not any(told), (type(tile).__name__, names)
                if SMALL in frame.columns:
                    assert set(frame[SMALL].drop_nulls()) <= {WITHHELD}
        tile.draw(results, opened.tile_context(tile))


def test_the_days_of_a_launch_that_a_handful_watched_are_not_drawn(
    warehouse: Warehouse, demo_home: Path
):
    asked = Question(
        dataset="playback", metrics=("accounts",), by=("title",), where="country = 'US'"
    )
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    everything = Warehouse(lake, engine, FrameCache(None), builtin(), fewest=0)
    frame = answer(asked, everything, Access()).frame
    few = frame.filter(pl.col("accounts") < FEWEST_SHOWN)["title"].drop_nulls().to_list()
    assert few
    for title in few[:3]:
        search = urlencode({"country": "US", "title": title})
        opened = open_page(PAGES["/titles"], f"?{search}", warehouse, Access())
        tiles = [t for t in opened.tiles().values() if isinstance(t, Launch)]
        assert tiles
        for tile in tiles:
            try:
                results = ask(opened, tile, warehouse, Access())
            except UnsafeQuestion:
                continue
            assert tile.draw(results, opened.tile_context(tile)).kind == "empty"
            (file,) = tile.joined(results, opened.tile_context(tile))
            assert all(not name.isdigit() for name in file.frame.columns)
