"""Accounts counted off the bits of an activity are those of the raw table, whatever changed."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries import activity
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Both, Condition, Either, Filter
from queries.dataset import Access, Dataset, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query, Result
from queries.period import Grain, Period, previous
from queries.reduction import Engine
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.queries.same_answers import assert_same
from tests.queries.small_lake import COUNTRY, DATASET, DAY, DAYS, DEVICE, START, plays, titles

RAW: Dataset = replace(DATASET, rollups=(), activities=())
TABLE = "rollup_plays_activity"
SPAN = Period(START + timedelta(20), START + timedelta(60))
COUNTS = tuple(DATASET.metric(name) for name in ("accounts", "starters", "hours_per_account"))
DAYS_TOO = tuple(DATASET.metric(name) for name in ("days_of_accounts", "days_with_plays"))


def rows(count: int = 20_000, seed: int = 7) -> pl.DataFrame:
    """Plays, some of them of nobody and some of an account that is in no other row."""
    drawn = plays(count, seed).with_columns(pl.col("bucket").cast(pl.Int16))
    nobody = pl.col("play_id") % 50 == 0
    return drawn.with_columns(pl.when(~nobody).then("account_id").alias("account_id"))


def loaded(lake: Lake, engine: DuckDBEngine, frame: pl.DataFrame) -> Lake:
    lake.commit(
        [
            Change(table="plays", rows=frame, day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "small",
    )
    refresh(lake, [DATASET], engine)
    return lake


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: DuckDBEngine) -> Lake:
    """A lake with its activity, built once."""
    return loaded(Lake(tmp_path_factory.mktemp("folded")), duckdb_engine, rows())


def answer(engine: Engine, lake: Lake, query: Query) -> Result:
    return Warehouse(lake, engine, FrameCache(None), Catalog((query.dataset,))).ask(query, Access())


kept = st.sampled_from(
    [
        Filter(COUNTRY, "in", ("US",)),
        Filter(COUNTRY, "in", ("US", "KR")),
        Filter(COUNTRY, "missing"),
        Filter(DEVICE, "in", ("tv",)),
        Filter(DEVICE, "not in", ("tv", "web")),
        Filter(DEVICE, "contains", ("e",)),
    ]
)
conditions: st.SearchStrategy[Condition] = kept | st.lists(kept, min_size=2, max_size=2).flatmap(
    lambda parts: st.sampled_from([Both(tuple(parts)), Either(tuple(parts))])
)
periods = st.tuples(st.integers(-3, DAYS + 2), st.integers(1, 70)).map(
    lambda pair: Period(START + timedelta(pair[0]), START + timedelta(pair[0] + pair[1] - 1))
)
keys = st.lists(
    st.sampled_from([*(TimeBucket(DAY, grain) for grain in Grain), COUNTRY, DEVICE]),
    unique_by=lambda key: key.name,
    max_size=2,
).map(tuple)


@st.composite
def questions(draw: st.DrawFn) -> Query:
    """What an activity can tell, beside what only a rollup can."""
    period = draw(periods)
    compared = Comparison("previous", previous(period)) if draw(st.booleans()) else None
    return Query(
        dataset=DATASET,
        metrics=(
            *draw(st.lists(st.sampled_from(COUNTS), min_size=1, unique=True)),
            *draw(st.lists(st.sampled_from(DAYS_TOO), unique=True)),
        ),
        by=draw(keys),
        where=draw(st.none() | conditions),
        period=period,
        compare=compared,
        interval=draw(st.booleans()),
    )


@given(query=questions())
@settings(max_examples=40, deadline=None)
def test_accounts_of_an_activity_are_those_of_the_raw_table_in_both_engines(
    query: Query, folded: Lake, duckdb_engine: DuckDBEngine
) -> None:
    theirs = answer(duckdb_engine, folded, replace(query, dataset=RAW))
    for engine in (duckdb_engine, PolarsEngine()):
        ours = answer(engine, folded, query)
        assert ours.source == "rollup"
        assert TABLE in ours.sql
        assert_same(ours, theirs)


def test_days_of_accounts_are_counted_off_bits_where_no_account_has_two_rows(
    folded: Lake, duckdb_engine: DuckDBEngine
) -> None:
    for where, by, is_off_bits in (
        (None, (), True),
        (Filter(DEVICE, "in", ("tv",)), (COUNTRY,), True),
        (Filter(DEVICE, "in", ("tv", "web")), (DEVICE,), True),
        (Filter(DEVICE, "in", ("tv", "web")), (COUNTRY,), False),
    ):
        query = replace(asked(where=where, by=by), metrics=DAYS_TOO)
        ours = answer(duckdb_engine, folded, query)
        assert ours.source == "rollup"
        assert (TABLE in ours.sql) == is_off_bits
        assert_same(ours, answer(duckdb_engine, folded, replace(query, dataset=RAW)))


def test_a_day_of_nobody_is_no_bit(folded: Lake, duckdb_engine: DuckDBEngine) -> None:
    query = replace(asked(), metrics=(DATASET.metric("account_days"),))
    ours = answer(duckdb_engine, folded, query)
    assert TABLE not in ours.sql
    assert_same(ours, answer(duckdb_engine, folded, replace(query, dataset=RAW)))


def asked(**what: object) -> Query:
    return Query(dataset=DATASET, metrics=COUNTS, **{"period": SPAN, **what})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "query",
    [
        asked(period=None),
        asked(where=Filter(DAY, "at least", (START + timedelta(9),))),
        asked(by=(DATASET.dimension("genre"),)),
        asked(
            by=(TimeBucket(DAY, Grain.DAY),),
            period=Period(date(2020, 1, 1), START + timedelta(DAYS)),
        ),
    ],
    ids=["no period", "days by a filter", "another dimension", "too many days"],
)
def test_an_activity_leaves_alone_what_it_does_not_know(
    query: Query, folded: Lake, duckdb_engine: DuckDBEngine
) -> None:
    ours = answer(duckdb_engine, folded, query)
    assert TABLE not in ours.sql
    assert_same(ours, answer(duckdb_engine, folded, replace(query, dataset=RAW)))


@pytest.mark.parametrize("days", [activity.MOST_SPANS, activity.MOST_SPANS + 1])
def test_a_long_period_to_compare_with_by_day_is_that_of_the_raw_table(
    days: int, folded: Lake, duckdb_engine: DuckDBEngine
) -> None:
    ended = START + timedelta(25)
    long = Period(ended - timedelta(days - 1), ended)
    query = asked(by=(COUNTRY, TimeBucket(DAY, Grain.DAY)), compare=Comparison("custom", long))
    ours = answer(duckdb_engine, folded, query)
    assert (TABLE in ours.sql) == (days <= activity.MOST_SPANS)
    assert_same(ours, answer(duckdb_engine, folded, replace(query, dataset=RAW)))


def test_days_that_are_loaded_again_lose_the_bits_of_what_is_gone(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    first = rows()
    lake = loaded(Lake(tmp_path), duckdb_engine, first)
    days = [START + timedelta(30), START + timedelta(31)]
    corrected = first.filter(pl.col("local_date").is_in(days) & (pl.col("account_id") % 2 == 0))
    late = rows(400, seed=3).with_columns(pl.lit(date(2019, 5, 5)).alias("local_date"))
    lake.commit(
        [
            Change(
                table="plays",
                rows=pl.concat([corrected, late]),
                without=pl.DataFrame({"local_date": days}),
                day="local_date",
            )
        ],
        "corrected",
    )
    query = asked(period=Period(days[0], days[1]), by=(DEVICE,))
    stale = answer(duckdb_engine, lake, query)
    assert (stale.source, TABLE in stale.sql) == ("raw", False)
    built = {b.table: b.days for b in refresh(lake, [DATASET], duckdb_engine)}
    assert built["rollup_plays_accounts"] is not None, "only some days of it were built"
    assert built[TABLE] is None
    for question in (query, asked(period=Period(date(2019, 5, 1), START + timedelta(DAYS)))):
        ours = answer(duckdb_engine, lake, question)
        assert TABLE in ours.sql
        assert_same(ours, answer(duckdb_engine, lake, replace(question, dataset=RAW)))
    assert refresh(lake, [DATASET], duckdb_engine) == ()


def test_an_activity_is_folded_from_a_rollup_that_is_there_already(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    lake = loaded(Lake(tmp_path), duckdb_engine, rows())
    wider = replace(DATASET.activities[0], dimensions=("device",))
    changed = replace(DATASET, activities=(wider,))
    query = replace(asked(by=(DEVICE,)), dataset=changed)
    assert TABLE not in answer(duckdb_engine, lake, query).sql
    assert [b.table for b in refresh(lake, [changed], duckdb_engine)] == [TABLE]
    ours = answer(duckdb_engine, lake, query)
    assert TABLE in ours.sql
    assert_same(ours, answer(duckdb_engine, lake, replace(query, dataset=RAW)))


def test_the_bits_of_a_span_are_those_of_its_days() -> None:
    block = activity.block_of(START)
    first = date.fromordinal(block * activity.BLOCK + 1)
    for start in range(-5, activity.BLOCK + 5, 4):
        for days in (1, 2, 40, activity.BLOCK, 2 * activity.BLOCK):
            span = Period(first + timedelta(start), first + timedelta(start + days - 1))
            inside = [d for d in range(activity.BLOCK) if start <= d < start + days]
            assert activity.mask(span, block) == sum(1 << d for d in inside)
            assert activity.mask(span, block) < 2**63
