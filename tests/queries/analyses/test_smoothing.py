"""The level and the season against statsmodels, and what one odd day may move."""

import numpy as np
import pytest

from queries.analyses.smoothing import FIRST_DAYS, WEEK, smoothed
from queries.formula import Array

DAY = np.arange(70)
SERIES = 8 + 0.01 * DAY + 0.2 * np.sin(2 * np.pi * DAY / WEEK) + 0.05 * np.cos(1.7 * DAY)
# statsmodels 0.15.0: ETSModel(SERIES[28:], error="add", seasonal="add", seasonal_periods=7) with
# the medians of the first 28 days as its known initial state, smoothed with smoothing_level .25 and
# smoothing_seasonal .15: fitted values of some days, and the forecast of three days to come.
FITTED = {28: 8.13054708, 29: 8.3337452, 30: 8.34665081, 38: 8.4039833, 69: 8.50419512}
AHEAD = (8.65520967, 8.80022129, 8.83912391)


@pytest.mark.parametrize("is_share", [False, True])
def test_days_are_foretold_as_statsmodels_does(*, is_share: bool):
    shift = 7.8 if is_share else 0.0
    values = np.sin(SERIES - shift) ** 2 if is_share else np.exp(SERIES)
    found = smoothed(values[None], is_share=is_share)
    assert found.expected[0, [*FITTED]] + shift == pytest.approx([*FITTED.values()], abs=1e-8)
    weekdays = (len(DAY) + np.arange(3)) % WEEK
    ahead = found.level[0, -1] + found.season[0, -1, weekdays] + shift
    assert ahead == pytest.approx(AHEAD, abs=1e-8)


def test_an_odd_day_moves_the_next_by_no_more_than_two_scales_let_it():
    def next_day(factor: float) -> tuple[float, float]:
        dice = np.random.default_rng(2)
        values: Array = np.exp(8 + dice.normal(0, 0.05, (1, 70)))
        values[0, 60] *= factor
        found = smoothed(values, is_share=False)
        return float(found.level[0, 60]), float(found.scale[0, 60])

    (level, scale), (odd, _), (odder, _) = next_day(1.0), next_day(20.0), next_day(2_000.0)
    assert odd == odder
    assert abs(odd - level) <= 0.25 * 2 * 2 * scale


def test_nothing_is_foretold_before_the_first_days_are_over():
    found = smoothed(np.exp(SERIES)[None], is_share=False)
    assert np.isnan(found.expected[0, :FIRST_DAYS]).all()
