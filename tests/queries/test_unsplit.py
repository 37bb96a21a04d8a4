"""Groups of titles off a rollup without buckets are those of the raw table, whatever is asked."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Both, Condition, Dimension, Filter
from queries.dataset import BUCKETS, SMALL, Access, Dataset, Rollup, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query, Result
from queries.period import Grain, Period, previous
from queries.plan import INHABITED, by_bucket, only, plan
from queries.reduction import Engine, Part, Reduction
from queries.rollups import refresh
from queries.small_cells import WITHHELD
from queries.unsplit import unsplit
from queries.warehouse import Warehouse
from tests.queries.same_answers import assert_same
from tests.queries.small_lake import (
    COUNTRY,
    DATASET,
    DAY,
    DAYS,
    DEVICE,
    GENRE,
    START,
    TITLE,
    WEEKDAY,
    plays,
    titles,
)

TITLE_ID = Dimension("title_id", "Title id", '"title_id"', "number", is_wide=True)
KEPT = ("hours_viewed", "views", "waited", "waited_on_the_go", "click_rate", "tv_share")
TITLES = Rollup("titles", ("title_id",), metrics=KEPT, by_bucket=False)
TABLE = "rollup_plays_titles"
RAW: Dataset = replace(
    DATASET, dimensions=(*DATASET.dimensions, TITLE_ID), rollups=(), activities=()
)
ROLLED: Dataset = replace(RAW, rollups=(TITLES,))
METRICS = tuple(ROLLED.metric(name) for name in KEPT)
SPAN = Period(START + timedelta(20), START + timedelta(60))


def skewed() -> pl.DataFrame:
    """Plays of few titles and of many that a handful plays; every tenth row names no account."""
    rows = plays(6_000, accounts=1_500)
    weights = np.arange(1, 41) ** -2.2
    played = np.random.default_rng(3).choice(np.arange(1, 41), 6_000, p=weights / weights.sum())
    is_named = pl.col("play_id") % 10 > 0
    return rows.with_columns(
        pl.Series("title_id", played),
        pl.when(is_named).then("account_id").alias("account_id"),
        pl.when(is_named)
        .then("bucket")
        .otherwise(pl.col("bucket") + BUCKETS)
        .cast(pl.Int16)
        .alias("bucket"),
    )


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: DuckDBEngine) -> Lake:
    """A lake with that rollup alone."""
    lake = Lake(tmp_path_factory.mktemp("titles"))
    lake.commit([Change(table="programmes", rows=titles())], "titles")
    lake.commit([Change(table="plays", rows=skewed(), day="local_date")], "plays")
    refresh(lake, [ROLLED], duckdb_engine)
    return lake


def asked(engine: Engine, lake: Lake, query: Query, access: Access | None = None) -> Result:
    catalog = Catalog((query.dataset,))
    warehouse = Warehouse(lake, engine, FrameCache(None), catalog, many_rows=0)
    return warehouse.ask(query, access or Access())


def reduced(lake: Lake, by: tuple[Dimension, ...], **told: object) -> Reduction:
    query = Query(dataset=RAW, metrics=METRICS, by=by, period=SPAN)
    planned = plan(query, Access(), lake.snapshot()).groups
    return replace(planned, **told)  # pyright: ignore[reportArgumentType]  # fields of it


conditions: st.SearchStrategy[Condition] = st.sampled_from(
    [
        Filter(GENRE, "in", ("drama",)),
        Filter(GENRE, "missing"),
        Filter(TITLE, "contains", ("title 1",)),
        Filter(TITLE_ID, "at most", (12,)),
        Filter(WEEKDAY, "in", (6, 7)),
        Filter(DAY, "at least", (START + timedelta(30),)),
        Both((Filter(GENRE, "not in", ("drama",)), Filter(TITLE_ID, "above", (20,)))),
        Filter(COUNTRY, "in", ("US",)),
    ]
)
periods = st.tuples(st.integers(-3, DAYS + 2), st.integers(1, 60)).map(
    lambda pair: Period(START + timedelta(pair[0]), START + timedelta(pair[0] + pair[1] - 1))
)
keys = st.lists(
    st.sampled_from([TITLE, TITLE_ID, GENRE, WEEKDAY, TimeBucket(DAY, Grain.WEEK), DEVICE]),
    unique_by=lambda key: key.name,
    max_size=2,
).map(tuple)
rules = st.sampled_from(
    [Access(), Access(rows=(("genre", ("drama", "comedy")),)), Access(rows=(("device", ("tv",)),))]
)


@st.composite
def questions(draw: st.DrawFn) -> Query:
    """What such a rollup can tell, and what it cannot."""
    period = draw(st.none() | periods)
    compared = period is not None and draw(st.booleans())
    asked = st.lists(st.sampled_from(METRICS), min_size=1, max_size=3, unique=True)
    return Query(
        dataset=ROLLED,
        metrics=tuple(draw(asked)),
        by=draw(keys),
        where=draw(st.none() | conditions),
        period=period,
        compare=Comparison("previous", previous(period)) if period and compared else None,
        interval=draw(st.booleans()),
        limit=draw(st.sampled_from([3, 10, 10_000])),
    )


@given(query=questions(), access=rules)
@settings(max_examples=50, deadline=None)
def test_groups_off_a_rollup_without_buckets_are_those_of_the_raw_table(
    query: Query, access: Access, rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    theirs = asked(duckdb_engine, rolled, replace(query, dataset=RAW), access)
    for engine in (duckdb_engine, PolarsEngine()):
        ours = asked(engine, rolled, query, access)
        assert_same(ours, theirs)
        assert ours.notes == theirs.notes


@pytest.mark.parametrize("by", [(), (TITLE,), (TITLE_ID, GENRE)])
def test_of_how_many_accounts_a_group_is_is_read_off_the_bits(
    by: tuple[Dimension, ...], rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    whole = reduced(rolled, by, aggregates=(*reduced(rolled, by).aggregates, INHABITED))
    for engine in (duckdb_engine, PolarsEngine()):
        read = unsplit(whole, ROLLED, rolled.snapshot())
        assert read.source.table == TABLE
        found, rows = (engine.reduce(r, rolled.snapshot()) for r in (read, whole))
        names = [key.name for key in by]
        one, other = (f.sort(names) if names else f for f in (found, rows))
        assert_frame_equal(one, other, check_dtypes=False, rel_tol=1e-9)


def test_titles_of_a_handful_are_withheld_alike(rolled: Lake, duckdb_engine: DuckDBEngine) -> None:
    query = Query(dataset=ROLLED, metrics=METRICS[:1], by=(TITLE,), period=SPAN, interval=False)
    ours = asked(duckdb_engine, rolled, query)
    assert (TABLE in ours.sql, ours.source) == (True, "rollup")
    assert WITHHELD in ours.frame[SMALL].to_list()
    assert_same(ours, asked(duckdb_engine, rolled, replace(query, dataset=RAW)))


def test_what_it_does_not_know_is_asked_of_the_raw_table(rolled: Lake) -> None:
    whole = reduced(rolled, (TITLE,))
    accounts = ROLLED.metric("accounts").formula.aggregates()
    others = (
        by_bucket(whole),
        replace(whole, part=Part(100)),
        replace(whole, base="\"device\" = 'tv'"),
        only(whole, Filter(DEVICE, "in", ("tv",))),
        replace(whole, aggregates=tuple(accounts)),
        reduced(rolled, (TITLE, DEVICE)),
    )
    tables = rolled.snapshot()
    assert unsplit(whole, ROLLED, tables).source.table == TABLE
    assert all(unsplit(other, ROLLED, tables) is other for other in others)


def test_late_days_reach_it_and_a_stale_one_is_not_read(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    late = skewed().filter(pl.col("local_date") == date(2026, 2, 3))
    lake.commit([Change(table="programmes", rows=titles())], "titles")
    lake.commit([Change(table="plays", rows=skewed(), day="local_date")], "plays")
    assert [b.days for b in refresh(lake, [ROLLED], duckdb_engine)] == [None]
    lake.commit([Change(table="plays", rows=late, day="local_date")], "late")
    query = Query(dataset=ROLLED, metrics=METRICS, by=(TITLE_ID,), interval=False)
    stale = asked(duckdb_engine, lake, query)
    assert (TABLE in stale.sql, stale.source) == (False, "raw")
    assert [b.days for b in refresh(lake, [ROLLED], duckdb_engine)] == [1]
    ours = asked(duckdb_engine, lake, query)
    assert TABLE in ours.sql
    assert_same(ours, stale)
