"""Outages: none in ordinary worlds, all of those that are planted."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom, binomtest, false_discovery_control

from queries.analyses.cluster import Scope
from queries.analyses.outage import (
    chance,
    hours,
    hours_question,
    looked_at,
    outages,
    question,
    told_question,
)
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.period import Period
from queries.warehouse import Warehouse

DAYS = [date(2026, 11, 1) + timedelta(n) for n in range(28)]


def world(dice: np.random.Generator, places: int = 40) -> pl.DataFrame:
    """28 days in places of all sizes; accounts that fail try again and fail again."""
    size = np.exp(dice.normal(4.5, 1.2, places))
    rate = np.exp(dice.normal(np.log(0.005), 0.4, places))
    rows: list[tuple[object, ...]] = []
    for place in range(places):
        accounts = dice.poisson(size[place], len(DAYS)) + 1
        attempts = 1 + dice.poisson(2, accounts.sum())
        prone = np.clip(rate[place] * dice.gamma(0.5, 2, accounts.sum()), 0, 1)
        begins = np.cumsum(accounts) - accounts
        failed = np.add.reduceat(dice.binomial(attempts, prone), begins)
        tried = np.add.reduceat(attempts, begins)
        for day, *counts in zip(DAYS, failed.tolist(), tried.tolist(), strict=True):
            rows.append((day, f"C{place // 3}", str(place % 3), *counts))
    names = ["date", "country", "cdn", "start_failure_rate__numerator"]
    return pl.DataFrame(rows, schema=[*names, "start_failure_rate__denominator"], orient="row")


def told(frame: pl.DataFrame, withheld: tuple[str, ...] = ()) -> pl.DataFrame:
    """The rates as they may be shown: not of the countries that are withheld."""
    rate = pl.col("start_failure_rate__numerator") / pl.col("start_failure_rate__denominator")
    gone = pl.col("country").is_in(withheld)
    return frame.select("date", "country", "cdn", start_failure_rate=pl.when(~gone).then(rate))


def test_in_worlds_without_outages_at_most_a_few_in_a_hundred_claim_one():
    dice = np.random.default_rng(1)
    worlds = (world(dice) for _ in range(100))
    claims = sum(outages(frame, told(frame)).height > 0 for frame in worlds)
    assert claims <= 5


def test_a_day_on_which_a_third_fails_is_the_only_one_named():
    frame = world(np.random.default_rng(2))
    at = (pl.col("date") == DAYS[9]) & (pl.col("country") == "C4") & (pl.col("cdn") == "1")
    attempts = pl.col("start_failure_rate__denominator")
    broken = frame.with_columns(
        start_failure_rate__numerator=pl.when(at)
        .then((attempts / 3).cast(pl.Int64))
        .otherwise("start_failure_rate__numerator"),
        start_failure_rate__denominator=pl.when(at)
        .then(attempts.clip(lower_bound=90))
        .otherwise(attempts),
    )
    found = outages(broken, told(broken))
    assert found.select("date", "country", "cdn").rows() == [(DAYS[9], "C4", "1")]
    assert found["usual"][0] < 0.02
    assert outages(broken, told(broken, ("C4",))).is_empty()


def test_nothing_to_look_at_is_no_outage():
    frame = world(np.random.default_rng(3)).with_columns(cdn=pl.lit(None, pl.String))
    assert looked_at(frame) == 0
    assert outages(frame, told(frame)).is_empty()


def test_the_tail_is_that_of_scipy_s_binomial_where_cells_vary_no_more():
    """40 days of one place, at exactly 2 per cent but for the last day."""
    failures = np.array([20] * 39 + [45])
    frame = pl.DataFrame(
        {
            "date": [DAYS[0] + timedelta(n) for n in range(40)], "country": "C", "cdn": "1",
            "start_failure_rate__numerator": failures,
            "start_failure_rate__denominator": np.full(40, 1_000),
        }
    )  # fmt: skip
    # Each day is held against the others, drawn to all together by 200 attempts.
    whole = failures.sum() / 40_000
    usual = (failures.sum() - failures + 200 * whole) / (39_000 + 200)
    expected = false_discovery_control(binom.sf(failures - 1, 1_000, usual))
    assert chance(frame) == pytest.approx(expected.min(), rel=1e-9)
    (row,) = outages(frame, told(frame)).to_dicts()
    assert row["q"] == pytest.approx(expected[-1], rel=1e-9)
    ends = binomtest(45, 1_000).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((ends.low, ends.high))


@pytest.mark.demo
def test_the_outage_of_the_demo_company_is_found_with_its_hours_and_nothing_else(demo_home: Path):
    lake = Lake(demo_home / "lake")
    warehouse = Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())
    (truth,) = (
        pl.read_parquet(list(lake.snapshot().files("truths")))
        .filter(pl.col("name") == "outage")
        .iter_rows(named=True)
    )
    playback = warehouse.dataset("playback")
    last = warehouse.latest(playback)
    scope = Scope(playback, Period(last - timedelta(27), last))
    answers = [warehouse.ask(q, Access()).frame for q in (question(scope), told_question(scope))]
    found = outages(*answers)
    assert found.select("country", "cdn").rows() == [("BR", "edge_b")]
    assert truth["period"].startswith(str(found["date"][0]))
    answer = warehouse.ask(hours_question(scope, found), Access()).frame
    first, end = hours(answer, found.row(0, named=True), found["usual"][0]) or (0, 0)
    # Planted from 20:00 to 01:00 UTC; the small world has hours with a single attempt.
    assert (first, end) in ((20, 0), (21, 0), (20, 23), (21, 23))
