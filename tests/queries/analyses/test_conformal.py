"""Cross-conformal quantiles: against scikit-learn and MAPIE, and by simulated coverage."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import CrossConformalRegressor
from sklearn.linear_model import QuantileRegressor
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from queries.analyses.conformal import (
    LEVELS,
    chance_over,
    conformal_quantiles,
    learn,
    quantile_line,
)
from queries.formula import Array

OUTER = (0.1, 0.9)


def world(dice: np.random.Generator, rows: int, features: int = 12) -> tuple[Array, Array]:
    """Log views that spread the more, the more they are: skewed, as launches are."""
    x = dice.normal(0, 1, (rows, features))
    spread = np.exp(0.5 * x[:, 1])
    return x, x[:, 0] + spread * (dice.gamma(2, 1, rows) - 2)


@pytest.mark.parametrize("level", LEVELS)
def test_lines_are_those_of_scikit_learn(level: float):
    x, y = world(np.random.default_rng(3), 90)
    other = QuantileRegressor(quantile=level, alpha=0.01, solver="highs").fit(x, y)
    found = quantile_line(x, y, level)
    assert found[0] + x @ found[1:] == pytest.approx(other.predict(x), abs=1e-6)


def test_quantiles_are_those_of_mapie():
    """MAPIE 1.6's CV+ with the same folds and signed errors; its median line is scikit-learn's."""
    x, y = world(np.random.default_rng(4), 121)
    new, _ = world(np.random.default_rng(5), 20)
    found = learn(x, y)
    median: Any = make_pipeline(StandardScaler(), QuantileRegressor(quantile=0.5, alpha=0.01))
    other = CrossConformalRegressor(
        median,
        confidence_level=0.8,
        conformity_score=AbsoluteConformityScore(sym=False),
        method="plus",
        cv=PredefinedSplit(found.fold),
    )
    _, ends = other.fit_conformalize(x, y).predict_interval(new)
    assert found.quantiles(new, y, levels=OUTER) == pytest.approx(ends[:, :, 0], abs=1e-5)


def test_four_of_five_new_ones_lie_between_the_ends_and_a_tenth_on_either_side():
    """60 worlds of 150 launches, 40 new ones each: at least 80 % less three standard errors."""
    dice = np.random.default_rng(5)
    inside, under, over = [], [], []
    for _ in range(60):
        x, y = world(dice, 150, 6)
        new, came = world(dice, 40, 6)
        low, high = learn(x, y).quantiles(new, y, levels=OUTER).T
        inside.append(((low <= came) & (came <= high)).mean())
        under.append((came < low).mean())
        over.append((came > high).mean())
    error = np.std(inside) / np.sqrt(len(inside))
    assert 0.8 - 3 * error <= np.mean(inside) <= 0.86
    assert np.mean(under) <= 0.1 + 3 * np.std(under) / np.sqrt(len(under))
    assert np.mean(over) <= 0.1 + 3 * np.std(over) / np.sqrt(len(over))


def test_what_lies_off_by_a_shift_is_covered_as_well():
    """A country: another number than the one that was learnt, with a noise of its own."""
    dice = np.random.default_rng(6)
    inside: list[float] = []
    for _ in range(60):
        x, y = world(dice, 140)
        found = learn(x[:100], y[:100])
        here = y - 2 + dice.normal(0, 1, 140)
        shift = (np.full((40, len(found.lines)), -2.0), np.full(100, -2.0))
        ends = found.quantiles(x[100:], here[:100], shift, OUTER)
        inside.append(((ends[:, 0] <= here[100:]) & (here[100:] <= ends[:, 1])).mean())
    assert np.mean(inside) >= 0.8 - 3 * np.std(inside) / np.sqrt(len(inside))


def test_all_levels_move_with_what_moves_the_median():
    x, y = world(np.random.default_rng(7), 200)
    here = np.zeros((1, x.shape[1]))
    there = here + np.eye(1, x.shape[1])
    moved = learn(x, y).quantiles(np.vstack([here, there]), y)
    assert moved[1] - moved[0] == pytest.approx(np.full(len(LEVELS), 1.0), abs=0.35)


def test_quantiles_never_cross():
    dice = np.random.default_rng(8)
    x, y = world(dice, 60)
    found = learn(x, y).quantiles(world(dice, 200)[0], y)
    assert (np.diff(found, axis=1) >= 0).all()


def test_too_few_say_nothing_of_the_ends():
    low, half, high = conformal_quantiles(np.zeros(5), (0.1, 0.5, 0.9))
    assert (low, half, high) == (-np.inf, 0, np.inf)


def test_quantiles_are_the_ranks_of_the_theorem():
    assert conformal_quantiles(np.arange(1.0, 20.0), (0.1, 0.5, 0.9)).tolist() == [2, 10, 18]


@given(some.lists(some.floats(-5, 5), min_size=5, max_size=5), some.floats(-9, 9))
def test_a_chance_falls_with_what_is_wanted_and_ends_where_nothing_is_known(
    values: list[float], wanted: float
):
    quantiles = np.sort(values)
    chance = chance_over(LEVELS, quantiles, wanted)
    assert 0.1 - 1e-9 <= chance <= 0.9 + 1e-9
    assert chance_over(LEVELS, quantiles, wanted + 1) <= chance + 1e-9


def test_a_chance_is_read_off_straight_lines():
    at = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert chance_over(LEVELS, at, 2.0) == pytest.approx(0.5)
    assert chance_over(LEVELS, at, 2.5) == pytest.approx(0.375)
