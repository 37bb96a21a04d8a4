"""Rollups answer what the raw table answers, stay current by day, and are never read when stale."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Filter
from queries.dataset import Access, Dataset, Key, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query
from queries.period import Grain, Period, previous
from queries.plan import plan
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.queries.same_answers import assert_same
from tests.queries.small_lake import COUNTRY, DATASET, DAY, DEVICE, START, plays, titles
from tests.queries.strategies import questions

RAW: Dataset = replace(DATASET, rollups=(), activities=())
ALONE: Dataset = replace(DATASET, activities=())


def asked(engine: DuckDBEngine, lake: Lake, dataset: Dataset) -> Warehouse:
    return Warehouse(lake, engine, FrameCache(None), Catalog((dataset,)))


def rows(count: int = 20_000, seed: int = 7) -> pl.DataFrame:
    return plays(count, seed).with_columns(pl.col("bucket").cast(pl.Int16))


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: DuckDBEngine) -> Lake:
    """A lake with its rollups, built once."""
    lake = Lake(tmp_path_factory.mktemp("rolled"))
    lake.commit(
        [
            Change(table="plays", rows=rows(), day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "small",
    )
    refresh(lake, [DATASET], duckdb_engine)
    return lake


@given(query=questions())
@settings(max_examples=60, deadline=None)
def test_a_rollup_answers_what_the_raw_table_answers(
    query: Query, rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    from_rollup = asked(duckdb_engine, rolled, DATASET).ask(query, Access())
    from_raw = asked(duckdb_engine, rolled, RAW).ask(replace(query, dataset=RAW), Access())
    assert_same(from_rollup, from_raw)


def test_the_smallest_rollup_that_covers_is_read(rolled: Lake, duckdb_engine: DuckDBEngine) -> None:
    warehouse = asked(duckdb_engine, rolled, ALONE)
    tables = {
        name: warehouse.ask(
            Query(dataset=ALONE, metrics=(ALONE.metric(name),), by=(COUNTRY,)), Access()
        ).table
        for name in ("hours_viewed", "accounts", "starters", "titles_played", "startup")
    }
    assert tables == {
        "hours_viewed": "rollup_plays_country_device",
        "accounts": "rollup_plays_accounts",
        "starters": "rollup_plays_accounts",
        "titles_played": "plays",
        "startup": "plays",
    }


@pytest.mark.parametrize("interval", [True, False])
@pytest.mark.parametrize("name", ["startup", "titles_played"])
def test_what_is_by_bucket_is_read_off_a_rollup_beside_what_no_rollup_has(
    name: str, interval: bool, rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    query = Query(
        dataset=DATASET,
        metrics=(DATASET.metric(name), DATASET.metric("hours_viewed")),
        by=(COUNTRY, TimeBucket(DAY, Grain.WEEK)),
        where=Filter(DEVICE, "in", ("tv", "web")),
        period=Period(START, START + timedelta(40)),
        interval=interval,
    )
    adding = plan(query, Access(), rolled.snapshot()).adding
    assert adding is not None
    assert adding.rollup.name == "country_device"
    # Few of many rows are enough for a first look, where nothing else says of how many they are.
    ours = Warehouse(
        rolled, duckdb_engine, FrameCache(None), Catalog((DATASET,)), many_rows=1_000
    ).ask(query, Access())
    assert "rollup_plays_country_device" in ours.sql
    raw = asked(duckdb_engine, rolled, RAW)
    assert_same(ours, raw.ask(replace(query, dataset=RAW), Access()))


@pytest.mark.parametrize("by", [(COUNTRY,), (TimeBucket(DAY, Grain.WEEK),), (COUNTRY, DEVICE)])
def test_a_quantile_of_all_groups_together_is_that_of_the_question_without_groups(
    by: tuple[Key, ...], rolled: Lake, duckdb_engine: DuckDBEngine
) -> None:
    period = Period(START + timedelta(45), START + timedelta(58))
    whole = Query(
        dataset=DATASET,
        metrics=(DATASET.metric("startup"),),
        period=period,
        compare=Comparison("previous", previous(period)),
    )
    split = asked(duckdb_engine, rolled, DATASET).ask(replace(whole, by=by), Access()).total
    alone = asked(duckdb_engine, rolled, DATASET).ask(whole, Access()).frame
    told = [c for c in split.columns if c.startswith("startup")]
    assert {"startup", "startup__low", "startup__delta_low"} <= set(told)
    assert_frame_equal(split[told], alone[told], rel_tol=1e-9)


def test_rollups_are_rebuilt_for_the_days_that_changed_only(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    assert [b.days for b in refresh(lake, [ALONE], duckdb_engine)] == [None, None, None]
    assert refresh(lake, [ALONE], duckdb_engine) == ()
    late = rows(500, seed=3).filter(pl.col("local_date") == date(2026, 2, 3))
    lake.commit([Change(table="plays", rows=late, day="local_date")], "late")
    assert {b.days for b in refresh(lake, [ALONE], duckdb_engine)} == {1}
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    answer = asked(duckdb_engine, lake, DATASET).ask(query, Access())
    assert answer.source == "rollup"
    assert answer.frame["rows"].item() == 20_000 + late.height


def test_a_load_that_changes_no_day_leaves_rollups_current(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    refresh(lake, [ALONE], duckdb_engine)
    nothing = pl.DataFrame({"local_date": [date(1999, 1, 1)]})
    lake.commit([Change(table="plays", without=nothing, day="local_date")], "a day without plays")
    assert {b.days for b in refresh(lake, [ALONE], duckdb_engine)} == {0}
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    answer = asked(duckdb_engine, lake, DATASET).ask(query, Access())
    assert answer.source == "rollup"
    assert answer.frame["rows"].item() == 20_000


def test_a_stale_rollup_is_not_read(lake: Lake, duckdb_engine: DuckDBEngine) -> None:
    refresh(lake, [ALONE], duckdb_engine)
    lake.commit([Change(table="plays", rows=rows(10, seed=4), day="local_date")], "more")
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    answer = asked(duckdb_engine, lake, DATASET).ask(query, Access())
    assert (answer.source, answer.frame["rows"].item()) == ("raw", 20_010)


def test_a_changed_formula_makes_the_rollup_stale(lake: Lake, duckdb_engine: DuckDBEngine) -> None:
    refresh(lake, [ALONE], duckdb_engine)
    renamed = replace(ALONE, base="\"device\" <> 'tv'")
    query = Query(dataset=renamed, metrics=(renamed.metric("rows"),))
    assert asked(duckdb_engine, lake, renamed).ask(query, Access()).source == "raw"
    assert [b.days for b in refresh(lake, [renamed], duckdb_engine)] == [None, None, None]
    assert asked(duckdb_engine, lake, renamed).ask(query, Access()).source == "rollup"


def test_a_rollup_answers_for_some_days_whatever_the_day_is_called(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    dated = replace(DATASET, time=replace(DAY, name="date"))
    refresh(lake, [dated], duckdb_engine)
    kept = Filter(dated.time, "at least", (date(2026, 2, 1),))
    query = Query(dataset=dated, metrics=(dated.metric("rows"),), where=kept)
    answer = asked(duckdb_engine, lake, dated).ask(query, Access())
    assert answer.source == "rollup"
    assert (
        answer.frame["rows"].item()
        == rows().filter(pl.col("local_date") >= date(2026, 2, 1)).height
    )


def test_more_late_days_than_a_condition_may_name_rebuild_the_rollup(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    refresh(lake, [ALONE], duckdb_engine)
    late = rows(1_200, seed=3).with_columns(
        pl.date_range(date(2020, 1, 1), date(2023, 4, 14), eager=True).alias("local_date")
    )
    lake.commit([Change(table="plays", rows=late, day="local_date")], "late")
    assert {b.days for b in refresh(lake, [ALONE], duckdb_engine)} == {None}
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    answer = asked(duckdb_engine, lake, DATASET).ask(query, Access())
    assert (answer.source, answer.frame["rows"].item()) == ("rollup", 21_200)
