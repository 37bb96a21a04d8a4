"""Rollups of some rows, and rollups made of finer ones, hold what the rows would give."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Condition, Filter
from queries.dataset import Access, Dataset, Key, Metric, Rollup, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.estimation import Estimation
from queries.expression import canonical, conjuncts
from queries.formula import Aggregate
from queries.lake.lake import Change, Lake
from queries.model import Query, Result
from queries.period import Grain, Period
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, DAY, DEVICE, GENRE, TITLE, plays, titles

EARLY = '"local_hour" < 3 AND "device" <> \'web\''


def early(also: str = "") -> Aggregate:
    return Aggregate("sum", '"watched_s"', f"{EARLY} AND {also}" if also else EARLY)


def estimated(name: str, estimator: str, inner: tuple[str, ...], **amounts: Aggregate) -> Metric:
    keys = ("item",) if estimator == "gini" else ("stratum", "arm")
    formula = Estimation(estimator, tuple(amounts.items()), tuple(zip(keys, inner, strict=True)))
    return Metric(name=name, label=name, formula=formula, kind="model")


METRICS = (
    estimated("gini", "gini", ("title",), amount=early()),
    estimated(
        "regret", "exploration_regret", ("title", "device"), shown=early(), taken=early('"clicked"')
    ),
)
ROLLED: Dataset = replace(
    DATASET,
    metrics=(*DATASET.metrics, *METRICS),
    rollups=(
        Rollup("country", ("country",), metrics=("hours_viewed", "waited", "click_rate")),
        Rollup("country_device", ("country", "device")),
        Rollup("early", ("title", "device", "country"), metrics=("gini", "regret"), only=EARLY),
    ),
)
RAW = replace(ROLLED, rollups=())


def committed(lake: Lake, rows: pl.DataFrame) -> None:
    change = Change(table="plays", rows=rows.with_columns(pl.col("bucket").cast(pl.Int16)))
    lake.commit([replace(change, day="local_date")], "plays")


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: DuckDBEngine) -> Lake:
    """A lake with its rollups; on the first of March nothing was early."""
    lake = Lake(tmp_path_factory.mktemp("of_some"))
    is_kept = (pl.col("local_date") != date(2026, 3, 1)) | (pl.col("local_hour") >= 3)
    lake.commit([Change(table="programmes", rows=titles())], "titles")
    committed(lake, plays().filter(is_kept))
    refresh(lake, [ROLLED], duckdb_engine)
    return lake


def asked(engine: DuckDBEngine, lake: Lake, query: Query, dataset: Dataset = ROLLED) -> Result:
    warehouse = Warehouse(lake, engine, FrameCache(None), Catalog((dataset,)))
    return warehouse.ask(replace(query, dataset=dataset), Access())


def assert_same(ours: Result, theirs: Result) -> None:
    keys = [k.name for k in ours.query.by]
    for frame, other in ((ours.frame, theirs.frame), (ours.total, theirs.total)):
        known = [k for k in keys if k in frame.columns]
        one, two = (f.sort(known, nulls_last=True) if known else f for f in (frame, other))
        assert_frame_equal(one, two, rel_tol=1e-6, abs_tol=1e-6, check_dtypes=False)


conditions: st.SearchStrategy[Condition | None] = st.sampled_from(
    [
        None,
        Filter(COUNTRY, "in", ("DE",)),
        Filter(DEVICE, "not in", ("tv",)),
        Filter(COUNTRY, "missing"),
        Filter(DAY, "at least", (date(2026, 2, 20),)),
        Filter(GENRE, "in", ("drama",)),
    ]
)
keys = st.sampled_from([(), (COUNTRY,), (TimeBucket(DAY, Grain.DAY),), (DEVICE,), (GENRE,)])


@given(where=conditions, by=keys)
@settings(max_examples=25, deadline=None)
def test_a_rollup_of_some_rows_gives_an_estimator_what_all_rows_would(
    where: Condition | None, by: tuple[Key, ...], rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    keeps_arms = where is None or all(f.dimension is not DEVICE for f in where.filters())
    metrics = METRICS if keeps_arms and DEVICE not in by else METRICS[:1]
    period = Period(date(2026, 2, 15), date(2026, 3, 10))
    query = Query(dataset=ROLLED, metrics=metrics, by=by, where=where, period=period)
    ours = asked(duckdb_engine, rolled, query)
    assert_same(ours, asked(duckdb_engine, rolled, query, RAW))


def test_only_what_looks_at_no_other_rows_reads_a_rollup_of_some(
    rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    wider = estimated("wider", "gini", ("title",), amount=Aggregate("sum", '"watched_s"'))
    wide = replace(ROLLED, metrics=(*ROLLED.metrics, wider))
    by_genre = Query(dataset=wide, metrics=METRICS[:1], by=(GENRE,))
    tables = [
        asked(duckdb_engine, rolled, q, wide).table
        for q in (
            Query(dataset=wide, metrics=METRICS[:1]),
            Query(dataset=wide, metrics=(wider,)),
            Query(dataset=wide, metrics=(DATASET.metric("rows"),), by=(TITLE,)),
            by_genre,
        )
    ]
    assert tables == ["rollup_plays_early", "plays", "plays", "plays"]


def test_a_rollup_that_a_finer_one_covers_is_made_of_it_and_says_the_same(
    rolled: Lake, duckdb_engine: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    alone = replace(ROLLED, rollups=ROLLED.rollups[:1])
    other = Lake(tmp_path_factory.mktemp("alone"))
    files = rolled.snapshot().files("plays")
    other.commit([Change(table="programmes", rows=titles())], "titles")
    committed(other, pl.read_parquet(list(files)))
    refresh(other, [alone], duckdb_engine)
    of_rows, of_rollup = (
        pl.read_parquet(list(lake.snapshot().files("rollup_plays_country")))
        for lake in (other, rolled)
    )
    order = ["day", "bucket", "country"]
    assert_frame_equal(of_rows.sort(order), of_rollup.sort(order), check_column_order=False)


def test_late_days_reach_every_rollup_whatever_it_was_made_of(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    assert {b.days for b in refresh(lake, [ROLLED], duckdb_engine)} == {None}
    committed(lake, plays(600, seed=3).filter(pl.col("local_date") == date(2026, 2, 3)))
    assert {b.days for b in refresh(lake, [ROLLED], duckdb_engine)} == {1}
    for metrics, by in ((METRICS, ()), ((DATASET.metric("waited"),), (COUNTRY,))):
        query = Query(dataset=ROLLED, metrics=metrics, by=by)
        found = asked(duckdb_engine, lake, query)
        assert found.source == "rollup"
        assert_same(found, asked(duckdb_engine, lake, query, RAW))


def test_another_condition_makes_a_rollup_of_some_rows_stale(
    rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    rollups = (*ROLLED.rollups[:2], replace(ROLLED.rollups[2], only='"local_hour" < 3'))
    changed = replace(ROLLED, rollups=rollups)
    query = Query(dataset=changed, metrics=METRICS[:1])
    assert asked(duckdb_engine, rolled, query, changed).source == "raw"


def test_conditions_that_must_all_hold_are_told_apart() -> None:
    found = conjuncts(canonical("a and (b or c) and not d is null"))
    assert found == {'"a"', '"b" OR "c"', 'NOT "d" IS NULL'}
    assert conjuncts(canonical("a or b")) == {'"a" OR "b"'}
