"""What is grouped in two steps answers as it would in one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from queries.dataset import BUCKET, ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.engines.two_steps import in_two_steps
from queries.formula import Aggregate
from queries.model import Query
from queries.plan import INHABITED, by_bucket, plan
from queries.reduction import Column, Reduction, Source
from tests.queries.small_lake import DATASET, Files, plays, write
from tests.queries.strategies import questions

POLARS = PolarsEngine()
ACCOUNTS = Aggregate("count_distinct", '"account_id"')
ON_TV = replace(ACCOUNTS, where=""""device" = 'tv'""")
OF_NO_ROW = replace(ROWS, where="FALSE")


def same(reduction: Reduction, duckdb: DuckDBEngine, files: Files) -> None:
    keys = [k.name for k in reduction.keys]
    steps = in_two_steps(reduction, files, rows_a_group=0)
    answers = [duckdb.reduce(r, files) for r in (steps, reduction)] + [
        POLARS.reduce(reduction, files)
    ]
    counts = [a.key for a in reduction.aggregates if a.operation == "count"]
    first, *others = [
        (a.sort(keys, nulls_last=True) if keys else a).with_columns(
            pl.col(c).fill_null(0.0) for c in counts
        )
        for a in answers
    ]
    for other in others:
        assert_frame_equal(first, other, check_dtypes=False, rel_tol=1e-9)


@given(query=questions())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_two_steps_answer_as_one(query: Query, duckdb_engine: DuckDBEngine, files: Files) -> None:
    reduction = plan(query, Access(), files).groups
    more = (*reduction.aggregates, INHABITED)
    for asked in (reduction, by_bucket(reduction), replace(reduction, aggregates=more)):
        same(asked, duckdb_engine, files)


def test_nothing_at_all_is_counted_as_none(duckdb_engine: DuckDBEngine, files: Files) -> None:
    reduction = Reduction(
        source=Source(DATASET.table), keys=(), aggregates=(ROWS, INHABITED), base="FALSE"
    )
    assert duckdb_engine.reduce(reduction, files).row(0) == (0.0, 0.0)


def test_rows_of_nobody_count_as_no_account(duckdb_engine: DuckDBEngine, tmp_path: Path) -> None:
    nobody = pl.when(pl.col("device") != "web").then("account_id").alias("account_id")
    files = write(tmp_path, plays(2_000).with_columns(nobody))
    keys = (Column("device", '"device"'),)
    asked = Reduction(source=Source(DATASET.table), keys=keys, aggregates=(ACCOUNTS, ON_TV))
    same(asked, duckdb_engine, files)
    found = dict(duckdb_engine.reduce(asked, files).select("device", ACCOUNTS.key).rows())
    assert found["web"] == 0 < found["tv"]


def test_a_name_is_looked_up_for_groups_and_not_for_rows(files: Files) -> None:
    reduction = Reduction(
        source=Source(DATASET.table, DATASET.joins),
        keys=(Column("genre", '"titles.genre"'), Column(BUCKET, f'"{BUCKET}"')),
        aggregates=(ROWS,),
    )
    inner = in_two_steps(reduction, files, rows_a_group=0).source.inner
    assert inner is not None
    assert (inner.source.joins, [k.name for k in inner.keys][:1]) == ((), ["title_id"])
    assert in_two_steps(reduction, files) is reduction


@pytest.mark.parametrize("counted", [(ACCOUNTS,), (ACCOUNTS, INHABITED)])
def test_one_count_of_accounts_is_left_to_the_engine(
    counted: Sequence[Aggregate], files: Files
) -> None:
    reduction = Reduction(source=Source(DATASET.table), keys=(), aggregates=tuple(counted))
    assert in_two_steps(reduction, files) is reduction
