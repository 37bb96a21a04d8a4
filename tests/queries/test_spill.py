"""A question larger than memory goes to disk, wherever the portal keeps what it writes."""

from pathlib import Path

import polars as pl

from queries.engines.duckdb_engine import DuckDBEngine
from queries.formula import Aggregate
from queries.reduction import Column, Reduction, Source
from tests.queries.small_lake import Files


def test_a_reduction_spills_into_a_folder_that_nobody_has_made_yet(tmp_path: Path) -> None:
    path = tmp_path / "plays.parquet"
    pl.DataFrame({"n": pl.int_range(3_000_000, eager=True)}).with_columns(
        pl.format("account number {}", "n").alias("name")
    ).write_parquet(path)
    spill = tmp_path / "home" / "cache" / "spill"
    engine = DuckDBEngine(memory="120MB", spill=spill)
    reduction = Reduction(
        source=Source("plays"), keys=(Column("name", '"name"'),), aggregates=(Aggregate("count"),)
    )
    written = tmp_path / "written.parquet"
    files = Files("v1", {"plays": (str(path),)})
    engine.write(reduction, files, str(written), order_by="name")
    assert pl.scan_parquet(written).select(pl.len()).collect().item() == 3_000_000
    assert spill.is_dir()
    engine.close()
