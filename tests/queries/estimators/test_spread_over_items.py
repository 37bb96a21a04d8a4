"""Effective size, Gini, effective number: identities, values worked out by hand, coverage."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy  # pyright: ignore[reportMissingTypeStubs]

from queries.estimators import effective_number, effective_size, gini, size_ratio
from queries.estimators.effective_size import effective_size as size_of
from queries.estimators.estimator import Estimates
from queries.estimators.gini import gini as gini_of
from queries.formula import Array
from tests.queries.estimators.counts import Integers, by_cluster, counted

AMOUNTS = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=60)


@given(AMOUNTS)
def test_effective_size_is_titles_times_one_less_gini(amounts: list[float]):
    values = np.array(amounts)
    expected = len(values) * (1 - float(gini_of(values)))
    assert float(size_of(values)) == pytest.approx(expected, rel=1e-9)


@given(AMOUNTS, st.floats(0.001, 1000))
def test_neither_the_unit_nor_the_order_matters(amounts: list[float], factor: float):
    again = float(size_of(np.array(amounts[::-1]) * factor))
    assert again == pytest.approx(float(size_of(np.array(amounts))), rel=1e-9)


def test_all_watched_alike_is_the_whole_catalogue_and_one_title_is_one():
    assert float(size_of(np.ones(250))) == pytest.approx(250)
    assert float(gini_of(np.ones(250))) == pytest.approx(0)
    assert float(size_of(np.array([5.0]))) == pytest.approx(1)


def test_the_values_of_a_small_catalogue_worked_out_by_hand():
    # Shares .6, .3, .1: 2 (.6 + .6 + .3) - 1 = 2, and Gini = 1 - 2 / 3.
    assert float(size_of(np.array([3.0, 1.0, 6.0]))) == pytest.approx(2)
    assert float(gini_of(np.array([3.0, 1.0, 6.0]))) == pytest.approx(1 / 3)


def test_the_gini_index_is_the_one_that_r_prints():
    """R's ineq, as the manual of phylotools 0.1.2 prints it: gini(c(1, 3, 2, 1, 1, 1, 4))."""
    amounts = np.array([1.0, 3, 2, 1, 1, 1, 4])
    assert float(gini_of(amounts)) == pytest.approx(0.3076923, abs=5e-8)
    assert float(size_of(amounts)) == pytest.approx(7 * (1 - 0.3076923), abs=5e-7)


def test_the_effective_number_is_the_exponential_of_scipy_s_entropy():
    amounts = np.random.default_rng(5).gamma(1.0, 1.0, (8, 1))
    keys = pl.DataFrame({"stratum": [1] * 5 + [2] * 3, "kind": range(8)})
    found = effective_number.ESTIMATOR.estimate(counted(keys, {"amount": amounts}))
    expected = np.mean([np.exp(entropy(part[:, 0])) for part in (amounts[:5], amounts[5:])])
    assert found.values[0] == pytest.approx(expected)


def test_items_without_anything_count_for_neither():
    amounts = {"amount": np.array([[3.0], [1.0], [6.0], [0.0]])}
    found = [e.ESTIMATOR.estimate(counted(_items(4), amounts)) for e in (effective_size, gini)]
    assert found[0].values[0] == pytest.approx(2)
    assert found[1].values[0] == pytest.approx(1 / 3)
    assert np.isnan(found[0].low[0])


def test_a_group_of_nothing_has_no_number():
    found = effective_size.ESTIMATOR.estimate(counted(_items(2), {"amount": np.zeros((2, 32))}))
    assert np.isnan(found.values[0])


def test_the_effective_number_worked_out_by_hand():
    # Two titles: one with two images alike (2 in effect), one with a single image (1).
    keys = pl.DataFrame({"stratum": [1, 1, 2], "kind": [11, 12, 21]})
    amounts = {"amount": np.array([[5.0], [5.0], [9.0]])}
    found = effective_number.ESTIMATOR.estimate(counted(keys, amounts))
    assert found.values[0] == pytest.approx(1.5)


def test_groups_are_worked_out_each_by_itself():
    rng = np.random.default_rng(4)
    amounts = rng.gamma(0.4, 1.0, (90, 32))
    group = np.arange(90) % 3
    together = effective_size.ESTIMATOR.estimate(counted(_items(90), {"amount": amounts}, group))
    for g in range(3):
        mine = {"amount": amounts[group == g]}
        alone = effective_size.ESTIMATOR.estimate(counted(_items(30), mine))
        for name in ("values", "low", "high"):
            assert getattr(together, name)[g] == pytest.approx(getattr(alone, name)[0])


def _items(count: int) -> pl.DataFrame:
    return pl.DataFrame({"item": range(count)})


def _world(rng: np.random.Generator, accounts: int, *, tilt: float = 0.0) -> Array:
    """Hours by title and account: popular titles for all, and accounts of unlike activity."""
    popularity = np.exp(rng.normal(0, 1.2, 80)) ** (1 + tilt)
    activity = np.exp(rng.normal(0, 0.9, accounts))
    return rng.poisson(np.outer(popularity / popularity.sum(), activity) * 30).astype(float)


@pytest.mark.parametrize(("estimator", "truly"), [(gini, gini_of), (effective_size, size_of)],
                         ids=["gini", "effective size"])  # fmt: skip
def test_the_interval_covers_the_truth_as_often_as_it_says(
    estimator: ModuleType, truly: Callable[[Array], Array]
):
    rng = np.random.default_rng(7)
    world = _world(rng, 40_000)
    truth = float(truly(world.sum(axis=1)))
    covered = 0
    for _ in range(400):
        picked = rng.integers(0, 40_000, 1_500)
        amounts = by_cluster(world[:, picked], np.arange(1_500) % 32)
        found: Estimates = estimator.ESTIMATOR.estimate(counted(_items(80), {"amount": amounts}))
        covered += found.low[0] <= truth <= found.high[0]
    assert 0.93 <= covered / 400 <= 0.975


def test_a_ratio_of_sizes_leaves_the_same_accounts_out_of_both_sides():
    cluster = np.arange(2_000) % 32
    personal = by_cluster(_world(np.random.default_rng(1), 2_000), cluster)
    popular = by_cluster(_world(np.random.default_rng(1), 2_000, tilt=0.8), cluster)
    read = size_ratio.ESTIMATOR.estimate
    found = read(counted(_items(80), {"amount": personal, "against": popular}))
    assert 1 < found.low[0] < found.values[0] < found.high[0]
    same = read(counted(_items(80), {"amount": personal, "against": personal}))
    assert same.values[0] == same.low[0] == same.high[0] == 1


def _of_clusters(by_account: Array, picked: Integers) -> Array:
    """Accounts picked from `accounts x items`, added up to `items x clusters`."""
    return by_account[picked].reshape(32, -1, by_account.shape[1]).sum(axis=1).T


def test_the_interval_of_a_ratio_of_sizes_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(8)
    personal, popular = _world(rng, 20_000), _world(rng, 20_000, tilt=0.6)
    truth = float(size_of(personal.sum(axis=1)) / size_of(popular.sum(axis=1)))
    worlds = [np.ascontiguousarray(world.T) for world in (personal, popular)]
    covered = 0
    for _ in range(300):
        picked = rng.integers(0, 20_000, 1_504)
        sides = (_of_clusters(world, picked) for world in worlds)
        amounts: dict[str, Array] = dict(zip(("amount", "against"), sides, strict=True))
        found = size_ratio.ESTIMATOR.estimate(counted(_items(80), amounts))
        covered += bool(found.low[0] <= truth <= found.high[0])
    assert 0.92 <= covered / 300 <= 0.98


def test_the_interval_of_the_effective_number_covers_the_truth_as_often_as_it_says():
    """Six titles of four images each, whose accounts see one of them most."""
    rng = np.random.default_rng(9)
    keys = pl.DataFrame({"stratum": np.repeat(np.arange(6), 4), "kind": np.arange(24)})
    draw = np.tile([4.0, 2.0, 1.0, 1.0], 6)
    world = rng.poisson(draw[:, None] * rng.gamma(0.5, 1.0, (24, 20_000))).astype(float)
    shares = world.sum(axis=1).reshape(6, 4)
    truth = np.mean([np.exp(entropy(stratum)) for stratum in shares])
    by_account = np.ascontiguousarray(world.T)
    covered = 0
    for _ in range(300):
        amounts = _of_clusters(by_account, rng.integers(0, 20_000, 1_504))
        found = effective_number.ESTIMATOR.estimate(counted(keys, {"amount": amounts}))
        covered += bool(found.low[0] <= truth <= found.high[0])
    assert 0.91 <= covered / 300 <= 0.98
