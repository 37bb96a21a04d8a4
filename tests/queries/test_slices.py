"""A derived table built a span of buckets at a time is the one that is built at once."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.catalog.derived import declared
from queries.derived import inputs_complete_through
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake

pytestmark = pytest.mark.demo

PLAIN = {"page_requests": "REPLACE (map_entries(slate_weights) AS slate_weights)"}
SPANS = (range(1), range(1, 90), range(90, 256))


@pytest.mark.parametrize("name", [t.name for t in declared().values() if t.sliced])
def test_slices_together_are_the_whole_table(
    name: str, demo_home: Path, duckdb_engine: DuckDBEngine, tmp_path: Path
) -> None:
    tables = Lake(demo_home / "lake").snapshot()
    derived = declared()[name]
    complete = inputs_complete_through(derived, tables)

    def built(buckets: range) -> pl.DataFrame:
        path = tmp_path / f"{buckets.start}-{buckets.stop}.parquet"
        duckdb_engine.derive(derived, tables, str(path), complete, buckets)
        return duckdb.connect().sql(f"SELECT * {PLAIN.get(name, '')} FROM '{path}'").pl()

    whole = built(range(256))
    slices = [built(span) for span in SPANS]
    assert all(0 < s.height < whole.height for s in slices)
    assert_frame_equal(
        pl.concat(slices).sort(derived.key), whole.sort(derived.key), check_exact=False
    )
