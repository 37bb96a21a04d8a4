"""Two engines, one meaning: any question has the same answer from both."""

import math
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from queries.dataset import ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.engines.sql import quoted, render
from queries.gather import gather
from queries.model import Query
from queries.plan import binned, by_bucket, plan
from queries.reduction import Column, Engine, Reduction, Source
from tests.queries.formulas import formula_of
from tests.queries.small_lake import DATASET, DEVICE, Files
from tests.queries.strategies import questions

POLARS = PolarsEngine()


def agree(reduction: Reduction, duckdb: DuckDBEngine, files: Files) -> None:
    keys = [k.name for k in reduction.keys]
    answers = [e.reduce(reduction, files) for e in (duckdb, POLARS)]
    sorted_answers = [a.sort(keys, nulls_last=True) if keys else a for a in answers]
    assert_frame_equal(*sorted_answers, check_dtypes=False, rel_tol=1e-9)


@given(query=questions())
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_engines_agree(query: Query, duckdb_engine: DuckDBEngine, files: Files) -> None:
    reduction = plan(query, Access(), files).groups
    agree(reduction, duckdb_engine, files)
    agree(by_bucket(reduction), duckdb_engine, files)


def test_a_key_that_follows_from_another_is_given_and_not_grouped_by(
    duckdb_engine: DuckDBEngine, files: Files
) -> None:
    keys = (Column("is_tv", """"device" = 'tv'"""), Column("device", '"device"'))
    reduction = Reduction(source=Source(DATASET.table), keys=keys, aggregates=(ROWS,))
    assert render(reduction, quoted)[0].endswith("GROUP BY 2")
    agree(reduction, duckdb_engine, files)
    alone = replace(reduction, keys=keys[:1])
    assert render(alone, quoted)[0].endswith("GROUP BY 1")
    agree(alone, duckdb_engine, files)


def test_engines_agree_on_the_bins_of_a_quantile(duckdb_engine: DuckDBEngine, files: Files) -> None:
    metric = DATASET.metric("startup")
    query = Query(dataset=DATASET, metrics=(metric,))
    reduction = plan(query, Access(), files).groups
    (quantile,) = metric.formula.aggregates()
    agree(binned(reduction, quantile), duckdb_engine, files)


def test_a_sum_over_no_rows_is_zero_and_one_over_missing_values_is_unknown(
    engine: Engine, files: Files
) -> None:
    metrics = tuple(DATASET.metric(m) for m in ("tv_share", "waited", "waited_on_the_go"))
    for interval in (True, False):
        query = Query(dataset=DATASET, metrics=metrics, by=(DEVICE,), interval=interval)
        planned = plan(query, Access(), files)
        cells = gather(planned, planned.groups, lambda r: engine.reduce(r, files), None)
        devices = cells.groups["device"].to_list()
        found = {
            m.name: dict(zip(devices, cells.values(formula_of(m)).tolist(), strict=True))
            for m in metrics
        }
        assert found["tv_share"] == {"tv": 1, "phone": 0, "web": 0}
        assert found["waited_on_the_go"]["tv"] == 0
        assert found["waited"]["tv"] > 0
        for name in ("waited", "waited_on_the_go"):
            assert found[name]["web"] > 0
            assert math.isnan(found[name]["phone"])
