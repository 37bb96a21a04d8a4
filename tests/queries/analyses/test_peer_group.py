"""Peers: likeness by hand, the band against its promise, and what must always hold."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from queries.analyses.peer_group import Band, Group, band, peers, standing

sizes = st.floats(1, 1e6)
traits = st.dictionaries(st.sampled_from(["Genre", "Kind"]), st.sampled_from("abc"))
groups = st.builds(Group, st.text("xyz", min_size=1, max_size=4), sizes, traits)
several = st.lists(groups, max_size=20, unique_by=lambda g: g.value)


def test_likeness_is_gowers_mean_over_size_and_traits():
    one = Group("one", 100, {"Genre": "drama", "Kind": "film"})
    twin = Group("twin", 110, {"Genre": "drama", "Kind": "film"})
    far = Group("far", 10_000, {"Genre": "drama", "Kind": "season"})
    bare = Group("bare", 1_000, {})
    found = {p.value: p for p in peers(one, [far, bare, twin, one])}
    span = np.log(100)
    assert found["twin"].likeness == pytest.approx((1 - np.log(1.1) / span + 2) / 3)
    assert found["far"].likeness == pytest.approx((0 + 1) / 3)
    assert found["bare"].likeness == pytest.approx(1 - np.log(10) / span)
    assert list(found) == ["twin", "bare", "far"]
    assert found["twin"].reasons == ("drama", "film", "about as large")
    assert found["far"].reasons == ("drama", "100× as large")


def test_likeness_is_one_less_the_mean_distance_of_scipy():
    dice = np.random.default_rng(6)
    sizes = dice.lognormal(5, 2, 30)
    traits = dice.integers(0, 3, (30, 2))
    made = [
        Group(f"g{n:02}", float(size), {"Genre": f"{one}", "Kind": f"{two}"})
        for n, (size, (one, two)) in enumerate(zip(sizes, traits, strict=True))
    ]
    logs = np.log(sizes)[:, None]
    apart = cdist(logs, logs, "cityblock") / np.ptp(logs) + 2 * cdist(traits, traits, "hamming")
    found = {p.value: p.likeness for p in peers(made[0], made, most=29)}
    assert found == pytest.approx({f"g{n:02}": 1 - apart[0, n] / 3 for n in range(1, 30)})


@given(groups, several, st.randoms())
def test_peers_are_others_whatever_their_order_and_the_most_alike_first(
    group: Group, others: list[Group], order: Random
):
    found = peers(group, others)
    shuffled = list(others)
    order.shuffle(shuffled)
    assert peers(group, shuffled) == found
    assert group.value not in [p.value for p in found]
    assert len(found) == min(12, len([o for o in others if o.value != group.value]))
    likeness = [p.likeness for p in found]
    assert likeness == sorted(likeness, reverse=True)
    assert all(0 <= one <= 1 + 1e-9 for one in likeness)
    assert all(p.reasons for p in found)


@given(groups, several)
def test_a_twin_is_the_first_peer(group: Group, others: list[Group]):
    twin = Group("twin", group.size, group.traits)
    assert peers(group, [*others, twin])[0].likeness == pytest.approx(1)


@pytest.mark.parametrize("count", [3, 6, 9, 12, 20])
def test_a_group_like_its_peers_lies_outside_as_often_as_is_said(count: int):
    """20,000 worlds of skewed exchangeable groups; the standard error of a fifth is 0.3 %."""
    worlds = np.random.default_rng(7).lognormal(sigma=1.2, size=(20_000, count + 1))
    outside = 0
    chance = 0.0
    for own, *others in worlds:
        among = band(others)
        assert among is not None
        chance = among.chance
        outside += standing(own, None, None, among) != "within"
    assert outside / len(worlds) == pytest.approx(chance, abs=0.012)


def test_the_band_has_the_quantiles_of_hyndman_and_fan_type_6():
    """R: quantile(1:12, c(.1, .5, .9), type = 6) is 1.3, 6.5 and 11.7."""
    found = band(list(range(1, 13)))
    assert found == Band(pytest.approx(1.3), 6.5, pytest.approx(11.7), 12)  # type: ignore[arg-type]
    assert band([1, 2, None]) is None
    assert band([3, 1, 2, float("nan")]) == Band(1, 2, 3, 3)


@pytest.mark.parametrize(
    ("ends", "side"),
    [((6, 7), "above"), ((0, 0.5), "below"), ((2, 3), "within"), ((4, 6), "unsure")],
)
def test_a_standing_is_told_only_with_the_whole_interval(ends: tuple[float, float], side: str):
    low, high = ends
    assert standing((low + high) / 2, low, high, Band(1, 3, 5, 12)) == side
