"""Share splits through the door: the rows themselves in both engines, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.condition import Filter
from queries.dataset import BUCKET, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.errors import AccessDenied, InvalidQuery, UnsafeQuestion
from queries.formula import parse
from queries.lake.lake import Lake
from queries.model import Comparison, Query
from queries.period import Period
from queries.reduction import Engine
from queries.rollups import refresh
from queries.share_split import ShareSplit, accounts_of, plan_share_split
from queries.warehouse import Warehouse
from tests.queries.analyses.switching_worlds import added_up
from tests.queries.small_lake import COUNTRY, DATASET, DEVICE, START, Files, plays

NOW = Period(START + timedelta(30), START + timedelta(43))
BEFORE = Period(START + timedelta(10), START + timedelta(23))
SCREENS = ("tv", "web")
QUERY = Query(
    dataset=DATASET,
    metrics=(DATASET.metric("hours_viewed"),),
    by=(DEVICE,),
    period=NOW,
    compare=Comparison("custom", BEFORE),
    interval=False,
    keeps_small=True,
)
ASKED = ShareSplit(query=QUERY, values=SCREENS)


def of_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The same off the rows, account by account."""
    named = rows.drop_nulls("account_id")
    accounts = named.select("account_id", BUCKET).unique("account_id").sort("account_id")
    every = ("tv", "web", "phone", None)
    hours = np.zeros((2, accounts.height, len(every)))
    for side, period in enumerate((NOW, BEFORE)):
        days = named.filter(pl.col("local_date").is_between(period.start, period.end))
        for n, device in enumerate(every):
            own = days.filter(pl.col("device").eq_missing(device)).group_by("account_id")
            found = accounts.join(own.agg(pl.col("watched_s").sum()), on="account_id", how="left")
            hours[side, :, n] = found.sort("account_id")["watched_s"].fill_null(0).to_numpy()
    return added_up(hours, accounts[BUCKET].to_numpy())


def same(found: pl.DataFrame, rows: pl.DataFrame) -> None:
    """As many of everything in each bucket; what is nothing may be missing."""
    columns = [c for c in found.columns if c != BUCKET]
    wanted = of_rows(rows).select(BUCKET, *columns)
    kept = wanted.filter(pl.sum_horizontal(columns) > 0)
    told = found.with_columns(pl.col(BUCKET).cast(pl.Int64), pl.col(columns).fill_null(0.0))
    told = told.filter(pl.sum_horizontal(columns) > 0)
    assert_frame_equal(
        told.sort(BUCKET),
        kept.with_columns(pl.col(BUCKET).cast(pl.Int64)).sort(BUCKET),
        rel_tol=1e-9,
        check_dtypes=False,
    )


@pytest.mark.parametrize("engine", [DuckDBEngine(), PolarsEngine()], ids=lambda e: e.name)
def test_both_engines_add_up_what_accounts_did(engine: Engine, files: Files) -> None:
    same(engine.reduce(plan_share_split(ASKED, Access(), files), files), plays())


def test_a_rollup_by_account_gives_the_same_as_the_rows(
    lake: Lake, warehouse: Warehouse, duckdb_engine: DuckDBEngine
) -> None:
    filtered = replace(QUERY, where=Filter(COUNTRY, "in", ("BR", "DE")))
    asked = replace(ASKED, query=filtered)
    raw = warehouse.share_split(asked, Access())
    refresh(lake, (DATASET,), duckdb_engine)
    kept = warehouse.share_split(asked, Access())
    assert (raw.source, kept.source) == ("raw", "rollup")
    same(kept.frame, plays().filter(pl.col("country").is_in(["BR", "DE"])))


def test_row_rules_hold(warehouse: Warehouse) -> None:
    ruled = warehouse.share_split(ASKED, Access(rows=(("country", ("BR",)),)))
    same(ruled.frame, plays().filter(pl.col("country") == "BR"))


@pytest.mark.parametrize("hidden", ["sum(watched_s)", "count(distinct account_id)"])
def test_it_tells_no_hidden_number(warehouse: Warehouse, hidden: str) -> None:
    with pytest.raises(AccessDenied):
        warehouse.share_split(ASKED, Access(hidden=parse(hidden).aggregates()))


def test_a_handful_of_accounts_is_refused(warehouse: Warehouse) -> None:
    few = tuple(range(1, 5))
    account = replace(COUNTRY, name="account", expression='"account_id"', kind="number")
    narrow = replace(QUERY, where=Filter(account, "in", few))
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        warehouse.share_split(replace(ASKED, query=narrow), Access())
    assert accounts_of(warehouse.share_split(ASKED, Access()).frame) > 1_000


@pytest.mark.parametrize("name", ["click_rate", "accounts"])
def test_what_is_no_single_sum_is_refused(files: Files, name: str) -> None:
    asked = replace(ASKED, query=replace(QUERY, metrics=(DATASET.metric(name),)))
    with pytest.raises(UnsafeQuestion, match="no single sum"):
        plan_share_split(asked, Access(), files)


def test_it_takes_two_periods_one_dimension_and_values() -> None:
    for wrong in (replace(QUERY, compare=None), replace(QUERY, by=())):
        with pytest.raises(InvalidQuery):
            ShareSplit(query=wrong, values=SCREENS)
    with pytest.raises(InvalidQuery):
        ShareSplit(query=QUERY, values=())
