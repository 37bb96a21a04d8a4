"""Shares of rows: intervals inside 0 to 1 that hold where groups are small and rates extreme."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.cache import FrameCache
from queries.catalog import Catalog, builtin
from queries.catalog.part import is_part_of_whole
from queries.condition import Dimension, Filter
from queries.dataset import Access
from queries.formula import Aggregate, Arithmetic, parse
from queries.interval import (
    Clusters,
    effective_trials,
    margin,
    proportion_bounds,
    replicates,
    wilson,
)
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query
from queries.period import Period
from queries.reduction import Engine
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, METRICS, START, metric, plays, titles

SHARES = [
    "count(*) filter (where a) / count(*)",
    "count(*) filter (where a and b = 1) / count(*) filter (where b = 1)",
    "count(*) filter (where a) / count(*) filter (where a is not null)",
    "count(*) filter (where not a) / count(*) filter (where a is not null)",
    "count(*) filter (where x < 120 and b = 1) / count(*) filter (where b = 1 and x is not null)",
    "count(*) filter (where kind = 'u') / count(*) filter (where kind in ('u', 'v'))",
    "count(*) filter (where kind in ('u')) / count(*) filter (where kind in ('u', 'v'))",
    "count(*) filter (where x = 0) / count(x)",
    "count(x) / count(*)",
    "sum(w) filter (where a) / sum(w)",
    "count(*) filter (where coalesce(x, y)=5) / count(*) filter (where coalesce(x, y) is not null)",
    "count(*) filter (where x + y < 5) / count(*) filter (where x is not null and y is not null)",
]
NOT_SHARES = [
    "count(*) / count(*) filter (where a)",
    "count(*) filter (where a) / count(*) filter (where b = 1)",
    "count(*) filter (where a or b = 1) / count(*) filter (where a)",
    "count(*) filter (where coalesce(a, b) = 1) / count(*) filter (where a is not null)",
    "count(*) filter (where a is null) / count(*) filter (where a is not null)",
    "count(*) filter (where kind = 'w') / count(*) filter (where kind in ('u', 'v'))",
    "count(*) filter (where greatest(x, y) > 1) / count(*) filter (where x is not null)",
    "sum(v) / sum(w)",
    "sum(w) filter (where a) / count(*)",
    "count(distinct u) / count(*)",
    "1 - count(*) filter (where a) / count(*)",
    "100.0 * count(*) filter (where a) / count(*)",
    "count(*) filter (where x is not true) / count(*) filter (where x is not null)",
    "count(*) filter (where not (a and b = 1)) / count(*) filter (where a is not null)",
    "count(*) filter (where x in (1, y)) / count(*) filter (where y is not null)",
    "count(*) filter (where x not in (1, y)) / count(y)",
    "count(*) filter (where x not between y and z) / count(*) filter (where y is not null)",
]


@pytest.mark.parametrize("formula", SHARES)
def test_a_part_over_its_whole_is_a_share(formula: str):
    assert is_part_of_whole(parse(formula))


@pytest.mark.parametrize("formula", NOT_SHARES)
def test_what_may_leave_its_whole_is_none(formula: str):
    assert not is_part_of_whole(parse(formula))


def test_every_share_of_the_catalogue_is_held_between_0_and_1():
    shares = [m for d in builtin().datasets for m in d.metrics if m.interval == "proportion"]
    assert len(shares) > 30
    held = {'"value" BETWEEN 0 AND 1', '"value" >= 0'}
    assert {str(test) for m in shares for test in m.tests} == held


clusters = st.tuples(
    st.integers(1, 10**6), st.integers(1, 1500), st.integers(2, 256), st.integers(0, 256)
).map(lambda drawn: Clusters(*(np.array([float(x)]) for x in drawn)))


@given(st.floats(0, 1), st.floats(0, 0.4), clusters)
def test_the_interval_of_a_share_lies_between_0_and_1_around_it(
    share: float, half: float, of: Clusters
):
    found = proportion_bounds(np.array([share]), np.array([half]), of)
    assert -1e-12 <= found.low[0] <= share + 1e-9
    assert share - 1e-9 <= found.high[0] <= 1 + 1e-12
    assert found.low[0] < found.high[0]


def test_independent_rows_are_as_many_trials_as_there_are():
    """The binomial's own half-width gives Wilson's interval of all rows, as it should."""
    share, rows = np.array([0.3]), np.array([400.0])
    half = 1.959963984540054 * np.sqrt(share * (1 - share) / rows)
    of = Clusters(trials=rows, units=rows, inhabited=np.array([256]), telling=np.array([120]))
    assert effective_trials(share, half, of)[0] == pytest.approx(400)
    # Wilson 1927 by Newcombe 1998, Statistics in Medicine 17, 857-872, table I: 81 of 263.
    published = wilson(np.array([81.0]), np.array([263.0]))
    assert (published.low[0], published.high[0]) == (
        pytest.approx(0.2553, abs=5e-5),
        pytest.approx(0.3662, abs=5e-5),
    )


def worlds(
    accounts: int, mean: float, rows: int, alike: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Clicks and rows of an account a bucket: `worlds x accounts`.

    Rates differ by account as a beta distribution of `alike` pseudo-observations.
    """
    rng = np.random.default_rng(20_261_126)
    for _ in range(10):
        shape = (400, accounts)
        rate = rng.beta(alike * mean, alike * (1 - mean), shape)
        seen = 1 + rng.poisson(rows - 1, shape)
        yield rng.binomial(seen, rate).astype(float), seen.astype(float)


def of_clusters(clicks: np.ndarray, seen: np.ndarray) -> Clusters:
    rarer = np.where(2 * clicks.sum(axis=1) > seen.sum(axis=1), (seen - clicks).T, clicks.T).T
    units = np.full(len(seen), float(seen.shape[1]))
    return Clusters(
        trials=seen.sum(axis=1), units=units, inhabited=units, telling=(rarer > 0).sum(axis=1)
    )


def half_width(clicks: np.ndarray, seen: np.ndarray) -> np.ndarray:
    formula = parse("sum(c) / sum(n)")
    assert isinstance(formula, Arithmetic)
    above, below = (a.key for a in formula.operands if isinstance(a, Aggregate))
    spread = replicates(formula, {above: clicks, below: seen}, np.ones(seen.shape[1]))
    return margin(spread, np.full(len(seen), seen.shape[1]))


@pytest.mark.parametrize(
    ("accounts", "mean", "rows", "alike"),
    [
        (20, 0.1, 6, 4),
        (40, 0.03, 6, 4),
        (150, 0.02, 6, 4),
        (60, 0.5, 6, 4),
        # Few of many rows, and those of few accounts: one account makes or breaks the rate.
        (150, 0.002, 40, 4),
        (256, 0.001, 40, 1),
        (30, 0.01, 100, 1),
        (150, 0.002, 40, 1_000),
    ],
)
def test_it_holds_the_truth_where_the_symmetric_one_does_not(
    accounts: int, mean: float, rows: int, alike: float
):
    held, plain = [], []
    for clicks, seen in worlds(accounts, mean, rows, alike):
        share = clicks.sum(axis=1) / seen.sum(axis=1)
        half = half_width(clicks, seen)
        found = proportion_bounds(share, half, of_clusters(clicks, seen))
        held.append((found.low <= mean) & (mean <= found.high))
        plain.append((share - half <= mean) & (mean <= share + half))
    assert 0.94 <= np.mean(held) <= 0.99
    assert np.mean(held) > np.mean(plain)


def test_the_first_success_narrows_nothing_and_many_do():
    accounts = 150
    seen = np.full((4, accounts), 40.0)
    clicks = np.zeros((4, accounts))
    for row, successes in enumerate((0, 1, 3, 60)):
        clicks[row, :successes] = 1
    share = clicks.sum(axis=1) / seen.sum(axis=1)
    trials = effective_trials(share, half_width(clicks, seen), of_clusters(clicks, seen))
    assert trials[0] == trials[1] == accounts
    assert trials[1] < trials[2] < trials[3] <= accounts * 40


CLICKED = "sum(weight) filter (where clicked and watched_s >= 600)"
WEIGHED = f"{CLICKED} / sum(weight) filter (where watched_s >= 600)"
HALF = Period(START.replace(month=2, day=10), START.replace(month=3, day=20))


def ask(warehouse: Warehouse, formula: str, where: Filter | None = None) -> dict[str, Any]:
    """The row of the country where nobody clicks."""
    asked = metric("rate", formula, kind="ratio", interval="proportion")
    dataset = replace(DATASET, metrics=(asked,), rollups=(), activities=())
    query = Query(dataset=dataset, metrics=(asked,), by=(COUNTRY,), period=HALF, where=where)
    compared = replace(query, compare=Comparison("previous", HALF.shifted(-39)))
    frame = warehouse.ask(compared, Access()).frame
    return frame.row(by_predicate=pl.col("country") == "DE", named=True)


def test_rows_count_as_often_as_they_are_and_not_as_they_weigh(extremes: Warehouse):
    weighed, plain = (ask(extremes, WEIGHED.replace("weight", w)) for w in ("weight", "one"))
    assert weighed["rate__high"] == pytest.approx(plain["rate__high"])


def test_those_below_the_line_are_the_trials_whether_the_metric_says_so_or_the_question(
    extremes: Warehouse,
):
    watched = Dimension("watched", "Watched", '"watched_s"', "number")
    inside = ask(
        extremes,
        "count(*) filter (where clicked and watched_s >= 3000)"
        " / count(*) filter (where watched_s >= 3000)",
    )
    outside = ask(
        extremes,
        "count(*) filter (where clicked) / count(*)",
        Filter(watched, "between", (3000, 10**9)),
    )
    assert 0.01 < inside["rate__high"] == pytest.approx(outside["rate__high"])


def test_amounts_of_either_sign_are_no_proportion(extremes: Warehouse):
    signed = ask(extremes, "sum(net) filter (where device = 'tv') / sum(net)")
    assert signed["rate"] > 1
    assert signed["rate__low"] < signed["rate"] < signed["rate__high"]


@pytest.fixture
def extremes(tmp_path: Path, engine: Engine) -> Warehouse:
    """In one country nobody ever clicks, in another all do."""
    never, always = pl.col("country") == "DE", pl.col("country") == "KR"
    clicked = pl.when(never).then(False).when(always).then(True).otherwise("clicked")
    is_tv = pl.col("device") == "tv"
    rows = plays().with_columns(
        clicked.alias("clicked"),
        pl.col("bucket").cast(pl.Int16),
        weight=20.0,
        one=1.0,
        net=pl.when(is_tv).then(2.0).otherwise(-0.5),
    )
    lake = Lake(tmp_path / "lake")
    changes = [Change(table="programmes", rows=titles())]
    lake.commit([*changes, Change(table="plays", rows=rows, day="local_date")], "extremes")
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))


def test_what_never_happened_may_have_happened_yet(extremes: Warehouse):
    (rate,) = (replace(m, interval="proportion") for m in METRICS if m.name == "click_rate")
    dataset = replace(DATASET, metrics=(rate,))
    half = Period(START.replace(month=2, day=10), START.replace(month=3, day=20))
    asked = Query(dataset=dataset, metrics=(rate,), by=(COUNTRY,), period=half)
    frame = extremes.ask(
        replace(asked, compare=Comparison("previous", half.shifted(-39))), Access()
    ).frame
    rows = {row["country"]: row for row in frame.iter_rows(named=True)}
    never, always, often = rows["DE"], rows["KR"], rows["US"]
    assert never["click_rate"] == never["click_rate__low"] == 0
    assert 0 < never["click_rate__high"] < 0.01
    assert always["click_rate"] == pytest.approx(always["click_rate__high"]) == 1
    assert 0.98 < always["click_rate__low"] < 1
    for row in (never, always):
        assert row["click_rate__delta"] == 0
        assert -0.02 < row["click_rate__delta_low"] < 0 < row["click_rate__delta_high"] < 0.02
    assert often["click_rate__low"] < often["click_rate"] < often["click_rate__high"]
