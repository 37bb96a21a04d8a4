"""The small lake, on disk, and a warehouse over a real Delta lake of the same rows."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.lake.lake import Change, Lake
from queries.reduction import Engine
from queries.warehouse import Warehouse
from tests.queries.derived_demo import Demo
from tests.queries.small_lake import DATASET, Files, plays, titles, write


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory="1GB")
    yield engine
    engine.close()


@pytest.fixture(params=["duckdb", "polars"])
def engine(request: pytest.FixtureRequest, duckdb_engine: DuckDBEngine) -> Engine:
    """Every test that takes an engine runs once per engine."""
    return duckdb_engine if request.param == "duckdb" else PolarsEngine()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A Delta lake with the small world's rows."""
    made = Lake(tmp_path / "lake")
    rows = plays().with_columns(pl.col("bucket").cast(pl.Int16))
    made.commit(
        [
            Change(table="plays", rows=rows, day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "small",
    )
    return made


@pytest.fixture
def warehouse(lake: Lake, duckdb_engine: DuckDBEngine) -> Warehouse:
    return Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,)))


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Iterator[Demo]:
    """The demo's rows beside what the warehouse says of them."""
    engine = DuckDBEngine(memory="1GB")
    yield Demo(demo_home, engine)
    engine.close()
