"""A log that names an account in some rows and none in others: accounts are of the named ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from queries.analyses.decomposition import decompose
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Filter
from queries.dataset import BUCKETS, SMALL, Access, Dataset
from queries.distribution import Distribution
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import UnsafeQuestion
from queries.lake.lake import Change, Lake
from queries.listing import Listing
from queries.model import Comparison, Query, Result
from queries.period import Period
from queries.reduction import Engine
from queries.rollups import refresh
from queries.small_cells import WITHHELD
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, START, plays, titles

PERIOD = Period(START, START.replace(month=3, day=20))
HALF = Period(START.replace(month=2, day=10), START.replace(month=3, day=20))
FEW, NOBODYS = "ZZ", "NN"
RAW = replace(DATASET, rollups=(), activities=())
Ask = Callable[..., Result]


def mixed() -> pl.DataFrame:
    """Four accounts beside rows of nobody in one country, nothing but such rows in another."""
    named = plays().with_columns(
        pl.when(pl.col("account_id") <= 4).then(pl.lit(FEW)).otherwise("country").alias("country")
    )
    unnamed = plays(4_000, seed=8).with_columns(
        pl.lit(None, pl.Int64).alias("account_id"),
        pl.col("bucket") + BUCKETS,
        pl.Series("country", np.random.default_rng(9).choice([FEW, NOBODYS, "US"], 4_000)),
    )
    return pl.concat([named, unnamed]).with_columns(pl.col("bucket").cast(pl.Int16))


def written(folder: Path, rows: pl.DataFrame) -> Lake:
    lake = Lake(folder / "lake")
    changes = [Change(table="programmes", rows=titles())]
    lake.commit([*changes, Change(table="plays", rows=rows, day="local_date")], "mixed")
    return lake


@pytest.fixture(scope="module", params=["rollups", "raw", "first look"])
def warehouse(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    duckdb_engine: DuckDBEngine,
) -> tuple[Warehouse, Dataset]:
    lake = written(tmp_path_factory.mktemp("mixed"), mixed())
    if request.param == "rollups":
        refresh(lake, [DATASET], duckdb_engine)
    many = 0 if request.param == "first look" else 10**9
    dataset = DATASET if request.param == "rollups" else RAW
    answering = Warehouse(
        lake, duckdb_engine, FrameCache(None), Catalog((dataset,)), many_rows=many
    )
    return answering, dataset


@pytest.fixture
def ask(warehouse: tuple[Warehouse, Dataset]) -> Ask:
    answering, dataset = warehouse

    def asked(*names: str, **options: Any) -> Result:  # noqa: ANN401
        metrics = tuple(dataset.metric(n) for n in names or ("hours_viewed", "click_rate"))
        query = Query(dataset=dataset, metrics=metrics, by=(COUNTRY,), period=HALF)
        return answering.ask(replace(query, **options), Access())

    return asked


WAYS = {
    "plain": {},
    "without intervals": {"interval": False},
    "compared": {"compare": Comparison("previous", HALF.shifted(-39))},
}


@pytest.mark.parametrize("names", [("hours_viewed", "click_rate"), ("accounts",), ("startup",)])
@pytest.mark.parametrize("way", WAYS)
def test_rows_of_nobody_hide_nobody(ask: Ask, way: str, names: tuple[str, ...]):
    frame = ask(*names, **WAYS[way]).frame
    rows = {row["country"]: row for row in frame.iter_rows(named=True)}
    assert rows[FEW][SMALL] == WITHHELD
    assert all(rows[FEW][name] is None for name in names)
    assert rows[NOBODYS][SMALL] is None
    assert all(rows[NOBODYS][name] is not None for name in names)


def test_what_nobody_did_adds_up_and_varies_like_the_rest(ask: Ask):
    answer = ask("hours_viewed", "click_rate", "accounts")
    raw = mixed().filter(pl.col("local_date").is_between(HALF.start, HALF.end))
    total = answer.total.row(0, named=True)
    assert total["hours_viewed"] == pytest.approx(raw["watched_s"].sum() / 3600)
    assert total["accounts"] == raw["account_id"].drop_nulls().n_unique()
    of_nobody = answer.frame.row(by_predicate=pl.col("country") == NOBODYS, named=True)
    clicks = raw.filter(pl.col("country") == NOBODYS)["clicked"]
    rate = clicks.mean()
    assert isinstance(rate, float)
    width = 2 * 1.96 * (rate * (1 - rate) / len(clicks)) ** 0.5
    found = of_nobody["click_rate__high"] - of_nobody["click_rate__low"]
    assert found == pytest.approx(width, rel=0.25)
    assert of_nobody["accounts"] == 0


def test_an_analysis_of_the_few_is_refused_and_one_of_nobody_is_not(ask: Ask):
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        ask(where=Filter(COUNTRY, "in", (FEW,)), keeps_small=True)
    assert ask(where=Filter(COUNTRY, "in", (NOBODYS,)), keeps_small=True).frame.height == 1


def test_their_part_in_a_change_is_merged_and_that_of_nobody_is_not(ask: Ask):
    compared: dict[str, Any] = {"compare": Comparison("previous", HALF.shifted(-39))}
    answers = ask("hours_viewed", **compared), ask("hours_viewed", by=(), **compared)
    found = decompose(DATASET.metric("hours_viewed"), *answers)
    parts = [part.value for part in found.parts]
    assert FEW not in parts
    assert NOBODYS in parts
    assert sum(p.contribution.value for p in found.parts) == pytest.approx(found.change.value)


def test_rows_of_the_few_are_not_listed(warehouse: tuple[Warehouse, Dataset]):
    answering, dataset = warehouse
    few, nobodys = (Filter(COUNTRY, "in", (name,)) for name in (FEW, NOBODYS))
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        answering.rows(Listing(dataset=dataset, where=few, period=PERIOD), Access())
    listed = answering.rows(Listing(dataset=dataset, where=nobodys, period=PERIOD), Access())
    assert listed.count > 0


def test_values_of_the_few_lie_in_no_bin(warehouse: tuple[Warehouse, Dataset]):
    answering, dataset = warehouse
    query = Query(dataset=dataset, metrics=(dataset.metric("startup"),), period=PERIOD)

    def told(name: str) -> Result:
        where = Filter(COUNTRY, "in", (name,))
        spread = Distribution(query=replace(query, where=where), over="rows")
        return answering.distribution(spread, Access())

    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        told(FEW)
    assert told(NOBODYS).frame["n"].sum() > 0


def test_a_log_that_names_nobody_withholds_nothing(tmp_path: Path, engine: Engine):
    rows = mixed().filter(pl.col("account_id").is_null())
    lake = written(tmp_path, rows.with_columns(pl.lit("US").alias("country")).vstack(rows[:3]))
    answering = Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))
    asked = Query(dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),), by=(COUNTRY,))
    frame = answering.ask(replace(asked, period=PERIOD), Access()).frame
    assert SMALL not in frame.columns
    assert frame["hours_viewed"].null_count() == 0
