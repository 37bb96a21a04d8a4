"""Groups against one of them: by hand, and in worlds in which nothing or something differs."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import ttest_rel

from queries.analyses.cluster import CLUSTERS
from queries.analyses.side_by_side import SURE, differences

RANKERS = ("pvr", "trending", "similar")


def laid_out(top: np.ndarray, bottom: np.ndarray) -> pl.DataFrame:
    """A frame of `groups x clusters` sums of one metric."""
    groups, clusters = top.shape
    return pl.DataFrame(
        {
            "ranker": np.repeat(RANKERS[:groups], clusters),
            "cluster": np.tile(np.arange(clusters), groups),
            "m__numerator": top.ravel(),
            "m__denominator": bottom.ravel(),
        }
    )


def world(dice: np.random.Generator, lead: float) -> pl.DataFrame:
    """Lists of accounts that differ in how well they are served, by all rankers alike."""
    accounts = 640
    cluster = np.arange(accounts) % CLUSTERS
    liking = dice.normal(0.5, 0.2, accounts)
    top, bottom = np.zeros((3, CLUSTERS)), np.zeros((3, CLUSTERS))
    for n in range(3):
        lists = 1 + dice.poisson(4, accounts)
        mean = liking + (lead if n == 1 else 0.0)
        np.add.at(top[n], cluster, lists * mean + np.sqrt(lists) * dice.normal(0, 0.3, accounts))
        np.add.at(bottom[n], cluster, lists)
    return laid_out(top, bottom)


def test_a_difference_and_its_error_are_the_jackknife_s():
    top = np.stack([np.arange(1.0, 13), np.arange(2.0, 14)])
    bottom = np.full((2, 12), 20.0)
    row = differences(laid_out(top, bottom), "ranker", ("m",), "pvr").row(0, named=True)
    assert (row["value"], row["difference"]) == ("trending", pytest.approx(1 / 20))
    # Each cluster lies as much apart as all of them: paired, there is no error left.
    assert row["low"] == pytest.approx(row["high"])
    top[1] += np.tile([1.0, -1.0], 6)
    row = differences(laid_out(top, bottom), "ranker", ("m",), "pvr").row(0, named=True)
    one = (top[1] - top[0]) / 20
    error = one.std(ddof=1) / np.sqrt(12)
    assert row["high"] - row["difference"] == pytest.approx(2.201 * error, rel=1e-3)


def test_intervals_hold_the_truth_and_little_is_claimed_where_nothing_differs():
    dice = np.random.default_rng(11)
    held = claims = 0
    for _ in range(300):
        found = differences(world(dice, 0.0), "ranker", ("m",), "pvr")
        held += int(((found["low"] <= 0) & (found["high"] >= 0)).sum())
        claims += bool((found["q"] <= SURE).any())
    assert 0.93 <= held / 600 <= 0.97
    assert claims / 300 <= 0.08


def test_a_better_ranker_is_told():
    dice = np.random.default_rng(12)
    found = [differences(world(dice, 0.08), "ranker", ("m",), "pvr") for _ in range(40)]
    sure = [set(one.filter(pl.col("q") <= SURE)["value"]) for one in found]
    assert sum("trending" in names for names in sure) >= 36


def test_who_is_not_there_is_held_against_nobody():
    assert differences(world(np.random.default_rng(1), 0), "ranker", ("m",), "top10").is_empty()


def test_where_clusters_weigh_alike_it_is_the_paired_t_test_of_scipy():
    dice = np.random.default_rng(5)
    top, bottom = dice.normal(20, 3, (2, CLUSTERS)), np.full((2, CLUSTERS), 20.0)
    row = differences(laid_out(top, bottom), "ranker", ("m",), "pvr").row(0, named=True)
    test = ttest_rel(top[1] / 20, top[0] / 20)
    ends = test.confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((ends.low, ends.high), rel=1e-4)
    # Student's tail is approximated (`findings.two_sided`).
    assert row["p"] == pytest.approx(test.pvalue, rel=0.02)
