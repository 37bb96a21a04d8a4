"""The catalog against the lake: what it reads is there, and every formula can be computed.

The rows are random and shaped by the contract, nulls included: no meaning, every type.
"""

from collections.abc import Iterator
from datetime import date

import duckdb
import numpy as np
import polars as pl
import pytest

from queries.catalog import builtin
from queries.catalog.derived import declared
from queries.catalog.loader import columns_by_place
from queries.condition import Dimension
from queries.dataset import Access, Dataset, DerivedTable, merged
from queries.derived import DETAILS, built_from, in_order, sources
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.estimation import Estimation
from queries.lake import contract
from queries.model import Query
from queries.plan import plan
from queries.reduction import Column, Reduction, Source
from tests.queries.contract_rows import random_rows
from tests.queries.small_lake import Files

DATASETS = builtin().datasets
DERIVED = tuple(in_order(DATASETS))


@pytest.fixture(scope="module")
def duckdb_first() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory="500MB")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def random_lake(tmp_path_factory: pytest.TempPathFactory, duckdb_first: DuckDBEngine) -> Files:
    """Random rows of every table, and what the derived tables make of them."""
    folder = tmp_path_factory.mktemp("contract")
    needed = {d.table for d in DATASETS} | {j.table for d in DATASETS for j in d.joins}
    needed |= {name for d in DERIVED for name in sources(d)}
    loaded = sorted(needed - {d.name for d in DERIVED})
    lake = Files("v1", {name: (random_rows(name, folder),) for name in loaded})
    for derived in DERIVED:
        path = str(folder / f"{derived.name}.parquet")
        duckdb_first.derive(derived, lake, path, date(2026, 5, 1))
        lake.paths[derived.name] = (path,)
    lake.details[DETAILS] = {d.name: built_from(d, lake) for d in DERIVED}
    return lake


def columns(table: str, lake: Files) -> set[str]:
    declared = contract.table(table)
    return set(declared.names if declared else pl.read_parquet_schema(lake.paths[table][0]))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_every_column_a_dataset_reads_is_in_its_table(dataset: Dataset, random_lake: Files):
    joined = {j.name: j.table for j in dataset.joins}
    for place, read in columns_by_place(dataset):
        for column in read:
            name, _, rest = column.rpartition(".")
            table = joined[name] if name else dataset.table
            assert rest in columns(table, random_lake), f"{dataset.name}: {place} reads {column}"


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_joins_are_many_to_one_so_that_rows_are_never_counted_twice(dataset: Dataset):
    keys = {d.name: d.key for d in DERIVED}
    for join in dataset.joins:
        table = contract.table(join.table)
        key = table.key if table else keys[join.table]
        assert key == (join.key,), f"{dataset.name}: {join.name}"


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_a_dataset_with_a_unit_has_buckets_to_cluster_by(dataset: Dataset, random_lake: Files):
    assert not dataset.entity or "bucket" in columns(dataset.table, random_lake)


@pytest.mark.parametrize("derived", DERIVED, ids=lambda d: d.name)
def test_a_derived_table_has_one_row_a_key_whatever_its_inputs_hold(
    derived: DerivedTable, random_lake: Files
):
    made = pl.read_parquet(random_lake.paths[derived.name][0])
    assert not made.select(derived.key).is_duplicated().any()
    assert made.schema.get(derived.day) == pl.Date


def test_no_derived_table_goes_by_the_name_of_one_that_is_loaded():
    assert not {d.name for d in declared().values()} & set(contract.tables())
    assert {d.name for d in DERIVED} == set(declared())


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_both_engines_compute_every_metric_alike(
    dataset: Dataset, random_lake: Files, duckdb_first: DuckDBEngine
):
    metrics = [m.bind({"policy": "x", "image_policy": "x"}) for m in dataset.metrics]
    reduction = Reduction(
        source=Source(dataset.table, dataset.joins),
        keys=(),
        aggregates=merged(metrics),
        base=dataset.base,
    )
    one, other = (e.reduce(reduction, random_lake) for e in (duckdb_first, PolarsEngine()))
    for metric in metrics:
        if isinstance(metric.formula, Estimation):
            continue
        values = [
            metric.formula.evaluate({a.key: f[a.key].to_numpy() for a in reduction.aggregates})
            for f in (one, other)
        ]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-9, err_msg=metric.name)
        _check_tests(metric.name, metric.tests, float(values[0].reshape(-1)[0]))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_both_engines_count_alike_what_estimators_are_given(
    dataset: Dataset, random_lake: Files, duckdb_first: DuckDBEngine
):
    for metric in dataset.metrics:
        if not isinstance(metric.formula, Estimation):
            continue
        query = Query(
            dataset=dataset,
            metrics=(metric,),
            by=tuple(dataset.dimension(name) for name in metric.formula.asked),
        )
        ((_, reduction),) = plan(query, Access(), random_lake).inner
        keys = [k.name for k in reduction.keys]
        one, other = (
            e.reduce(reduction, random_lake).sort(keys) for e in (duckdb_first, PolarsEngine())
        )
        assert one.select(keys).rows() == other.select(keys).rows()
        for aggregate in reduction.aggregates:
            pair = [f[aggregate.key].cast(pl.Float64).fill_null(0) for f in (one, other)]
            np.testing.assert_allclose(pair[0], pair[1], rtol=1e-9, err_msg=metric.name)


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
