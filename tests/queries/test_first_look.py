"""What few rows prove of a cell is what a count of all of them says."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Dimension, Filter
from queries.dataset import BUCKETS, ROWS, SMALL, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.errors import UnsafeQuestion
from queries.first_look import ENOUGH
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.period import Period
from queries.plan import plan
from queries.reduction import Engine, Part
from queries.small_cells import FEWEST_READ, WITHHELD, accounts
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, START, TITLE, Files, plays, titles
from tests.queries.strategies import questions
from tests.queries.test_engines_agree import agree

NEVER = 10**12
OF_NOBODY = 2
"""The world in which some rows name no account."""
HALF = Period(START, START + timedelta(50))
RAW = replace(DATASET, rollups=())
Ways = tuple[Warehouse, Warehouse]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: DuckDBEngine) -> list[Ways]:
    """Worlds with countries and titles of one to two thousand accounts, asked in both ways."""
    return [
        _world(tmp_path_factory.mktemp("world"), seed, engine)
        for seed, engine in enumerate((duckdb_engine, PolarsEngine(), duckdb_engine))
    ]


def _skewed(dice: np.random.Generator, values: int, size: int) -> np.ndarray:
    """Few have most: the n-th value as often as the first by n to the power of 2.2."""
    weights = np.arange(1, values + 1) ** -2.2
    return dice.choice(np.arange(1, values + 1), size, p=weights / weights.sum())


def _world(folder: Path, seed: int, engine: Engine, few: int = 0) -> Ways:
    dice = np.random.default_rng(seed)
    rows = plays(6_000, seed=seed, accounts=1_500)
    home, played = (_skewed(dice, n, size) for n, size in ((12, 1_501), (40, rows.height)))
    rows = rows.with_columns(
        pl.Series("country", [f"C{home[a]:02}" for a in rows["account_id"]]),
        pl.Series("title_id", played),
        pl.col("bucket").cast(pl.Int16),
    )
    if seed == OF_NOBODY:
        # Every tenth row names no account.
        is_named = pl.int_range(pl.len()) % 10 > 0
        rows = rows.with_columns(
            pl.when(is_named).then("account_id").alias("account_id"),
            pl.when(is_named).then("bucket").otherwise(pl.col("bucket") + BUCKETS).alias("bucket"),
        )
    if seed == 1:
        # Accounts as they come, a file for every tenth of them.
        rows = rows.sort("account_id")
    lake = Lake(folder / "lake")
    parts = [rows[n * 600 : (n + 1) * 600] for n in range(10)]
    lake.commit([Change(table="programmes", rows=titles())], "titles")
    for number, part in enumerate(parts):
        lake.commit([Change(table="plays", rows=part, day="local_date")], f"part {number}")
    return _ways(lake, engine, few)


def _ways(lake: Lake, engine: Engine, few: int = 0) -> Ways:
    """Asked with a first look at few rows, and without."""
    first, counted = (
        Warehouse(lake, engine, FrameCache(None), Catalog((RAW,)), many_rows=many)
        for many in (few, NEVER)
    )
    return first, counted


def same(ways: Ways, query: Query) -> pl.DataFrame:
    """The answer, which both ways give."""
    first, counted = (way.ask(query, Access()) for way in ways)
    for one, other in ((first.frame, counted.frame), (first.total, counted.total)):
        assert_frame_equal(one, other, rel_tol=1e-9, check_dtypes=False)
    assert first.notes == counted.notes
    return first.frame


@given(
    query=questions(),
    world=st.integers(0, 2),
    limit=st.sampled_from([3, 10, 10_000]),
    with_total=st.booleans(),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_asked_the_same_is_shown_withheld_and_marked(
    query: Query, world: int, limit: int, with_total: bool, worlds: list[Ways]
):
    # A pair of nobody and a day is one in each bucket: no metric of the catalog counts such pairs.
    assume(world != OF_NOBODY or RAW.metric("account_days") not in query.metrics)
    period = query.period or HALF
    asked = replace(
        query,
        dataset=RAW,
        period=period,
        limit=limit,
        with_total=with_total,
        interval=False,
    )
    same(worlds[world], asked)


@pytest.mark.parametrize("world", [0, 1, 2])
@pytest.mark.parametrize("by", [(COUNTRY,), (TITLE,)])
def test_cells_of_a_handful_are_among_them(
    worlds: list[Ways], world: int, by: tuple[Dimension, ...]
):
    query = Query(
        dataset=RAW,
        metrics=(RAW.metric("hours_viewed"),),
        by=by,
        period=HALF,
        interval=False,
    )
    marks = same(worlds[world], query)[SMALL].to_list()
    assert WITHHELD in marks
    assert None in marks


@pytest.fixture
def misleading(tmp_path: Path, duckdb_engine: DuckDBEngine) -> Ways:
    """On the last day A has fewer accounts than B, over all days more; Z is of four."""
    of = [
        (1, "A", 1, 220, 50),
        (1, "A", 221, 680, 10),
        (2, "B", 1_001, 260, 50),
        (3, "Z", 2_001, 4, 50),
    ]
    parts = [
        plays(count).with_columns(
            pl.lit(country).alias("country"),
            pl.lit(title, pl.Int64).alias("title_id"),
            pl.lit(START + timedelta(day)).alias("local_date"),
            pl.lit(1_000 // title).alias("watched_s"),
            pl.Series("account_id", range(first, first + count)),
            pl.Series("bucket", _buckets(first, count), pl.Int16),
        )
        for title, country, first, count, day in of
    ]
    lake = Lake(tmp_path / "lake")
    changes = [Change(table="programmes", rows=titles())]
    changes.append(Change(table="plays", rows=pl.concat(parts), day="local_date"))
    lake.commit(changes, "misleading")
    return _ways(lake, duckdb_engine)


def _buckets(first: int, count: int) -> list[int]:
    return [(account * 2_654_435_761 % 2**32) >> 24 for account in range(first, first + count)]


@pytest.mark.parametrize(("by", "limit"), [(COUNTRY, 10_000), (TITLE, 10_000), (TITLE, 1)])
def test_which_cell_is_withheld_beside_a_small_one_goes_by_all_rows(
    misleading: Ways, by: Dimension, limit: int
):
    query = Query(
        dataset=RAW,
        metrics=(RAW.metric("hours_viewed"),),
        by=(by,),
        period=HALF,
        limit=limit,
        interval=False,
    )
    shown = same(misleading, query).drop_nulls("hours_viewed")
    assert shown[by.name].to_list() == ["A" if by is COUNTRY else "Title 1"]


def test_an_analysis_is_refused_a_handful_and_told_the_rest_whatever_came_first(
    tmp_path: Path, duckdb_engine: DuckDBEngine
):
    ways = _world(tmp_path, 0, duckdb_engine, few=500)
    rows = (RAW.metric("rows"),)
    refused: set[bool] = set()
    for number in range(1, 13):
        where = Filter(COUNTRY, "in", (f"C{number:02}",))
        query = Query(
            dataset=RAW, metrics=rows, where=where, period=HALF, interval=False, keeps_small=True
        )
        try:
            ways[1].ask(query, Access())
        except UnsafeQuestion:
            refused.add(True)
            with pytest.raises(UnsafeQuestion):
                ways[0].ask(query, Access())
        else:
            refused.add(False)
            same(ways, query)
    assert refused == {True, False}


def test_enough_buckets_are_those_that_are_grey_no_longer():
    assert accounts(np.array([ENOUGH - 1.0]))[0] < FEWEST_READ <= accounts(np.array([ENOUGH]))[0]


@pytest.mark.parametrize("rows", [1, 700, 100_000])
def test_the_first_rows_are_the_same_to_both_engines(
    rows: int, duckdb_engine: DuckDBEngine, files: Files
):
    query = Query(dataset=RAW, metrics=(RAW.metric("rows"),), by=(COUNTRY,))
    first = replace(plan(query, Access(), files).groups, part=Part(rows))
    agree(first, duckdb_engine, files)
    assert duckdb_engine.reduce(first, files)[ROWS.key].sum() == min(2 * -(-rows // 2), 20_000)
