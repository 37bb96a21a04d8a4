"""The quantiles that intervals are made of, against SciPy's."""

import numpy as np
import pytest
from scipy.stats import norm, t

from queries.formula import Aggregate, Arithmetic, Array
from queries.interval import (
    FEWEST_CLUSTERS,
    FEWEST_INHABITED,
    LEVEL,
    Z,
    margin,
    replicates,
    student,
)


def test_the_normal_quantile_is_scipy_s():
    assert pytest.approx(norm.ppf(LEVEL), abs=1e-12) == Z


@pytest.mark.parametrize("freedom", [FEWEST_CLUSTERS - 1, 10, 15, 31, 63, 127, 255, 10_000])
def test_student_s_quantile_is_scipy_s(freedom: int):
    assert student(freedom) == pytest.approx(t.ppf(LEVEL, freedom), rel=1e-5)


@pytest.mark.parametrize("freedom", range(FEWEST_INHABITED - 1, FEWEST_CLUSTERS - 1))
def test_student_s_quantile_of_few_clusters_is_right_to_a_thousandth(freedom: int):
    assert student(freedom) == pytest.approx(t.ppf(LEVEL, freedom), rel=1e-3)


def ratios_left_out(x: Array, y: Array) -> Array:
    """A ratio of sums with each of 256 clusters left out; most have no rows."""
    cells = np.zeros((2, len(x), 256))
    cells[0, :, : x.shape[1]], cells[1, :, : y.shape[1]] = x, y
    left = cells.sum(axis=2, keepdims=True) - cells
    return np.asarray(left[0] / left[1])


def test_a_ratio_over_few_clusters_is_covered_by_student_s_t():
    """Six productions: with the degrees of freedom of 256 clusters it would cover 90 %."""
    dice = np.random.default_rng(7)
    y = dice.uniform(0.8, 1.2, (6_000, 6))
    x = y * (1 + 0.2 * dice.standard_normal(y.shape))
    values = ratios_left_out(x, y)
    half = margin(values, np.full(len(x), 6))
    inside = np.abs(x.sum(axis=1) / y.sum(axis=1) - 1) <= half
    assert 0.94 <= inside.mean() <= 0.975
    naive = np.abs(x.sum(axis=1) / y.sum(axis=1) - 1) <= margin(values)
    assert naive.mean() < 0.935


def test_under_five_clusters_there_is_no_interval():
    y = np.ones((2, 5))
    x = y + np.arange(5) / 10
    half = margin(ratios_left_out(x, y), np.array([FEWEST_INHABITED - 1, FEWEST_INHABITED]))
    assert np.isnan(half[0])
    assert half[1] > 0


def test_a_ratio_whose_replicates_are_infinite_has_no_interval():
    """Of one cluster alone below the line: without it something is divided by nothing."""
    x, y = np.ones((1, 30)), np.zeros((1, 30))
    y[0, 3] = 1
    with np.errstate(divide="ignore"):
        left_out = (x.sum(axis=1, keepdims=True) - x) / (y.sum(axis=1, keepdims=True) - y)
    assert np.isinf(left_out).any()
    assert np.isnan(margin(left_out)).all()


def test_days_are_the_same_whoever_is_left_out():
    pairs = Aggregate("count", alias="pairs")
    days = Aggregate("count_distinct", '"local_date"', alias="days")
    a_day = Arithmetic("/", (pairs, days))
    counted = np.random.default_rng(1).poisson(40, (3, 64)).astype(float)
    everybody = np.full(64, 10.0)
    found = replicates(a_day, {"pairs": counted}, everybody, {"days": np.array([28.0, 7.0, 1.0])})
    summed = replicates(pairs, {"pairs": counted}, everybody)
    assert found == pytest.approx(summed / np.array([[28.0], [7.0], [1.0]]))
