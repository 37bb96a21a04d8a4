"""What a campaign brought, cost and returned: worked by hand, by loops, and by simulation."""

import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from queries.estimators import incremental_signups, payback_months, return_on_spend
from queries.estimators.campaign_returns import Returns, product
from queries.estimators.estimator import Counted
from queries.estimators.geo_difference import Regions, brought, over_brought, total
from queries.estimators.registry import estimator
from queries.formula import Array
from queries.interval import Estimate
from tests.queries.estimators.counts import counted

TERMS = {"horizon": 24.0, "margin": 0.4, "discount": 0.1}


def regions(dice: np.random.Generator, lift: float, a_day: float) -> tuple[Regions, float]:
    """Twelve regions, half of them treated by lot, four weeks before and four during."""
    size = dice.uniform(1, 6, 12) * a_day * 28
    treated = np.isin(np.arange(12), dice.permutation(12)[:6])
    before, during = dice.poisson(size), dice.poisson(size * (1 + lift * treated))
    truth = float((size * lift * treated).sum())
    return Regions((during - before).astype(float), treated, ("US",) * 12), truth


def test_what_was_brought_is_the_difference_of_the_mean_changes_times_the_regions():
    change, treated = np.array([10.0, 14, 8, 3, 5, 1]), np.array([True] * 3 + [False] * 3)
    here = Regions(change, treated, ("US",) * 6)
    assert total(here) == pytest.approx(3 * (32 / 3 - 9 / 3))
    assert brought(here).signups.value == pytest.approx(total(here))


def test_the_p_is_the_share_of_all_ways_to_hold_regions_out():
    """All 924 ways to treat six of twelve regions, one by one, against the re-drawn ones."""
    here, _ = regions(np.random.default_rng(8), 0.4, 1.0)
    found = abs(here.change[here.treated].mean() - here.change[~here.treated].mean())
    ways = list(combinations(range(12), 6))
    apart = 0
    for way in ways:
        mine = np.isin(np.arange(12), way)
        apart += abs(here.change[mine].mean() - here.change[~mine].mean()) >= found - 1e-9
    assert brought(here).p == pytest.approx(apart / len(ways), abs=0.02)


def test_an_amount_over_what_was_brought_is_in_its_interval_where_the_truth_is_in_the_other():
    held = told = 0
    dice = np.random.default_rng(9)
    for _ in range(150):
        here, truth = regions(dice, 0.6, 2.0)
        cost = over_brought(1_000.0, brought(here).signups)
        if not math.isnan(cost.value):
            told += 1
            held += cost.low <= 1_000 / truth <= cost.high
    assert told > 100
    assert held / told > 0.91


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_nothing_is_divided_by_what_may_be_nothing(low: float):
    assert math.isnan(over_brought(5.0, Estimate(3.0, low, 7.0)).value)


def test_the_interval_of_a_product_covers_it_as_often_as_it_says():
    """A normal number that is often near zero, times a positive one; 3,000 draws of both."""
    dice, held = np.random.default_rng(10), 0
    z, one, other = 1.96, (20.0, 12.0), (55.0, 6.0)
    for _ in range(3_000):
        a, b = dice.normal(*one), dice.normal(*other)
        value, ends = np.array([b]), (np.array([b - z * other[1]]), np.array([b + z * other[1]]))
        left = Estimate(a, a - z * one[1], a + z * one[1])
        found = product(left, Returns(value, *ends))
        held += found.low[0] <= one[0] * other[0] <= found.high[0]
    assert 0.94 < held / 3_000 < 0.965


def test_over_a_normal_number_the_interval_is_fieller_s():
    """MOVER-R with symmetric intervals is Fieller 1954: where (a - r b)² is z² of its variance."""
    a, b, z = (3.0, 1.2), (2.0, 0.4), 1.96
    found = product(
        Estimate(a[0], a[0] - z * a[1], a[0] + z * a[1]),
        Returns(np.array([1 / b[0]]), *(1 / np.array([b[0] + s * z * b[1]]) for s in (1, -1))),
    )
    ends = np.roots([b[0] ** 2 - (z * b[1]) ** 2, -2 * a[0] * b[0], a[0] ** 2 - (z * a[1]) ** 2])
    assert (found.low[0], found.high[0]) == pytest.approx((min(ends), max(ends)))


def test_times_a_number_without_error_a_product_keeps_the_interval():
    for left in (Estimate(4.0, 1.0, 9.0), Estimate(4.0, -1.0, 9.0), Estimate(-4.0, -9.0, -1.0)):
        five = np.array([5.0])
        found = product(left, Returns(five, five - 1e-9, five + 1e-9))
        assert (found.low[0], found.high[0]) == pytest.approx((5 * left.low, 5 * left.high))


def _world(spend: float = 10_000.0) -> Counted:
    """One campaign: regions in month -1, and a cohort that loses a tenth a month and pays 10."""
    here, _ = regions(np.random.default_rng(11), 1.0, 2.0)
    keys: list[dict[str, object]] = []
    rows: list[list[float]] = []
    for n, treated in enumerate(here.treated):
        about: dict[str, object] = {
            "campaign": "a",
            "region": f"r{n}",
            "held_out": not treated,
            "country": "US",
        }
        keys.append(about | {"month": -1})
        rows.append([0.0, here.change[n] + 100, spend * treated / 6, 0, 0, 0])
        rows[-1][0] = 100.0
        left = 1_000.0
        for month in range(20):
            keys.append(about | {"month": month})
            rows.append([0, 0, 0, left, left * 0.1, left * 10])
            left *= 0.9
    amounts: dict[str, Array] = {}
    cluster = np.array([int(str(k["region"])[1:]) for k in keys])
    for place, name in enumerate(return_on_spend.ESTIMATOR.amounts):
        amounts[name] = np.zeros((len(keys), 32))
        amounts[name][np.arange(len(keys)), cluster] = [row[place] for row in rows]
    return counted(pl.DataFrame(keys), amounts, settings=TERMS)


def test_a_return_is_what_was_brought_times_what_a_membership_earns_over_what_was_spent():
    """A tenth leaves in every month, so the value is a finite geometric sum."""
    world = _world()
    signups = incremental_signups.ESTIMATOR.estimate(world).values[0]
    earned = 0.0
    for month in range(24):
        earned += 10 * 0.4 * 0.9**month / 1.1 ** (month / 12)
    found = return_on_spend.ESTIMATOR.estimate(world)
    assert found.values[0] == pytest.approx(signups * earned / 10_000, rel=1e-3)
    assert found.low[0] < found.values[0] < found.high[0]


def test_it_is_paid_back_in_the_first_month_whose_return_reaches_one():
    world = _world()
    spent = 10_000 * return_on_spend.ESTIMATOR.estimate(_world(10_000)).values[0]
    signups = incremental_signups.ESTIMATOR.estimate(world).values[0]
    earned, month = 0.0, 0
    while signups * earned < spent / 2:
        earned += 10 * 0.4 * 0.9**month / 1.1 ** (month / 12)
        month += 1
    found = payback_months.ESTIMATOR.estimate(_world(spent / 2))
    assert found.values[0] == month
    assert found.low[0] <= month


def test_what_is_not_paid_back_has_no_month():
    assert math.isnan(payback_months.ESTIMATOR.estimate(_world(1e9)).values[0])


@pytest.mark.parametrize("name", ["incremental_signups", "return_on_spend", "payback_months"])
def test_a_campaign_is_asked_for_by_name(name: str):
    assert estimator(name).key("campaign").is_asked
