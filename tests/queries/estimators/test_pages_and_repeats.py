"""Personalisation, repeat exposure, Little's residual: by loops, by scipy, by simulation."""

from itertools import combinations
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize  # pyright: ignore[reportMissingTypeStubs]
from scipy.spatial.distance import pdist  # pyright: ignore[reportMissingTypeStubs]

from queries.estimators import flow_residual, logistic_slope, unlikeness
from queries.formula import Array
from tests.queries.estimators.counts import by_cluster, counted

LISTS = st.lists(st.sets(st.integers(0, 9), min_size=1, max_size=6), min_size=2, max_size=8)


@given(LISTS)
def test_unlikeness_is_the_mean_over_pairs_of_one_less_intersection_over_union(
    lists: list[set[int]],
):
    keys = pl.DataFrame(
        [{"list": n, "item": item} for n, items in enumerate(lists) for item in sorted(items)]
    )
    found = unlikeness.ESTIMATOR.estimate(counted(keys, {"weight": np.ones((keys.height, 1))}))
    apart = [1 - len(a & b) / len(a | b) for a, b in combinations(lists, 2)]
    assert found.values[0] == pytest.approx(sum(apart) / len(apart), abs=1e-6)


def test_unlikeness_is_the_mean_of_scipy_s_distances():
    holds = np.random.default_rng(8).random((12, 20)) < 0.3
    at = np.argwhere(holds)
    keys = pl.DataFrame({"list": at[:, 0], "item": at[:, 1]})
    found = unlikeness.ESTIMATOR.estimate(counted(keys, {"weight": np.ones((len(at), 1))}))
    assert holds.any(axis=1).all()
    assert found.values[0] == pytest.approx(pdist(holds, "jaccard").mean(), abs=1e-6)


def test_a_list_that_stands_for_two_counts_in_twice_the_pairs():
    keys = pl.DataFrame({"list": [0, 1, 2], "item": ["a", "a", "b"]})
    weights = np.array([[2.0], [1.0], [1.0]])
    found = unlikeness.ESTIMATOR.estimate(counted(keys, {"weight": weights}))
    # Pairs 0-1 alike, weight 2; 0-2 unlike, weight 2; 1-2 unlike, weight 1.
    assert found.values[0] == pytest.approx(3 / 5)


def test_the_interval_of_unlikeness_covers_that_of_all_possible_pages():
    """Accounts like some titles more than others; each makes two pages of five titles."""
    taste = np.random.default_rng(1).dirichlet(np.ones(40), 6)

    def pages(dice: np.random.Generator, accounts: int) -> np.ndarray:
        kinds = dice.integers(0, 6, accounts)
        holds = np.zeros((accounts, 2, 40), dtype=np.float32)
        for account, kind in enumerate(kinds):
            for page in range(2):
                holds[account, page, dice.choice(40, 5, replace=False, p=taste[kind])] = 1
        return holds

    def read(holds: np.ndarray) -> tuple[float, float, float]:
        accounts = holds.shape[0]
        at = np.argwhere(holds.reshape(-1, 40))
        keys = pl.DataFrame({"list": at[:, 0], "item": at[:, 1]})
        weights = np.zeros((len(at), 32))
        weights[np.arange(len(at)), (at[:, 0] // 2) % 32] = 1
        found = unlikeness.ESTIMATOR.estimate(counted(keys, {"weight": weights}))
        assert accounts > 0
        return found.values[0], found.low[0], found.high[0]

    truth = read(pages(np.random.default_rng(2), 900))[0]
    dice, inside = np.random.default_rng(3), 0
    for _ in range(60):
        _, low, high = read(pages(dice, 96))
        inside += low <= truth <= high
    # Of 60 at 95 %, fewer than 52 come once in 200 times.
    assert inside >= 52


def _slope_by_scipy(dose: Array, shown: Array, taken: Array) -> float:
    def loss(at: Array) -> float:
        odds = at[0] + at[1] * dose
        return float((shown * np.logaddexp(0, odds) - taken * odds).sum())

    found = cast("Any", minimize)(loss, np.zeros(2), method="BFGS", options={"gtol": 1e-8})
    return float(found.x[1])


def test_the_slope_is_the_most_likely_one():
    dice, dose = np.random.default_rng(4), np.log(np.arange(1.0, 11))
    for slope in (-0.8, 0.0, 0.5):
        shown = dice.integers(50, 4_000, 10).astype(float)
        taken = dice.binomial(shown.astype(int), 1 / (1 + np.exp(2.5 - slope * dose))).astype(float)
        found = logistic_slope.logistic_slope(dose, shown[:, None], taken[:, None])
        assert found[0] == pytest.approx(_slope_by_scipy(dose, shown, taken), abs=1e-4)


def test_one_dose_or_nothing_taken_has_no_slope():
    one = logistic_slope.logistic_slope(np.zeros(1), np.array([[9.0]]), np.array([[3.0]]))
    none = logistic_slope.logistic_slope(
        np.array([0.0, 1.0]), np.array([[9.0], [9.0]]), np.zeros((2, 1))
    )
    assert np.isnan([one[0], none[0]]).all()


def test_the_interval_of_the_slope_covers_it_though_accounts_differ():
    """Accounts that take more or less than others, seen one to ten times; slope -0.4."""
    dose, inside = np.log(np.arange(1.0, 11)), 0
    dice = np.random.default_rng(5)
    for _ in range(150):
        liking = dice.normal(-2, 0.3, 640)
        # So that the slope over accounts is that within them, liking moves little.
        chance = 1 / (1 + np.exp(-(liking[None, :] - 0.4 * dose[:, None])))
        shown = dice.integers(1, 12, (10, 640)).astype(float)
        taken = dice.binomial(shown.astype(int), chance).astype(float)
        cluster = np.arange(640) % 32
        keys = pl.DataFrame({"dose": dose})
        amounts = {"shown": by_cluster(shown, cluster), "taken": by_cluster(taken, cluster)}
        found = logistic_slope.ESTIMATOR.estimate(counted(keys, amounts))
        inside += found.low[0] <= -0.4 <= found.high[0]
    assert inside / 150 > 0.9


def _task_days(lost: bool) -> pl.DataFrame:
    """Two tasks of three and of two days, each day a row; one in the middle may be lost."""
    rows = [("a", 0.0, 1.0), ("a", 1.0, 2.0), ("a", 2.0, 3.0), ("b", 5.0, 6.0), ("b", 6.0, 6.5)]
    kept = [row for n, row in enumerate(rows) if not lost or n != 1]
    return pl.DataFrame(kept, schema=["item", "since", "until"], orient="row")


@pytest.mark.parametrize(("lost", "residual"), [(False, 0.0), (True, 3.5 / 4.5 - 1)])
def test_littles_law_is_off_by_the_days_that_are_lost(lost: bool, residual: float):
    keys = _task_days(lost)
    days = (keys["until"] - keys["since"]).to_numpy()[:, None]
    found = flow_residual.ESTIMATOR.estimate(counted(keys, {"days": days}))
    assert found.values[0] == pytest.approx(residual)
    assert np.isnan(found.low[0])
