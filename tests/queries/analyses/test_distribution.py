"""Distributions against SciPy on the values themselves, and their intervals by simulation."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from queries.analyses import distribution as dn
from queries.analyses.cluster import CLUSTERS
from queries.bins import COUNT, HIGH, LOW, MIDDLE, SIDE, TOTAL
from queries.dataset import CLUSTER
from queries.estimators.gini import gini
from queries.plan import BIN, BIN_RATIO

Values = np.ndarray


def tallied(values: Values, cluster: Values, side: int = 0) -> pl.DataFrame:
    """Single values as an engine counts them."""
    size = np.floor(np.log(np.maximum(np.abs(values), 1e-300)) / np.log(BIN_RATIO))
    number = np.where(values == 0, 0, np.sign(values) * (MIDDLE + size)).astype(np.int64)
    frame = pl.DataFrame({BIN: number, CLUSTER: cluster, "value": values.astype(np.float64)})
    value = pl.col("value")
    return (
        frame.group_by(BIN, CLUSTER)
        .agg(
            pl.len().cast(pl.Float64).alias(COUNT),
            value.sum().alias(TOTAL),
            value.min().alias(LOW),
            value.max().alias(HIGH),
        )
        .with_columns(pl.lit(side).alias(SIDE))
    )


def two(
    one: tuple[Values, Values], other: tuple[Values, Values], *, is_independent: bool = True
) -> tuple[dn.Spread, dn.Spread]:
    frame = pl.concat([tallied(*one), tallied(*other, side=1)])
    first, second = dn.spreads(frame, is_independent=is_independent)
    return first, second


def spread(values: Values, cluster: Values, *, is_independent: bool = True) -> dn.Spread:
    (found,) = dn.spreads(tallied(values, cluster), is_independent=is_independent)
    return found


def accounts(dice: np.random.Generator, n: int) -> tuple[Values, Values]:
    """Hours of accounts, as skewed as those of a streaming company, and their clusters."""
    hours = dice.lognormal(1.5, 1.2, n) * (dice.random(n) > 0.1)
    return hours, dice.integers(0, CLUSTERS, n)


def plays(
    dice: np.random.Generator, n: int, shift: float = 0.0
) -> tuple[tuple[Values, Values], tuple[Values, Values]]:
    """Minutes of plays on two devices; every account plays on both, and its plays are alike."""
    many = 1 + dice.poisson(5, (2, n))
    own, cluster = dice.normal(0, 0.5, n), dice.integers(0, CLUSTERS, n)
    sides = [
        (
            np.exp(3 + move + np.repeat(own, k) + dice.normal(0, 0.6, k.sum())),
            np.repeat(cluster, k),
        )
        for k, move in zip(many, (shift, 0.0), strict=True)
    ]
    return sides[0], sides[1]


def test_the_distribution_function_is_the_one_of_scipy():
    values, cluster = accounts(np.random.default_rng(1), 3_000)
    found = spread(values, cluster)
    expected = stats.ecdf(values).cdf
    assert found.cumulated == pytest.approx(expected.evaluate(found.high), abs=1e-12)


def test_the_distance_is_the_one_of_scipy_where_a_bin_holds_one_value():
    dice = np.random.default_rng(2)
    one, other = dice.poisson(6, 900), dice.poisson(7, 700)
    found = dn.distance(*two(*((v, dice.integers(0, CLUSTERS, len(v))) for v in (one, other))))
    expected: Any = stats.ks_2samp(one, other)
    assert found.estimate.value == pytest.approx(expected.statistic, abs=1e-12)
    assert found.at == expected.statistic_location
    assert found.p < 0.01


def test_the_distance_of_continuous_values_is_within_the_share_of_a_bin():
    dice = np.random.default_rng(3)
    (one, left), (other, right) = accounts(dice, 4_000), accounts(dice, 3_000)
    sides = two((one * 1.2, left), (other, right))
    largest = max((s.by_bin[1:] / s.n).max() for s in sides)
    found = dn.distance(*sides).estimate.value
    expected: Any = stats.ks_2samp(one * 1.2, other)
    assert found == pytest.approx(expected.statistic, abs=largest)


def test_quantiles_figures_and_shares_are_those_of_the_values():
    values, cluster = accounts(np.random.default_rng(4), 5_000)
    found = spread(values, cluster)
    for level in dn.LEVELS:
        expected = np.quantile(values, level, method="inverted_cdf")
        assert found.quantile(level).value == pytest.approx(expected, rel=0.01)
    figures = dn.figures(found)
    assert figures["mean"].value == pytest.approx(values.mean())
    assert figures["zero"].value == pytest.approx((values == 0).mean())
    assert figures["gini"].value == pytest.approx(float(gini(values)), abs=1e-4)
    top = np.sort(values)[::-1][:50].sum() / values.sum()
    assert figures["top_percent"].value == pytest.approx(top, abs=1e-4)


def test_values_on_both_sides_of_zero_keep_their_order():
    dice = np.random.default_rng(5)
    values = dice.normal(0, 10, 4_000)
    found = spread(values, dice.integers(0, CLUSTERS, 4_000))
    assert (np.diff(found.low) > 0).all()
    assert found.quantile(0.25).value == pytest.approx(np.quantile(values, 0.25), rel=0.02)
    assert "gini" not in dn.figures(found)


def test_equal_sides_are_no_distance_apart_and_a_side_against_itself_moved_is_all():
    values, cluster = accounts(np.random.default_rng(6), 500)
    same = dn.distance(*two((values, cluster), (values, cluster)))
    assert (same.estimate.value, same.p) == (0.0, 1.0)
    moved = dn.distance(*two((values + 1e6, cluster), (values, cluster)))
    assert moved.estimate.value == 1.0


def test_a_quantile_beyond_which_are_few_has_no_interval():
    values, cluster = accounts(np.random.default_rng(7), 300)
    found = spread(values, cluster)
    assert np.isnan(found.quantile(0.99).low)
    assert found.quantile(0.5).low < found.quantile(0.5).value


def test_few_clusters_give_no_interval():
    dice = np.random.default_rng(8)
    values, cluster = dice.lognormal(0, 1, 200), dice.integers(0, 5, 200)
    found = dn.distance(*two((values, cluster), (values * 3, cluster)))
    assert np.isnan(found.p)
    assert np.isnan(found.estimate.low)
    assert np.isnan(spread(values, cluster, is_independent=False).band)


def test_the_band_of_units_holds_the_whole_function_in_95_of_100_worlds():
    """Dvoretzky, Kiefer & Wolfowitz: at least 95 %."""
    dice = np.random.default_rng(9)
    truth = stats.lognorm(1.2, scale=np.exp(1.5))
    covered = 0
    for _ in range(300):
        values = truth.rvs(400, random_state=dice)
        found = spread(values, dice.integers(0, CLUSTERS, 400))
        covered += np.abs(found.cumulated - truth.cdf(found.high)).max() <= found.band
    assert covered >= 0.95 * 300 - 2 * np.sqrt(300 * 0.95 * 0.05)


def test_the_band_of_rows_holds_although_those_of_an_account_are_alike():
    dice = np.random.default_rng(10)
    truth = stats.norm(3, np.hypot(0.5, 0.6))
    covered = naive = 0
    for _ in range(200):
        (values, cluster), _ = plays(dice, 400)
        found = spread(values, cluster, is_independent=False)
        gap = np.abs(found.cumulated - truth.cdf(np.log(found.high))).max()
        covered += gap <= found.band
        naive += gap <= np.sqrt(np.log(2 / 0.05) / (2 * found.n))
    assert covered >= 0.95 * 200 - 2 * np.sqrt(200 * 0.95 * 0.05)
    assert naive < 0.85 * 200


def test_the_interval_of_the_distance_covers_and_nothing_is_seldom_called_something():
    dice = np.random.default_rng(11)
    scale = np.hypot(0.5, 0.6)
    apart = 2 * stats.norm.cdf(0.15 / scale) - 1
    covered = alarms = 0
    worlds = 120
    for _ in range(worlds):
        ends = dn.distance(*two(*plays(dice, 300, 0.3), is_independent=False)).estimate
        covered += ends.low <= apart <= ends.high
        alarms += dn.distance(*two(*plays(dice, 300), is_independent=False)).p <= 0.05
    assert covered >= 0.95 * worlds - 2 * np.sqrt(worlds * 0.95 * 0.05)
    assert alarms <= 0.05 * worlds + 2 * np.sqrt(worlds * 0.95 * 0.05)


def test_intervals_of_quantiles_and_figures_cover():
    dice = np.random.default_rng(12)
    everyone = accounts(dice, 400_000)[0]
    truths = {
        "median": np.quantile(everyone, 0.5),
        "p90": np.quantile(everyone, 0.9),
        "mean": everyone.mean(),
        "zero": 0.1,
        "gini": float(gini(everyone)),
    }
    covered = dict.fromkeys(truths, 0)
    worlds = 120
    for _ in range(worlds):
        found = spread(*accounts(dice, 2_000))
        estimates = dn.figures(found)
        estimates |= {"median": found.quantile(0.5), "p90": found.quantile(0.9)}
        for name, truth in truths.items():
            covered[name] += estimates[name].low <= truth <= estimates[name].high
    for name, times in covered.items():
        # Of values as skewed as these the mean's interval is a little short: Student's t is not
        # its law at 32 clusters.
        assert 0.90 * worlds <= times <= worlds, (name, times)


def test_the_difference_of_quantiles_covers_where_accounts_are_on_both_sides():
    dice = np.random.default_rng(13)
    truth = np.exp(3.3) - np.exp(3.0)
    worlds = 120
    covered = 0
    for _ in range(worlds):
        one, other = two(*plays(dice, 300, 0.3), is_independent=False)
        found = dn.quantile_difference(one, other, 0.5)
        covered += found.low <= truth <= found.high
    assert covered >= 0.95 * worlds - 2.5 * np.sqrt(worlds * 0.95 * 0.05)
