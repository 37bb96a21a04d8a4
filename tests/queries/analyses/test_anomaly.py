"""Days out of line: no false alarms on normal days, nothing read from the future, outages found."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from queries.analyses.anomaly import BEYOND, WARM_UP, Watched, foretold, told, watched
from queries.dataset import ROWS, Metric
from queries.formula import Array

DAYS = 120
FIRST = date(2026, 1, 5)
AMOUNT = Metric(name="amount", label="Amount", formula=ROWS)


def normal_days(seed: int, series: int = 1, noise: float = 0.04) -> Array:
    """A drifting level, a weekly season and noise that remembers the day before."""
    random = np.random.default_rng(seed)
    days = WARM_UP + DAYS
    season = random.normal(0, 0.15, (series, 7))[:, np.arange(days) % 7]
    level = np.cumsum(random.normal(0, 0.003, (series, days)), axis=1) + 8
    errors = random.normal(0, noise, (series, days))
    errors[:, 1:] += 0.3 * errors[:, :-1]
    return np.exp(level + season + errors)


def test_at_most_one_false_alarm_in_120_normal_days_of_49_worlds_in_50():
    z = foretold(normal_days(1, series=300), is_share=False).z
    counts = np.array([told(series).sum() for series in z])
    assert np.mean(counts <= 1) >= 0.98
    assert np.mean(counts == 0) >= 0.90
    assert np.mean(counts) < 0.15


def test_forty_series_together_raise_no_more_false_alarms_than_promised():
    z = foretold(normal_days(2, series=40 * 60), is_share=False).z
    worlds = [told(world).any() for world in np.split(z, 60)]
    assert np.mean(worlds) <= 0.05


def test_where_nothing_happens_about_two_logs_in_a_hundred_tell_a_day():
    z = foretold(normal_days(11, series=1000), is_share=False).z
    alone = np.mean([told(series).any() for series in z])
    forty = np.mean([told(world).any() for world in np.split(z, 25)])
    assert 0.005 <= alone <= 0.035
    assert forty <= 0.08


def test_errors_are_about_as_wide_as_their_scale_says():
    z = foretold(normal_days(1, series=400), is_share=False).z[:, WARM_UP:]
    within = np.mean(np.abs(z) < 1)
    assert within == pytest.approx(norm.cdf(1) - norm.cdf(-1), abs=0.03)
    assert np.mean(np.abs(z) > BEYOND) < 0.006


def test_an_outage_is_told_and_the_days_after_it_are_not():
    values = normal_days(3, series=20)
    values[4, 130] *= 0.6
    found = np.argwhere(told(foretold(values, is_share=False).z)).tolist()
    assert found == [[4, 130]]


def test_a_forecast_does_not_know_the_day_it_is_for():
    values = normal_days(5)
    changed = values.copy()
    changed[0, 140:] *= 3
    before, after = (foretold(v, is_share=False) for v in (values, changed))
    np.testing.assert_array_equal(before.expected[:, :141], after.expected[:, :141])
    np.testing.assert_array_equal(before.z[:, :140], after.z[:, :140])


def test_another_unit_of_an_amount_changes_no_error():
    values = normal_days(6, series=3)
    one, other = (foretold(v, is_share=False).z for v in (values, values * 1000))
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8, equal_nan=True)


def test_a_share_is_foretold_between_0_and_1_and_its_jump_is_told():
    random = np.random.default_rng(2)
    values = random.binomial(20_000, 0.006, (10, WARM_UP + DAYS)) / 20_000
    assert not told(foretold(values, is_share=True).z).any()
    values[7, 100] = 0.08
    made = foretold(values, is_share=True)
    assert np.argwhere(told(made.z)).tolist() == [[7, 100]]
    known = made.low[:, WARM_UP:]
    assert ((known >= 0) & (made.high[:, WARM_UP:] <= 1)).all()


def answers(values: Array, accounts: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [
        {"date": FIRST + timedelta(days=day), "place": f"p{i}", "amount": float(value)}
        for i, series in enumerate(values)
        for day, value in enumerate(series)
    ]
    frame = pl.DataFrame(rows)
    return frame, frame.select("date", "place", pl.lit(accounts).alias("accounts"))


def test_a_day_without_rows_is_an_amount_of_none_and_told():
    frame, accounts = answers(normal_days(8, series=3), 500)
    gap = FIRST + timedelta(days=90)
    frame = frame.filter(~((pl.col("date") == gap) & (pl.col("place") == "p1")))
    found = watched((AMOUNT,), frame, accounts).told
    assert found.select("day", "slice").rows() == [(gap, "p1")]


def test_slices_with_fewer_than_200_accounts_are_left_out():
    values = normal_days(9, series=2)
    values[:, 100] = 0
    many = watched((AMOUNT,), *answers(values, 200))
    few = watched((AMOUNT,), *answers(values, 199))
    assert many.told.height == 2
    assert (few.told.height, few.series, few.few) == (0, 0, 2)


def test_too_little_past_foretells_nothing():
    frame, accounts = answers(normal_days(10, series=2)[:, :WARM_UP], 500)
    assert watched((AMOUNT,), frame, accounts).told.is_empty()
    assert watched((AMOUNT,), frame.clear(), accounts).told.is_empty()


def test_the_chance_of_the_farthest_error_is_of_all_that_was_looked_at():
    lone = Watched(pl.DataFrame({"z": [8.0, 0.1, -0.2]}))
    among = Watched(pl.DataFrame({"z": [8.0, *([0.1] * 299)]}))
    assert among.chance == pytest.approx(100 * lone.chance)
    assert Watched(pl.DataFrame()).chance == 1
