"""Bands that hold however often one looks: published constants, and simulated daily looks."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from queries.analyses.always_valid import Watch, constant, crossing_probability, radius, watched
from queries.analyses.cluster import CLUSTERS
from queries.analyses.quantile_function import Comparison, arms, compared
from tests.queries.analyses.test_quantile_function import counted

DAYS = [date(2026, 11, 1) + timedelta(n) for n in range(28)]


def test_the_radius_is_that_of_the_authors_own_library():
    """confseq's test of `empirical_process_lil_bound(1000, .05, 100, A=0.85)`."""
    assert radius(1_000, 0.05, first=100) == pytest.approx(0.08204769, abs=1e-6)


def test_the_simple_constant_of_the_paper_is_a_little_wider():
    """Howard & Ramdas 2022 print 0.8 log(1612 / alpha) as a constant that serves."""
    for alpha in (0.2, 0.05, 0.01, 0.001):
        assert 0.9 * np.log(1612 / alpha) * 0.8 < constant(alpha) <= 0.8 * np.log(1612 / alpha)
        assert crossing_probability(constant(alpha)) == pytest.approx(alpha, rel=1e-3)


def test_before_the_first_look_nothing_is_excluded():
    assert radius(99, 0.05, first=100) == float("inf")


def world(dice: np.random.Generator, factor: float = 1.0) -> tuple[Watch, Comparison]:
    """Two arms of 150 accounts that come on some of 28 days, each with a level of its own."""
    sides: list[list[pl.DataFrame]] = []
    wholes: list[pl.DataFrame] = []
    for scale in (factor, 1.0):
        own, cluster = dice.normal(0, 0.25, 150), dice.integers(0, CLUSTERS, 150)
        daily: list[pl.DataFrame] = []
        for _ in DAYS:
            here = np.flatnonzero(dice.random(150) < 0.5)
            who = np.repeat(here, 1 + dice.poisson(1, len(here)))
            values = scale * np.exp(own[who] + dice.normal(0, 0.4, len(who)))
            daily.append(counted(values, cluster[who]))
        sides.append([d.drop("cluster") for d in daily])
        wholes.append(pl.concat(daily))
    one, other, *rest = arms(*wholes, *sides[0], *sides[1])
    known = compared(one, other)
    assert known is not None
    return watched(DAYS, rest[: len(DAYS)], rest[len(DAYS) :], known), known


def test_daily_looks_at_two_equal_arms_alarm_in_at_most_one_of_twenty_worlds():
    dice = np.random.default_rng(1)
    worlds = [world(dice)[0] for _ in range(80)]
    assert sum(w.alarm is not None for w in worlds) / len(worlds) <= 0.05
    assert all((w.alarm is None) == (w.p > 0.05) for w in worlds)


def test_a_slower_arm_is_found_before_the_end_and_stays_found():
    found, _ = world(np.random.default_rng(2), factor=1.5)
    assert found.alarm is not None
    assert found.alarm < DAYS[-1]
    assert found.p < 0.05
    falling = found.days["p"].to_list()
    assert falling == sorted(falling, reverse=True)
    at_the_median = found.difference.filter(pl.col("level") == 0.5).row(0, named=True)
    assert 0 < at_the_median["low"] < at_the_median["value"] < at_the_median["high"]


def test_always_valid_bands_are_wider_than_those_of_one_look():
    found, known = world(np.random.default_rng(3))
    inner = known.at(0.5)
    outer = found.difference.filter(pl.col("level") == 0.5).row(0, named=True)
    assert outer["high"] - outer["low"] > inner.high - inner.low


def test_days_before_the_arm_began_are_not_looked_at():
    dice = np.random.default_rng(4)
    values, cluster = dice.lognormal(0, 0.4, 2_000), dice.integers(0, CLUSTERS, 2_000)
    frame = counted(values, cluster)
    empty = frame.clear()
    own = [empty, empty, frame.drop("cluster")]
    rest = [frame.drop("cluster")] * 3
    one, other, *daily = arms(
        frame, frame, *(f.select("device", "bin", "rows") for f in own + rest)
    )
    known = compared(one, other)
    assert known is not None
    found = watched(DAYS[:3], daily[:3], daily[3:], known)
    assert found.days["date"].to_list() == DAYS[2:3]
