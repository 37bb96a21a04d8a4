"""Distributions through the door: the rows themselves in both engines, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.catalog import builtin
from queries.condition import Filter
from queries.dataset import ROWS, Access, Dataset, Metric
from queries.distribution import (
    COLUMNS,
    COUNT,
    HIGH,
    LOW,
    SIDE,
    TOTAL,
    Distribution,
    Over,
    plan_distribution,
    sides,
    unit_of,
    why_not,
)
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.errors import AccessDenied, InvalidQuery, UnsafeQuestion
from queries.formula import parse
from queries.lake.lake import Lake
from queries.model import Comparison, Query
from queries.period import Period
from queries.plan import BIN, BIN_RATIO
from queries.reduction import Engine
from queries.rollups import refresh
from queries.row_value import row_value
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, DEVICE, GENRE, START, Files, plays

MONTH = Period(START, START + timedelta(27))
NEXT = Period(START + timedelta(28), START + timedelta(55))
SIGNED = Metric(name="signed", label="Signed", formula=parse("sum(watched_s - 500) / count(*)"))
SHARES = Metric(
    name="shares",
    label="Shares",
    formula=parse("sum(waited_s) filter (where device <> 'tv') / sum(waited_s)"),
)


def question(
    name: str, over: Over = "units", split: Filter | None = None, dataset: Dataset = DATASET
) -> Distribution:
    query = Query(dataset=dataset, metrics=(dataset.metric(name),), period=MONTH)
    return Distribution(query=query, over=over, split=split)


def answer(asked: Distribution, engine: Engine, files: Files) -> pl.DataFrame:
    planned = plan_distribution(asked, Access(), files)
    return sides([engine.reduce(r, files) for r in planned.reductions])


def month(period: Period = MONTH) -> pl.DataFrame:
    return plays().filter(pl.col("local_date").is_between(period.start, period.end))


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("hours_viewed", "units"),
        ("hours_viewed", "rows"),
        ("views", "rows"),
        ("views", "units"),
        ("rows", "units"),
        ("click_rate", "units"),
        ("tv_share", "units"),
        ("hours_per_account", "units"),
        ("titles_played", "units"),
        ("waited", "units"),
        ("waited_on_the_go", "units"),
        ("waited_on_the_go", "rows"),
        ("startup", "rows"),
        ("startup_p95", "rows"),
        ("value", "rows"),
        ("signed", "rows"),
        ("shares", "units"),
    ],
)
@pytest.mark.parametrize(
    "split", [None, Filter(DEVICE, "in", ("tv",)), Filter(GENRE, "in", ("drama",))]
)
def test_engines_agree(
    name: str, over: Over, split: Filter | None, duckdb_engine: DuckDBEngine, files: Files
) -> None:
    dataset = replace(DATASET, metrics=(*DATASET.metrics, SIGNED, SHARES))
    asked = question(name, over, split, dataset)
    found = [
        answer(asked, engine, files).sort(COLUMNS[:3]) for engine in (duckdb_engine, PolarsEngine())
    ]
    assert found[0].height
    assert_frame_equal(*found, rel_tol=1e-9)


def test_units_have_the_metric_over_their_own_rows(engine: Engine, files: Files) -> None:
    found = answer(question("hours_per_account"), engine, files)
    hours = month().group_by("account_id").agg(pl.col("watched_s").sum() / 3600)["watched_s"]
    assert found[COUNT].sum() == len(hours)
    assert found[TOTAL].sum() == pytest.approx(hours.sum())
    in_bin = np.floor(np.log(hours.to_numpy()) / np.log(BIN_RATIO))
    largest = found.group_by(BIN).agg(pl.col(COUNT).sum()).sort(BIN)[COUNT].to_list()
    assert largest == np.unique(in_bin, return_counts=True)[1].tolist()
    assert found[HIGH].max() == pytest.approx(hours.max())
    assert ((found[HIGH] / found[LOW]) <= BIN_RATIO + 1e-9).all()


def test_rows_have_what_the_metric_is_made_of(engine: Engine, files: Files) -> None:
    found = answer(question("startup_p95", "rows"), engine, files)
    seconds = month()["startup_ms"].drop_nulls() / 1000
    assert found[COUNT].sum() == len(seconds)
    assert found[TOTAL].sum() == pytest.approx(seconds.sum())
    assert found[LOW].min() == pytest.approx(seconds.min())


def test_a_sum_of_no_rows_is_zero_and_one_of_missing_values_is_left_out(
    engine: Engine, files: Files
) -> None:
    waited = answer(question("waited_on_the_go"), engine, files)
    own = (
        month()
        .group_by("account_id")
        .agg(
            rows=(pl.col("device") != "tv").sum(),
            known=(pl.col("waited_s").is_not_null() & (pl.col("device") != "tv")).sum(),
            total=pl.col("waited_s").filter(pl.col("device") != "tv").sum(),
        )
    )
    told = own.filter((pl.col("known") > 0) | (pl.col("rows") == 0))
    assert 0 < told.height < own.height
    assert waited[COUNT].sum() == told.height
    assert waited.filter(pl.col(BIN) == 0)[COUNT].sum() == told.filter(pl.col("total") == 0).height


def test_sides_are_the_rows_that_meet_a_split_and_those_that_do_not(
    engine: Engine, files: Files
) -> None:
    found = answer(question("hours_viewed", "rows", Filter(COUNTRY, "in", ("BR",))), engine, files)
    counts = dict(found.group_by(SIDE).agg(pl.col(COUNT).sum()).iter_rows())
    known = month().filter(pl.col("country").is_not_null())
    brazil = known.filter(pl.col("country") == "BR").height
    assert counts == {0: brazil, 1: known.height - brazil}


def test_two_periods_are_two_sides(engine: Engine, files: Files) -> None:
    query = replace(question("rows").query, compare=Comparison("previous", NEXT))
    found = answer(Distribution(query=query), engine, files)
    totals = dict(found.group_by(SIDE).agg(pl.col(TOTAL).sum()).iter_rows())
    assert totals == {0: month().height, 1: month(NEXT).height}


def test_a_rollup_by_account_gives_the_same_as_the_rows(
    lake: Lake, warehouse: Warehouse, duckdb_engine: DuckDBEngine
) -> None:
    asked = question("hours_viewed", split=Filter(COUNTRY, "in", ("BR",)))
    raw = warehouse.distribution(asked, Access())
    refresh(lake, (DATASET,), duckdb_engine)
    kept = warehouse.distribution(asked, Access())
    assert (raw.source, kept.source) == ("raw", "rollup")
    assert_frame_equal(*(r.frame.sort(COLUMNS[:3]) for r in (raw, kept)), rel_tol=1e-9)


def test_row_rules_hold(warehouse: Warehouse) -> None:
    everything = warehouse.distribution(question("rows"), Access())
    ruled = warehouse.distribution(question("rows"), Access(rows=(("country", ("BR",)),)))
    brazil = month().filter(pl.col("country") == "BR")
    assert ruled.frame[TOTAL].sum() == brazil.height
    assert ruled.frame[COUNT].sum() == brazil["account_id"].n_unique()
    assert everything.frame[TOTAL].sum() == month().height


@pytest.mark.parametrize(
    ("hidden", "name", "over"),
    [
        ("sum(watched_s)", "hours_viewed", "units"),
        ("sum(watched_s) filter (where device = 'tv')", "hours_viewed", "rows"),
        ("count(distinct account_id)", "rows", "units"),
        ("count(distinct account_id)", "hours_viewed", "rows"),
        ("sum(startup_ms)", "startup", "rows"),
    ],
)
def test_counts_tell_no_hidden_number(
    warehouse: Warehouse, hidden: str, name: str, over: Over
) -> None:
    access = Access(hidden=parse(hidden).aggregates())
    with pytest.raises(AccessDenied):
        warehouse.distribution(question(name, over), access)


def test_hidden_rows_close_the_distribution_of_rows_alone(warehouse: Warehouse) -> None:
    access = Access(hidden=frozenset({ROWS}))
    with pytest.raises(AccessDenied):
        warehouse.distribution(question("startup", "rows"), access)
    assert warehouse.distribution(question("titles_played"), access).frame.height


@pytest.mark.parametrize(
    ("name", "over", "said"),
    [
        ("rows", "rows", "no sum or mean"),
        ("click_rate", "rows", "no sum or mean"),
        ("accounts", "units", "counts each of its accounts once"),
        ("startup", "units", "read off single rows"),
    ],
)
def test_what_has_no_distribution_says_why(
    warehouse: Warehouse, name: str, over: Over, said: str
) -> None:
    with pytest.raises(UnsafeQuestion, match=said) as raised:
        warehouse.distribution(question(name, over), Access())
    assert raised.value.code == "no_distribution"


def test_every_metric_of_the_catalog_has_one_or_says_why():
    catalog = builtin()
    for dataset in catalog.datasets:
        for metric in dataset.metrics:
            reasons = [why_not(metric, dataset, over) for over in ("units", "rows")]
            assert all(not reason or reason.endswith(".") for reason in reasons)
    top10 = catalog.dataset("top10")
    assert "published totals" in why_not(top10.metrics[0], top10, "units")
    assert unit_of(catalog.dataset("marketing")) == "regions"


def test_a_mean_over_all_rows_counts_a_missing_value_as_nothing():
    over_all, over_known = (
        row_value(parse(f"sum(waited_s) / 60 / count({counted})")) for counted in ("*", "waited_s")
    )
    assert over_all
    assert over_known
    assert over_all.expression == 'COALESCE(("waited_s") / 60.0, 0)'
    assert over_known.expression == '("waited_s") / 60.0'
    assert over_all.role == over_known.role == "mean"
    assert row_value(parse("sum(waited_s) / count(*) filter (where clicked)")) is None


def test_a_distribution_holds_groups_or_periods_apart_and_not_both():
    query = replace(question("rows").query, compare=Comparison("previous", NEXT))
    with pytest.raises(InvalidQuery):
        Distribution(query=query, split=Filter(DEVICE, "in", ("tv",)))
    with pytest.raises(InvalidQuery):
        Distribution(query=replace(query, by=(DEVICE,)))
