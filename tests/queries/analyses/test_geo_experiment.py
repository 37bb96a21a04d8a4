"""Campaigns with regions held out: published arithmetic, coverage, false alarms, placebos."""

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.analyses.cluster import Estimate
from queries.analyses.geo_experiment import (
    GeoExperiment,
    brought,
    cost,
    difference,
    read,
    redrawn,
    weekly,
)
from queries.formula import Array

START = date(2026, 9, 1)
COUNTRIES = ("US",) * 10 + ("BR",) * 5 + ("GB",) * 5 + ("DE",) * 4
SIZE = np.array([9, 6, 5, 4, 4, 3, 3, 2, 2, 2, 5, 4, 3, 2, 1, 6, 3, 2, 2, 1, 4, 3, 2, 2], float)


def drawn(
    dice: np.random.Generator, lift: float, a_day: float = 0.2, length: int = 28
) -> tuple[GeoExperiment, float]:
    """A campaign in regions chosen by lot within countries, and the sign-ups it brings."""
    country = np.array(COUNTRIES)
    treated = np.zeros(len(country), bool)
    for name in sorted(set(COUNTRIES)):
        here = np.flatnonzero(country == name)
        treated[dice.permutation(here)[: (len(here) + 1) // 2]] = True
    pace = np.tile((a_day * SIZE)[:, None], (1, 2 * length))
    pace[:, length:] *= 1 + lift * treated[:, None]
    return GeoExperiment(
        campaign="one",
        dates=tuple(START + timedelta(n) for n in range(2 * length)),
        regions=tuple(f"{name}-{n}" for n, name in enumerate(COUNTRIES)),
        countries=COUNTRIES,
        treated=treated,
        days=dice.poisson(pace).astype(float),
        spend=5_000.0,
        attributed=200.0,
    ), float((a_day * SIZE * lift * treated).sum() * length)


def test_the_difference_in_differences_of_the_minimum_wage_is_the_published_one():
    # Card & Krueger 1994, table 3: New Jersey 20.44 to 21.03, Pennsylvania 23.33 to 21.17.
    change = np.array([21.03 - 20.44, 21.17 - 23.33])
    assert difference(change, np.array([1.0, 0.0])) == pytest.approx(2.75, abs=0.011)


def test_the_interval_holds_what_the_campaign_brought_as_often_as_it_says():
    dice = np.random.default_rng(1)
    held, values, truths = 0, [], []
    for _ in range(300):
        found, truth = drawn(dice, 0.4)
        effect = brought(found, redrawn(found, draws=400))
        held += effect.signups.low <= truth <= effect.signups.high
        values.append(effect.signups.value)
        truths.append(truth)
    assert 0.92 < held / 300 <= 0.99
    assert np.mean(values) == pytest.approx(np.mean(truths), rel=0.08)


def test_a_campaign_that_brings_nothing_is_called_as_rarely_as_promised():
    dice = np.random.default_rng(2)
    ps = [brought(f, redrawn(f, draws=400)).p for f, _ in (drawn(dice, 0.0) for _ in range(400))]
    assert 0.02 < np.mean([p < 0.05 for p in ps]) < 0.08


def test_a_strong_campaign_is_found_and_its_price_has_two_ends():
    found, truth = drawn(np.random.default_rng(3), 1.0, a_day=2.0)
    effect = brought(found)
    assert effect.p < 0.01
    assert effect.signups.low < truth < effect.signups.high
    one = cost(found.spend, effect.signups)
    assert 0 < one.low < found.spend / truth < one.high < math.inf


def test_re_drawn_campaigns_keep_as_many_regions_of_each_country():
    found, _ = drawn(np.random.default_rng(4), 0.0)
    draws = redrawn(found, draws=50)
    country = np.array(COUNTRIES)
    for name in sorted(set(COUNTRIES)):
        here = country == name
        assert set(draws[:, here].sum(axis=1)) == {found.treated[here].sum()}
    assert (draws == redrawn(found, draws=50)).all()


def test_too_few_regions_tell_nothing():
    found, _ = drawn(np.random.default_rng(5), 1.0)
    few = GeoExperiment(
        campaign="few", dates=found.dates, regions=found.regions[:4], countries=COUNTRIES[:4],
        treated=np.array([True, True, False, False]), days=found.days[:4], spend=1, attributed=1,
    )  # fmt: skip
    assert not few.has_enough
    assert math.isnan(brought(few).signups.value)


@pytest.mark.parametrize(
    ("signups", "low", "high"),
    [
        (Estimate(50, 20, 80), 12.5, 50),
        (Estimate(50, -20, 80), 12.5, math.inf),
        (Estimate(-50, -80, -20), math.nan, math.inf),
    ],
    ids=["sure", "zero cannot be excluded", "brought none"],
)
def test_a_cost_has_an_upper_end_only_where_something_was_surely_brought(
    signups: Estimate, low: float, high: float
):
    found = cost(1_000, signups)
    assert (found.low, found.high) == pytest.approx((low, high), nan_ok=True)


@given(st.floats(-100, 100), st.floats(0.1, 200), st.floats(1, 1e6))
def test_a_cost_is_in_its_interval_exactly_where_the_sign_ups_are_in_theirs(
    middle: float, half: float, spend: float
):
    """Fieller's set, by its definition: costs c for which spend − c · signups may be zero."""
    found = cost(spend, Estimate(middle, middle - half, middle + half))
    for price in (spend / 500, spend / 50, spend / 5, spend):
        allowed = middle - half <= spend / price <= middle + half
        if not math.isnan(found.low):
            assert (found.low <= price <= found.high) == allowed or price == pytest.approx(
                found.low
            )


def test_before_the_campaign_the_line_stays_in_the_band_and_rises_out_of_it_after():
    found, _ = drawn(np.random.default_rng(6), 1.5, a_day=2.0)
    frame = weekly(found)
    before, after = frame.filter(pl.col("week") < 0), frame.filter(pl.col("week") > 0)
    assert frame.height == 8
    assert after["week"].to_list() == [1, 2, 3, 4]
    assert (after["difference"] > after["high"]).all()
    inside = before["difference"].is_between(before["low"], before["high"])
    assert inside.sum() >= before.height / 2
    assert before["difference"].sum() == pytest.approx(0, abs=1e-9)


def test_an_answer_is_read_back_region_by_region():
    made, _ = drawn(np.random.default_rng(7), 0.5, length=7)
    rows = [
        {
            "campaign_id": 2, "campaign": "one", "geo": geo, "country": COUNTRIES[r],
            "is_holdout": not made.treated[r], "is_during": d >= 7, "date": made.dates[d],
            "signups": made.days[r, d], "spend": 1.0 if d >= 7 else 0.0, "attributed_signups": 0.5,
        }
        for r, geo in enumerate(made.regions)
        for d in range(14)
    ]  # fmt: skip
    (found,) = read(pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=1))
    order = [found.regions.index(geo) for geo in made.regions]
    days: Array = found.days[order]
    np.testing.assert_array_equal(days, made.days)
    np.testing.assert_array_equal(found.treated[order], made.treated)
    assert found.spend == 24 * 7
    assert found.attributed == 24 * 7 * 0.5
