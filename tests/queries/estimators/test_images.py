"""Images: the probability of being best, regret, and the difference within titles."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta  # pyright: ignore[reportMissingTypeStubs]
from sklearn.linear_model import LinearRegression

from queries.estimators import exploration_regret, lift_over_random, stratified_difference
from queries.estimators.probability_best import contested, design_effect, probability_best
from queries.formula import Array
from tests.queries.estimators.counts import by_cluster, counted

CLUSTERS = 32


def _plain(shown: list[float], taken: list[float]) -> tuple[Array, Array, Array]:
    """Unweighted rows in one cluster each: nothing to correct for."""
    arms = [np.array(values, dtype=float)[:, None] for values in (shown, taken, shown)]
    return arms[0], arms[1], arms[2]


def test_two_arms_win_as_often_as_the_integral_says():
    chance = probability_best(_plain([400, 300], [40, 39]), np.zeros(2, dtype=np.intp))
    grid = np.linspace(0, 1, 20_001)
    exact = np.trapezoid(beta.pdf(grid, 40, 262) * beta.cdf(grid, 41, 361), grid)
    assert chance[1] == pytest.approx(exact, abs=0.03)
    assert chance.sum() == pytest.approx(1)


def test_the_same_question_has_the_same_answer_again():
    arms = _plain([50, 60, 70], [5, 6, 9])
    first, second = (probability_best(arms, np.zeros(3, dtype=np.intp)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_arms_compete_within_their_title_and_one_alone_has_no_rival():
    contest = np.array([3, 1, 3, 1, 7])
    chance = probability_best(_plain([500] * 5, [50, 90, 25, 30, 10]), contest)
    assert chance[0] + chance[2] == pytest.approx(1)
    assert chance[1] > 0.99
    assert np.isnan(chance[4])


def test_what_picking_an_arm_gives_away_is_what_the_integral_says():
    """E[max − own] of two Beta posteriors, on a grid; the next likeliest of two is the other."""
    found = contested(_plain([400, 300], [40, 39]), np.zeros(2, dtype=np.intp))
    x = np.linspace(0, 0.4, 1_201)
    one, other = beta.pdf(x, 41, 361), beta.pdf(x, 40, 262)
    gap = np.maximum(x[None, :] - x[:, None], 0)
    weight = one[:, None] * other[None, :] * (x[1] - x[0]) ** 2
    assert found.loss == pytest.approx([(gap * weight).sum(), (gap.T * weight).sum()], abs=5e-4)
    assert found.ahead[1] == found.best[1]
    assert np.isnan(found.ahead[0])


def test_lift_over_random_is_over_the_mean_of_the_title_and_covers_it():
    """Images of many titles, with some twenty takes each, by accounts of different eagerness."""
    rng = np.random.default_rng(9)
    draw = np.array([1.0, 1.3, 0.9, 0.8])
    titles, accounts = 1_500, 160
    cluster = np.arange(accounts) % CLUSTERS
    eager = 0.06 * rng.gamma(4, 0.25, (titles, 1, accounts))
    seen = rng.poisson(2, (titles, 4, accounts))
    taken = rng.binomial(seen, np.clip(eager * draw[:, None], 0, 1))
    shown, took = (
        by_cluster(part.reshape(-1, accounts).astype(float), cluster) for part in (seen, taken)
    )
    keys = pl.DataFrame(
        {"stratum": np.repeat(np.arange(titles), 4), "arm": np.tile(range(4), titles)}
    )
    group = np.arange(titles * 4)
    found = lift_over_random.ESTIMATOR.estimate(
        counted(keys, {"shown": shown, "taken": took}, group)
    )
    rate = (took.sum(axis=1) / shown.sum(axis=1)).reshape(titles, 4)
    np.testing.assert_allclose(
        found.values.reshape(titles, 4), rate / rate.mean(axis=1, keepdims=True) - 1
    )
    true = np.tile(draw / draw.mean() - 1, titles)
    known = ~np.isnan(found.low)
    covered = ((found.low <= true) & (true <= found.high))[known].mean()
    assert known.mean() > 0.95
    assert 0.93 <= covered <= 0.97


def test_an_image_without_a_rival_has_no_lift():
    keys = pl.DataFrame({"stratum": [1, 2, 2, 3, 3], "arm": [1, 2, 3, 4, 5]})
    shown = np.array([[9.0], [9.0], [9.0], [9.0], [0.0]])
    found = lift_over_random.ESTIMATOR.estimate(
        counted(
            keys, {"shown": shown, "taken": np.array([[1.0], [1], [2], [1], [0]])}, np.arange(5)
        )
    )
    assert found.values == pytest.approx([np.nan, -1 / 3, 1 / 3, np.nan, np.nan], nan_ok=True)
    assert np.isnan(found.low).all()


def test_rows_that_go_together_count_for_less():
    rng = np.random.default_rng(1)
    shown = np.full((40, CLUSTERS), 200.0)
    keen = np.clip(rng.beta(2, 18, (40, CLUSTERS)), 0, 1)
    taken = rng.binomial(200, keen).astype(float)
    apart = rng.binomial(200, 0.1, (40, CLUSTERS)).astype(float)
    assert design_effect(shown, apart, shown) == pytest.approx(1, abs=0.1)
    # 1 + (m − 1) ρ with ρ = 1 / (a + b + 1) of the beta distribution.
    assert design_effect(shown, taken, shown) == pytest.approx(1 + 199 / 21, rel=0.15)


def test_weights_make_as_many_rows_as_kish_says():
    shown, squares = np.array([[1000.0], [1000.0]]), np.array([[1000.0], [10_000.0]])
    taken = np.array([[120.0], [100.0]])
    sure = probability_best((shown, taken, shown), np.zeros(2, dtype=np.intp))
    unsure = probability_best((shown, taken, squares), np.zeros(2, dtype=np.intp))
    assert 0.5 < unsure[0] < sure[0]


RATES = np.array([0.10, 0.08, 0.06, 0.08])
TITLES, EACH = 40, 240
TRUE_REGRET = TITLES * CLUSTERS * EACH * float(4 * RATES.max() - RATES.sum())


def _explored(rng: np.random.Generator, rates: Array) -> tuple[pl.DataFrame, dict[str, Array]]:
    keys = pl.DataFrame({"stratum": np.repeat(np.arange(TITLES), 4), "arm": np.arange(TITLES * 4)})
    shown = rng.poisson(EACH, (TITLES * 4, CLUSTERS)).astype(float)
    taken = rng.binomial(shown.astype(int), np.tile(rates, TITLES)[:, None]).astype(float)
    return keys, {"shown": shown, "taken": taken}


def test_regret_is_what_the_best_image_would_have_added():
    rng = np.random.default_rng(2)
    read = exploration_regret.ESTIMATOR.estimate
    found = [read(counted(*_explored(rng, RATES))) for _ in range(60)]
    assert np.mean([f.values[0] for f in found]) == pytest.approx(TRUE_REGRET, rel=0.06)
    held = np.mean([f.low[0] <= TRUE_REGRET <= f.high[0] for f in found])
    assert held > 0.85


def test_where_all_images_are_alike_there_is_no_regret_although_some_look_better():
    rng = np.random.default_rng(3)
    even = np.full(4, 0.08)
    found, flattered = [], []
    for _ in range(60):
        keys, amounts = _explored(rng, even)
        found.append(exploration_regret.ESTIMATOR.estimate(counted(keys, amounts)).values[0])
        shown, taken = (amounts[n].sum(axis=1).reshape(TITLES, 4) for n in ("shown", "taken"))
        best = (taken / shown).max(axis=1)
        flattered.append(float((shown.sum(axis=1) * best - taken.sum(axis=1)).sum()))
    assert abs(np.mean(found)) < 0.1 * np.mean(flattered)


def test_a_difference_within_titles_is_that_of_mantel_and_haenszel():
    """Two titles by hand: differences .2 and .1, weights 50 × 50 / 100 and 20 × 80 / 100."""
    keys = pl.DataFrame({"stratum": [1, 2, 3]})
    amounts = {
        "shown": np.array([[50.0], [20.0], [99.0]]),
        "taken": np.array([[15.0], [4.0], [99.0]]),
        "shown_other": np.array([[50.0], [80.0], [0.0]]),
        "taken_other": np.array([[5.0], [8.0], [0.0]]),
    }
    found = stratified_difference.ESTIMATOR.estimate(counted(keys, amounts))
    assert found.values[0] == pytest.approx((0.2 * 25 + 0.1 * 16) / 41)


# SAS/STAT 14.1, the STDRATE procedure, example 107.2: respiratory symptoms of children by pet and
# grade, with smokers in the household and without: cases and children.
SCHOOL = [
    (109, 807, 284, 2403), (106, 791, 266, 2237), (112, 868, 273, 2279),
    (168, 1329, 414, 3398), (162, 1337, 372, 3251), (183, 1594, 382, 3270),
]  # fmt: skip


def test_the_difference_within_strata_is_scikit_learn_s_with_a_level_for_each():
    """Least squares with a dummy for every stratum weighs them as Mantel and Haenszel do."""
    taken, shown, other, shown_other = (
        np.array(c, float)[:, None] for c in zip(*SCHOOL, strict=True)
    )
    amounts = {"shown": shown, "taken": taken, "shown_other": shown_other, "taken_other": other}
    keys = pl.DataFrame({"stratum": range(6)})
    found = stratified_difference.ESTIMATOR.estimate(counted(keys, amounts)).values[0]
    smokes = np.repeat([1.0, 0.0], 6)
    columns = np.column_stack([smokes, np.tile(np.eye(6), (2, 1))])
    rates = np.concatenate([taken / shown, other / shown_other])[:, 0]
    weights = np.concatenate([shown, shown_other])[:, 0]
    line = LinearRegression(fit_intercept=False).fit(columns, rates, weights)
    assert found == pytest.approx(float(line.coef_[0]))


def test_the_interval_of_the_difference_covers_although_titles_differ():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        base = rng.uniform(0.02, 0.2, 30)[:, None]
        # Close-ups are shown more often where titles are liked: the plain difference is wrong.
        shown = rng.poisson(3 + 60 * base, (30, CLUSTERS))
        other = rng.poisson(8, (30, CLUSTERS))
        amounts = {
            "shown": shown.astype(float),
            "taken": rng.binomial(shown, base + 0.01).astype(float),
            "shown_other": other.astype(float),
            "taken_other": rng.binomial(other, base).astype(float),
        }
        keys = pl.DataFrame({"stratum": range(30)})
        found = stratified_difference.ESTIMATOR.estimate(counted(keys, amounts))
        held += found.low[0] <= 0.01 <= found.high[0]
    assert 0.93 <= held / 400 <= 0.97
