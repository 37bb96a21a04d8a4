"""Whatever a tile shows, it shows nothing of a handful of accounts."""

from pathlib import Path

import pytest

from portal.open_page import ask, list_rows, open_page
from portal.page import Lists, Page
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import SMALL, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryError
from queries.lake.lake import Lake
from queries.model import Result
from queries.small_cells import WITHHELD
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
