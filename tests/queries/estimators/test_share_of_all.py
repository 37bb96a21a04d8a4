"""Shares of everything, alone and over shares of cost: by hand, identities, coverage."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.estimators import share_of_all, share_over_cost
from queries.estimators.estimator import Estimates
from queries.formula import Array
from tests.queries.estimators.counts import Integers, by_cluster, counted


def share(amounts: Array, group: Integers) -> Estimates:
    keys = pl.DataFrame({"item": range(len(amounts))})
    return share_of_all.ESTIMATOR.estimate(counted(keys, {"amount": amounts}, group))


def over_cost(amounts: Array, cost: Sequence[float | None], group: Integers) -> Estimates:
    keys = pl.DataFrame(
        {"item": range(len(cost)), "cost": cost}, schema_overrides={"cost": pl.Float64}
    )
    return share_over_cost.ESTIMATOR.estimate(counted(keys, {"amount": amounts}, group))


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=40))
def test_shares_of_all_groups_are_one(amounts: list[float]):
    found = share(np.array(amounts)[:, None], np.arange(len(amounts)) % 2)
    assert float(found.values.sum()) == pytest.approx(1)


def test_what_is_not_asked_for_counts_below_the_line():
    found = share(np.array([[3.0], [1.0], [6.0]]), np.array([0, 0, -1]))
    assert found.values[0] == pytest.approx(0.4)


def test_half_of_the_value_for_a_fifth_of_the_cost_is_two_and_a_half_times():
    found = over_cost(np.array([[50.0], [30.0], [20.0]]), [20.0, 60.0, 20.0], np.array([0, 1, 1]))
    assert found.values.tolist() == pytest.approx([2.5, 0.5 / 0.8])


def test_an_item_of_unknown_cost_counts_in_neither_share():
    known = over_cost(np.array([[50.0], [50.0]]), [10.0, 30.0], np.array([0, 1]))
    more = over_cost(
        np.array([[50.0], [50.0], [900.0], [900.0]]),
        [10.0, 30.0, None, 0.0],
        np.array([0, 1, 1, 0]),
    )
    assert more.values.tolist() == pytest.approx(known.values.tolist())


@given(st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_neither_the_unit_of_value_nor_that_of_cost_matters(value: float, cost: float):
    amounts, costs, group = np.array([[5.0], [2.0], [3.0]]), [1.0, 2.0, 3.0], np.array([0, 1, 1])
    again = over_cost(amounts * value, [c * cost for c in costs], group)
    assert again.values.tolist() == pytest.approx(over_cost(amounts, costs, group).values.tolist())


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(11)
    popularity = np.exp(rng.normal(0, 1.0, 12))
    activity = np.exp(rng.normal(0, 0.9, 30_000))
    world = rng.poisson(np.outer(popularity / popularity.sum(), activity) * 12).astype(float)
    truth = world[:3].sum() / world.sum()
    group = np.where(np.arange(12) < 3, 0, 1)
    covered = 0
    for _ in range(400):
        picked = rng.integers(0, 30_000, 1_500)
        found = share(by_cluster(world[:, picked], np.arange(1_500) % 32), group)
        covered += bool(found.low[0] <= truth <= found.high[0])
    assert 0.93 <= covered / 400 <= 0.975


def test_the_interval_over_cost_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(12)
    popularity = np.exp(rng.normal(0, 1.0, 12))
    activity = np.exp(rng.normal(0, 0.9, 20_000))
    world = rng.poisson(np.outer(popularity / popularity.sum(), activity) * 12).astype(float)
    cost = rng.lognormal(0, 1, 12).tolist()
    group = np.where(np.arange(12) < 3, 0, 1)
    truth = (world[:3].sum() / world.sum()) / (sum(cost[:3]) / sum(cost))
    covered = 0
    for _ in range(300):
        picked = rng.integers(0, 20_000, 1_500)
        found = over_cost(by_cluster(world[:, picked], np.arange(1_500) % 32), cost, group)
        covered += bool(found.low[0] <= truth <= found.high[0])
    assert 0.92 <= covered / 300 <= 0.98
