"""The shifted beta-geometric curve against its paper, its closed form, and simulation."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from queries.analyses.cluster import CLUSTERS
from queries.analyses.lifetime import (
    Attrition,
    attrition,
    payback_month,
    worth,
)
from queries.estimators.estimator import left_out_too
from queries.estimators.shifted_beta_geometric import Fit, Terms, accrued, discounted, fit
from queries.formula import Array
from queries.interval import margin

# Fader & Hardie 2007, table 1: per cent of a cohort still there after so many years, of which
# seven are fitted; and the parameters they report.
HIGH_END = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1]
REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
PUBLISHED = {"high end": (HIGH_END, 0.668, 3.806), "regular": (REGULAR, 0.704, 1.182)}


@pytest.mark.parametrize("segment", PUBLISHED)
def test_the_published_parameters_come_out(segment: str):
    shares, alpha, beta = PUBLISHED[segment]
    left = np.array(shares, dtype=np.float64)
    found = fit(left[:-1], left[:-1] - left[1:])
    assert found is not None
    assert found.alpha == pytest.approx(alpha, abs=5e-4)
    assert found.beta == pytest.approx(beta, abs=5e-4)


@given(st.floats(0.1, 20), st.floats(0.1, 50), st.integers(1, 80))
def test_survival_is_the_ratio_of_beta_functions(alpha: float, beta: float, months: int):
    curve = Fit(alpha, beta).survival(months)
    month = np.arange(months + 1)
    assert curve == pytest.approx(np.exp(betaln(alpha, beta + month) - betaln(alpha, beta)))


@given(st.integers(1, 1000), st.floats(0, 1), st.integers(1, 120))
def test_without_discount_value_is_the_expected_number_of_payments(
    price: int, margin: float, months: int
):
    curve = Fit(1.1, 14.2).survival(months)
    found = discounted(curve, float(price), Terms(margin, 0.0, months))
    assert found[-1] == pytest.approx(price * margin * curve[:months].sum())
    dearer = discounted(curve, float(price), Terms(margin, 0.1, months))
    assert (dearer <= found + 1e-9).all()


def test_payments_are_discounted_from_the_day_of_joining():
    found = discounted(np.ones(14), 10.0, Terms(0.5, 0.21, 13))
    assert found[0] == 5.0
    assert found[12] - found[11] == pytest.approx(5.0 / 1.21)


def test_it_pays_back_in_the_first_month_that_reaches_the_cost():
    assert payback_month(np.array([4.0, 8.0, 12.0]), 8.0) == 2
    assert payback_month(np.array([4.0, 8.0, 12.0]), 12.1) is None


def test_too_little_is_no_curve():
    assert fit(np.array([10.0, 5.0]), np.array([5.0, 1.0])) is None
    assert fit(np.array([10.0, 10.0, 10.0]), np.zeros(3)) is None
    assert worth(attrition(frame_of(np.zeros((0, 2, CLUSTERS)))), Terms(1, 0, 12)) is None


def test_months_that_nobody_was_followed_through_are_left_out():
    frame = pl.DataFrame(
        {
            "months_since": [0, 1, 2],
            "at_risk": [10.0, 4.0, 0.0],
            "leaving": [5.0, 1.0, 0.0],
            "paid_usd": [70.0, 28.0, 0.0],
        }
    )
    counted = attrition(frame)
    assert counted.at_risk.tolist() == [10.0, 4.0]
    assert counted.survival.tolist() == [1.0, 0.5, 0.375]
    assert counted.revenue_usd == 7.0


def test_each_column_gets_the_fit_it_gets_alone():
    """Newton's steps from the fit to all, against a fit of each column from scratch."""
    counted = _world(3, Fit(1.1, 14.2))
    terms = Terms(0.4, 0.1, 36)
    together = accrued(counted.at_risk, counted.leaving, counted.paid, terms)
    for column in range(CLUSTERS):
        only = [part[:, [column]] for part in (counted.at_risk, counted.leaving, counted.paid)]
        alone = accrued(only[0], only[1], only[2], terms)
        assert together[:, [column]] == pytest.approx(alone, rel=1e-5)


def test_the_interval_covers_the_value_that_is_true_in_93_to_97_of_100_worlds():
    """Accounts leave by a beta of their own and are followed for unequal times."""
    truth, terms = Fit(1.1, 14.2), Terms(0.4, 0.1, 24)
    expected = float(discounted(truth.survival(24), 10.0, terms)[-1])
    counted = worlds(7, truth)
    value, spread = _worth_of_all(counted, terms)
    inside = np.abs(value - expected) <= spread
    assert 0.93 <= inside.mean() <= 0.97
    for world in (0, 99):
        alone = worth(attrition(frame_of(counted[world])), terms)
        assert alone is not None
        assert alone.value.value == pytest.approx(value[world], rel=1e-6)
        assert alone.value.high - alone.value.value == pytest.approx(spread[world], rel=1e-4)


def _worth_of_all(counted: Array, terms: Terms) -> tuple[Array, Array]:
    """`worth` of every world at once: a column of `accrued` each, and one each cluster left out."""
    worlds, months = counted.shape[:2]
    columns = left_out_too(counted).transpose(2, 1, 0, 3).reshape(2, months, -1)
    everyone = counted.sum(axis=(0, 3)).T[:, :, None]
    at_risk, leaving = np.concatenate([everyone, columns], axis=2)
    curves = accrued(at_risk, leaving, 10 * at_risk, terms)[-1, 1:].reshape(worlds, -1)
    return curves[:, 0], margin(curves[:, 1:])


def _world(seed: int, truth: Fit) -> Attrition:
    return attrition(frame_of(worlds(seed, truth, 1)[0]))


def worlds(seed: int, truth: Fit, number: int = 200, accounts: int = 2_000) -> Array:
    """`worlds x months x (at risk, leaving) x clusters`."""
    dice, months = np.random.default_rng(seed), 36
    chance = dice.beta(truth.alpha, truth.beta, (number, accounts))
    lasted = dice.geometric(np.maximum(chance, 1e-9))
    followed = dice.integers(1, months + 1, (number, accounts))
    cluster = dice.integers(0, CLUSTERS, (number, accounts))
    place = np.arange(number)[:, None] * CLUSTERS + cluster
    shape = (months, number, CLUSTERS)

    def counts(month: np.ndarray, kept: np.ndarray) -> Array:
        flat = month[kept] * number * CLUSTERS + place[kept]
        return np.bincount(flat, minlength=months * number * CLUSTERS).reshape(shape).astype(float)

    is_gone = lasted <= followed
    last = np.minimum(lasted, followed) - 1
    at_risk = counts(last, np.ones_like(is_gone))[::-1].cumsum(axis=0)[::-1]
    return np.stack([at_risk, counts(last, is_gone)]).transpose(2, 1, 0, 3)


def frame_of(counts: np.ndarray) -> pl.DataFrame:
    months, _, clusters = counts.shape
    grid = [(m, c) for m in range(months) for c in range(clusters)]
    return pl.DataFrame(
        {
            "months_since": [m for m, _ in grid],
            "cluster": [c for _, c in grid],
            "at_risk": [float(counts[m, 0, c]) for m, c in grid],
            "leaving": [float(counts[m, 1, c]) for m, c in grid],
            "paid_usd": [10 * float(counts[m, 0, c]) for m, c in grid],
        },
        schema={
            "months_since": pl.Int64,
            "cluster": pl.Int64,
            "at_risk": pl.Float64,
            "leaving": pl.Float64,
            "paid_usd": pl.Float64,
        },
    )
