"""The artwork page over the Upworthy tests: the split first, and no picture that is not there."""

from pathlib import Path

import pytest

from portal.components.problem import problem
from portal.drawing import Drawing
from portal.open_page import ask, open_page
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import NotLoaded
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.realdata


def test_the_real_tests_are_drawn_with_the_split_first_and_all_else_says_it_is_not_loaded(
    realdata: Path, tmp_path: Path
):
    lake = Lake(tmp_path / "lake")
    ingest(lake, "upworthy", sorted((realdata / "upworthy").glob("*.parquet")))
    warehouse = Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())
    opened = open_page(discover("pages")["/artwork"], "", warehouse)
    drawn: dict[str, Drawing] = {}
    for tile in opened.tiles().values():
        name = tile.place.title or type(tile).__name__
        try:
            results = ask(opened, tile, warehouse, Access())
            drawn[name] = tile.draw(results, opened.tile_context(tile))
        except NotLoaded as error:
            drawn[name] = problem(error)
    tests = drawn.pop("Which packaging wins?")
    # 718 of 4,873 by the chi-squared of Polars sums and SciPy, p below .0005.
    assert tests.notes[0].startswith("718 of 4\u2009873 tests are blocked")
    rows = tests.content["tables"][0]["rows"]
    assert len(rows) == 15
    assert all(float(row[4]["text"]) >= 0.0005 for row in rows)
    assert all(" to " in row[at]["lines"][0]["text"] for row in rows for at in (2, 3))
    assert {d.content["reason"] for d in drawn.values() if d.kind == "empty"} == {"not_loaded"}
