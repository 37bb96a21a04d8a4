"""Bands of a forecast: how often they hold, simulated and on the demo, and what they may see."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import t as student_t

from queries.analyses.forecast import AHEAD, FEWEST_DAYS, bands, four_weeks, one_step
from queries.analyses.smoothing import smoothed
from queries.formula import Array
from queries.lake.lake import Lake

FIRST = date(2026, 3, 2)


def worlds(
    seed: int, days: int, *, walk: float, noise: float, series: int = 500, season: float = 0.12
) -> Array:
    """Hours a day of many series: a level that walks, a week, and noise, all in logarithms."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.normal(0, walk, (series, days)), axis=1)
    week = rng.normal(0, season, (series, 7))
    weekly = (week - week.mean(axis=1, keepdims=True))[:, np.arange(days) % 7]
    return np.exp(8 + level + weekly + rng.normal(0, noise, (series, days)))


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(n) for n in range(count)]


@pytest.mark.parametrize(("walk", "noise"), [(0.0, 0.03), (0.01, 0.03), (0.02, 0.02)])
@pytest.mark.parametrize("days", [84, 180])
def test_nine_days_in_ten_lie_within_the_band_of_the_day_before(
    days: int, walk: float, noise: float
):
    values = worlds(1, days, walk=walk, noise=noise)
    low, high = one_step(smoothed(values, is_share=False))
    known = np.isfinite(low)
    assert known.sum() > 10_000
    assert 0.89 <= ((values >= low) & (values <= high))[known].mean() <= 0.94


@pytest.mark.parametrize(("walk", "noise"), [(0.0, 0.03), (0.005, 0.06), (0.01, 0.03)])
@pytest.mark.parametrize("days", [84, 180])
def test_the_four_weeks_to_come_lie_within_their_band_at_least_as_often_as_it_says(
    days: int, walk: float, noise: float
):
    values = worlds(2, days + AHEAD, walk=walk, noise=noise)
    _, low, high = four_weeks(smoothed(values[:, :days], is_share=False))
    later = values[:, days:]
    inside = ((later >= low) & (later <= high)).mean(axis=0)
    assert inside.reshape(4, 7).mean(axis=1).min() >= 0.89
    assert inside.mean() <= 0.98


def test_a_level_that_walks_as_fast_as_days_differ_is_still_mostly_within():
    for days, least in ((84, 0.85), (180, 0.88)):
        values = worlds(3, days + AHEAD, walk=0.02, noise=0.02)
        _, low, high = four_weeks(smoothed(values[:, :days], is_share=False))
        later = values[:, days:]
        assert ((later >= low) & (later <= high)).mean() >= least


def test_no_band_has_seen_the_day_it_is_judged_by():
    values = worlds(4, 120, walk=0.01, noise=0.03, series=1)
    spoilt = values.copy()
    spoilt[:, 100] *= 3
    whole, other = (smoothed(v, is_share=False) for v in (values, spoilt))
    for one, two in zip(one_step(whole), one_step(other), strict=True):
        assert np.array_equal(one[:, :101], two[:, :101], equal_nan=True)
        assert not np.array_equal(one[:, 101:], two[:, 101:])


def test_an_outage_does_not_spoil_the_weeks_after_it():
    values = worlds(5, 120, walk=0.0, noise=0.02, series=200)
    spoilt = values.copy()
    spoilt[:, 110] *= 0.3
    middle, spoilt_middle = (four_weeks(smoothed(v, is_share=False))[0] for v in (values, spoilt))
    assert np.abs(spoilt_middle / middle - 1).max() < 0.06


def test_the_unit_of_a_number_does_not_matter():
    values = worlds(6, 100, walk=0.01, noise=0.03, series=1)[0].tolist()
    days = days_from(FIRST, 100)
    one = bands(days, values, is_share=False)
    other = bands(days, [v * 60 for v in values], is_share=False)
    assert one is not None
    assert other is not None
    for name in ("expected", "low", "high"):
        ratio = other.ahead[name] / one.ahead[name]
        assert ratio.to_list() == pytest.approx([60] * AHEAD)


def test_a_share_stays_one():
    rng = np.random.default_rng(7)
    values = (0.97 + rng.normal(0, 0.02, 100)).clip(0, 1).tolist()
    found = bands(days_from(FIRST, 100), values, is_share=True)
    assert found is not None
    for part in (found.known, found.ahead):
        assert part["low"].min() >= 0  # type: ignore[operator]
        assert part["high"].max() <= 1  # type: ignore[operator]


def test_the_days_to_come_follow_the_last_one_and_too_few_days_have_none():
    values = worlds(8, FEWEST_DAYS, walk=0.0, noise=0.03, series=1)[0].tolist()
    days = days_from(FIRST, FEWEST_DAYS)
    found = bands(days, values, is_share=False)
    assert found is not None
    assert found.ahead["day"].to_list() == days_from(days[-1] + timedelta(1), AHEAD)
    assert (found.ahead["low"] < found.ahead["expected"]).all()
    assert bands(days[1:], values[1:], is_share=False) is None
    assert bands([], [], is_share=False) is None


def test_a_day_that_is_missing_is_not_known_rather_than_nothing():
    values: list[float | None] = [*worlds(9, 100, walk=0.0, noise=0.02, series=1)[0].tolist()]
    values[90] = None
    days = days_from(FIRST, 100)
    found = bands(days, values, is_share=False)
    left_out = bands(days[:90] + days[91:], values[:90] + values[91:], is_share=False)
    assert found is not None
    assert left_out is not None
    assert found.ahead.equals(left_out.ahead)
    assert days[90] not in found.known["day"].to_list()


def test_the_band_of_the_day_before_is_student_s_on_the_scale_of_logarithms():
    found = smoothed(worlds(10, 90, walk=0.01, noise=0.03, series=3), is_share=False)
    low, high = one_step(found)
    wanted = student_t.interval(0.9, 12, loc=found.expected[:, 60:], scale=found.scale[:, 60:])
    for end, logs in zip((low, high), wanted, strict=True):
        assert np.log(end[:, 60:]) == pytest.approx(logs)


@pytest.mark.demo
def test_the_bands_hold_on_the_days_of_the_demo(demo_home: Path):
    """By country and device, so that there are days enough to judge by."""
    lake = Lake(demo_home / "lake").snapshot()
    last = lake.complete_through("playback")
    plays = pl.read_parquet(
        list(lake.files("playback")), columns=["country", "device", "local_date", "watched_s"]
    ).filter(pl.col("local_date") <= last)
    a_day_ahead, further = list[bool](), list[bool]()
    for by in ("country", "device"):
        hours = plays.group_by(by, "local_date").agg(pl.col("watched_s").sum() / 3600)
        for _, series in hours.sort("local_date").group_by(by):
            days: list[date] = series["local_date"].to_list()
            values: list[float | None] = series["watched_s"].to_list()
            if len(days) < FEWEST_DAYS + 5 or min(v or 0 for v in values) < 10:
                continue
            found = bands(days[:-5], values[:-5], is_share=False)
            assert found is not None
            a_day_ahead += [
                *(found.known["value"].is_between(found.known["low"], found.known["high"]))
            ]
            ends = found.ahead.head(5)
            further += [
                low <= (value or 0) <= high
                for low, high, value in zip(ends["low"], ends["high"], values[-5:], strict=True)
            ]
    assert len(a_day_ahead) > 200
    assert len(further) > 30
    assert 0.85 <= np.mean(a_day_ahead) <= 0.96
    assert np.mean(further) >= 0.85
