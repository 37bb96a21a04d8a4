"""Concentration: identities, values worked out by hand, and the coverage of the jackknife."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.analyses.cluster import CLUSTERS
from queries.analyses.concentration import concentration, effective_size, gini, uplift

AMOUNTS = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=60)


@given(AMOUNTS)
def test_effective_size_is_titles_times_one_less_gini(amounts: list[float]):
    values = np.array(amounts)
    expected = len(values) * (1 - float(gini(values)))
    assert float(effective_size(values)) == pytest.approx(expected, rel=1e-9)


@given(AMOUNTS, st.floats(0.001, 1000))
def test_neither_the_unit_nor_the_order_matters(amounts: list[float], factor: float):
    again = float(effective_size(np.array(amounts[::-1]) * factor))
    assert again == pytest.approx(float(effective_size(np.array(amounts))), rel=1e-9)


def test_all_watched_alike_is_the_whole_catalogue_and_one_title_is_one():
    assert float(effective_size(np.ones(250))) == pytest.approx(250)
    assert float(gini(np.ones(250))) == pytest.approx(0)
    assert float(effective_size(np.array([5.0]))) == pytest.approx(1)


def test_the_values_of_a_small_catalogue_worked_out_by_hand():
    # Shares .6, .3, .1: 2 (.6 + .6 + .3) - 1 = 2, and Gini = 1 - 2 / 3.
    assert float(effective_size(np.array([3.0, 1.0, 6.0]))) == pytest.approx(2)
    assert float(gini(np.array([3.0, 1.0, 6.0]))) == pytest.approx(1 / 3)


def test_an_empty_catalogue_has_no_concentration():
    frame = pl.DataFrame({"title_id": [1, 2], "cluster": [0, 1], "hours_viewed": [0.0, 0.0]})
    assert concentration(frame) is None
    assert concentration(frame.head(0)) is None


def test_the_curve_rises_from_nothing_to_everything_and_the_top_is_read_off_it():
    hours = np.array([50.0, 20.0, 10.0, 5.0, 5.0, 4.0, 3.0, 1.0, 1.0, 1.0])
    found = concentration(pl.DataFrame({"title_id": range(10), "hours_viewed": hours}))
    assert found is not None
    assert found.titles == 10
    assert found.top_tenth == pytest.approx(0.5)
    assert found.top_percent == pytest.approx(0.05)
    assert found.curve["viewing"][0] == 0
    assert found.curve["viewing"][-1] == pytest.approx(1)
    assert found.curve["viewing"].is_sorted()
    assert np.isnan(found.gini.low)


def _world(rng: np.random.Generator, accounts: int, *, tilt: float = 0.0) -> np.ndarray:
    """Hours by title and account: popular titles for all, and accounts of unlike activity."""
    popularity = np.exp(rng.normal(0, 1.2, 80)) ** (1 + tilt)
    activity = np.exp(rng.normal(0, 0.9, accounts))
    return rng.poisson(np.outer(popularity / popularity.sum(), activity) * 30).astype(float)


def _frame(hours: np.ndarray, picked: np.ndarray, metric: str = "hours_viewed") -> pl.DataFrame:
    cluster = np.arange(len(picked)) % CLUSTERS
    by_cluster = np.zeros((len(hours), CLUSTERS))
    np.add.at(by_cluster.T, cluster, hours[:, picked].T)
    title, at = np.nonzero(by_cluster)
    return pl.DataFrame({"title_id": title, "cluster": at, metric: by_cluster[title, at]})


def test_the_interval_of_gini_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(7)
    world = _world(rng, 40_000)
    truth = float(gini(world.sum(axis=1)))
    covered = 0
    for _ in range(300):
        found = concentration(_frame(world, rng.integers(0, 40_000, 1_500)))
        assert found is not None
        covered += found.gini.low <= truth <= found.gini.high
    assert 0.92 <= covered / 300 <= 0.98


def test_uplift_leaves_the_same_accounts_out_of_both_sides():
    picked = np.arange(2_000)
    personal = _frame(_world(np.random.default_rng(1), 2_000), picked)
    popular = _frame(_world(np.random.default_rng(1), 2_000, tilt=0.8), picked)
    found = uplift(personal, popular, "hours_viewed", "title_id")
    assert 1 < found.low < found.value < found.high
    same = uplift(personal, personal, "hours_viewed", "title_id")
    assert same.value == same.low == same.high == 1
