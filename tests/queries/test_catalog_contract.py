"""The catalog against the lake: what it reads is there, and every formula can be computed.

The rows are random and shaped by the contract, nulls included: no meaning, every type.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from queries.catalog import builtin
from queries.catalog.loader import columns_by_place
from queries.condition import Dimension
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.lake import contract
from queries.model import Column, Dataset, Reduction, Source, merged
from tests.queries.small_lake import Files

DATASETS = builtin().datasets
ROWS = 400


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_every_column_a_dataset_reads_is_in_the_contract(dataset: Dataset):
    joined = {j.name: j.table for j in dataset.joins}
    for place, columns in columns_by_place(dataset):
        for column in columns:
            name, _, rest = column.rpartition(".")
            table = contract.table(joined[name] if name else dataset.table)
            assert table is not None
            assert rest in table.names, f"{dataset.name}: {place} reads {column}"


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_joins_are_many_to_one_so_that_rows_are_never_counted_twice(dataset: Dataset):
    for join in dataset.joins:
        table = contract.table(join.table)
        assert table is not None
        assert table.key == (join.key,), f"{dataset.name}: {join.name}"


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_a_dataset_with_a_unit_has_buckets_to_cluster_by(dataset: Dataset):
    table = contract.table(dataset.table)
    assert table is not None
    assert not dataset.entity or "bucket" in table.names


@pytest.fixture(scope="module")
def random_lake(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("contract")
    needed = {d.table for d in DATASETS} | {j.table for d in DATASETS for j in d.joins}
    return Files("v1", {name: (_random_rows(name, folder),) for name in sorted(needed)})


@pytest.fixture(scope="module")
def duckdb_first() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory="500MB")
    yield engine
    engine.close()


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_both_engines_compute_every_metric_alike(
    dataset: Dataset, random_lake: Files, duckdb_first: DuckDBEngine
):
    metrics = [m.bind({"policy": "x"}) for m in dataset.metrics]
    reduction = Reduction(
        source=Source(dataset.table, dataset.joins),
        keys=(),
        aggregates=merged(metrics),
        base=dataset.base,
    )
    one, other = (e.reduce(reduction, random_lake) for e in (duckdb_first, PolarsEngine()))
    for metric in metrics:
        values = [
            metric.formula.evaluate({a.key: f[a.key].to_numpy() for a in reduction.aggregates})
            for f in (one, other)
        ]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-9, err_msg=metric.name)
        _check_tests(metric.name, metric.tests, float(values[0].reshape(-1)[0]))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_both_engines_group_alike_by_every_dimension(
    dataset: Dataset, random_lake: Files, duckdb_first: DuckDBEngine
):
    for dimension in (dataset.time, *dataset.dimensions):
        reduction = Reduction(
            source=Source(dataset.table, dataset.joins),
            keys=(Column(dimension.name, dimension.expression),),
            aggregates=merged([dataset.metric("rows")]),
        )
        found = [
            _counts(e.reduce(reduction, random_lake), dimension)
            for e in (duckdb_first, PolarsEngine())
        ]
        assert found[0] == found[1], f"{dataset.name} by {dimension.name}"


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_a_dimension_has_the_kind_it_declares(
    dataset: Dataset, random_lake: Files, duckdb_first: DuckDBEngine
):
    for dimension in (dataset.time, *dataset.dimensions):
        reduction = Reduction(
            source=Source(dataset.table, dataset.joins),
            keys=(Column(dimension.name, dimension.expression),),
            aggregates=merged([dataset.metric("rows")]),
        )
        found = duckdb_first.reduce(reduction, random_lake)[dimension.name].dtype
        kinds = {
            "text": found == pl.String,
            "number": found.is_numeric(),
            "date": found == pl.Date,
            "boolean": found == pl.Boolean,
        }
        assert kinds[dimension.kind], f"{dataset.name}: {dimension.name} is {found}"


def _counts(frame: pl.DataFrame, dimension: Dimension) -> dict[str, int]:
    return {str(k): int(n) for k, n in frame.select(dimension.name, pl.last()).rows()}


def _check_tests(name: str, tests: tuple[str, ...], value: float) -> None:
    if np.isnan(value):
        return
    for test in tests:
        with duckdb.connect() as connection:
            holds = connection.execute(f'SELECT {test} FROM (SELECT {value!r} AS "value")')
            assert holds.fetchall() == [(True,)], f"{name} = {value}, not {test}"


def _random_rows(name: str, folder: Path) -> str:
    """Rows that meet the contract, at random; the key counts up, so it is unique."""
    table = contract.table(name)
    assert table is not None
    columns = [f"{_random_value(c, is_key=c.name in table.key)} AS {c.name}" for c in table.columns]
    kept = " AND ".join(f"coalesce({c.holds}, true)" for c in table.checks) or "true"
    path = folder / f"{name}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            f"COPY (SELECT * FROM (SELECT {', '.join(columns)} FROM range(20000) AS r(i)) "
            f"WHERE {kept} LIMIT {ROWS}) TO '{path}' (FORMAT parquet)"
        )
        count = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    assert count is not None
    assert count[0] >= 100, name
    return str(path)


def _random_value(column: contract.Column, *, is_key: bool) -> str:
    draw = _draw(column)
    if is_key and column.type in ("BIGINT", "INTEGER"):
        draw = f"i::{column.type}"
    if column.required:
        return draw
    return f"CASE WHEN random() < 0.1 THEN NULL ELSE {draw} END"


def _draw(column: contract.Column) -> str:
    """A value of the column's type; small, so that joins meet and conditions hold."""
    kind = column.type
    if column.values:
        return f"list_extract({list(column.values)}, 1 + (random() * {len(column.values)})::INT)"
    if column.name == "account_kind":
        return "CASE WHEN random() < 0.9 THEN 'member' ELSE 'staff' END"
    if kind == "BOOLEAN":
        return "random() < 0.5"
    if kind == "VARCHAR":
        return "chr(97 + (random() * 5)::INT)"
    if kind == "DATE":
        return "DATE '2026-01-04' + 7 * (random() * 20)::INT"
    if kind == "TIMESTAMP":
        return "TIMESTAMP '2026-01-04' + to_seconds((random() * 9000000)::INT)"
    if kind == "MAP(VARCHAR,DOUBLE)":
        return "CASE WHEN random() < 0.8 THEN MAP {'x': random(), 'y': 0.5} ELSE MAP {} END"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        low = 1 if column.name == "sample_w" else 0
        return f"({low} + random())::{kind}"
    if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
        return f"(1 + random() * 20)::{kind}"
    return f"CAST(NULL AS {kind})"
