"""A page's analyses and its changes tried together, in worlds in which nothing happens."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.analyses import artwork, flow, outage, price_change, standing_out
from queries.analyses.findings import find, is_discovery
from queries.analyses.multiple_testing import benjamini_hochberg
from tests.queries.analyses import (
    test_findings,
    test_flow,
    test_outage,
    test_price_change,
    test_standing_out,
)
from tests.queries.analyses.image_worlds import images

PAGES = 200
LEVEL = 0.1


@cache
def quiet(seed: int) -> list[float]:
    """The p-values of the analyses of one page on which nothing happened."""
    dice = np.random.default_rng(seed)
    alike = test_standing_out.world(dice, dict.fromkeys("abcdef", 0.05))
    months = len(test_price_change.MONTHS)
    prices = [
        test_price_change.side((dice.binomial(2000, 0.05, months) / 2000).tolist(), 2000.0)
        for _ in "ab"
    ]
    caused = price_change.difference(test_price_change.CHANGE, prices, "rate", "n")
    assert caused is not None
    return [
        outage.chance(test_outage.world(dice)),
        float(standing_out.standing_out(alike, "cdn", ["m"])["q"][0]),
        flow.chance(flow.waits(test_flow.world(seed))),
        float(np.min(artwork.winners(images(dice, titles=12))["q"].drop_nulls().to_numpy())),
        price_change.chance(caused),
    ]


def test_where_nothing_happens_at_most_one_page_in_ten_claims_anything():
    claiming = 0
    for seed in range(PAGES):
        found = find(test_findings.Page(seed, 4_000).answers(), beside=quiet(seed))
        claiming += bool(found.claims) or any(found.beside)
    assert claiming <= LEVEL * PAGES


@pytest.mark.parametrize("analysis", range(5))
def test_an_analysis_alone_claims_as_seldom(analysis: int):
    chances = np.array([quiet(seed)[analysis] for seed in range(PAGES)])
    error = np.sqrt(LEVEL * (1 - LEVEL) / PAGES)
    assert (chances <= LEVEL).mean() <= LEVEL + 2 * error


def test_an_image_that_earns_three_times_as_much_is_the_one_named():
    for seed in range(10):
        found = artwork.winners(images(np.random.default_rng(seed), titles=12, best=3.0))
        first = found.row(0, named=True)
        assert (first["title"], first["artwork"]) == ("T00", 1)
        assert first["q"] <= artwork.LEVEL
        assert first["gain_low"] > 0


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=60))
def test_the_least_q_is_simes_p(p: list[float]):
    """Simes 1986: min over i of n p(i) / i. Below a level exactly where something is rejected."""
    ordered = np.sort(p)
    simes = float(np.min(len(p) * ordered / np.arange(1, len(p) + 1)))
    assert min(benjamini_hochberg(p)) == pytest.approx(min(simes, 1.0))
    if abs(simes - LEVEL) > 1e-9:
        assert any(is_discovery(p)) == (simes <= LEVEL)
