"""A series by day as a level and a weekly season, each day foretold from the days before it.

Exponential smoothing without trend (Winters 1960, Forecasting sales by exponentially weighted
moving averages), with errors clipped before they move the state, so that an outage does not spoil
the days after it (Gelper, Fried & Croux 2010, Robust forecasting with exponential and Holt-Winters
smoothing). Shares are smoothed as arcsin of their root, amounts as logarithms, where the noise of a
series is alike on all its days.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from queries.formula import Array

Flags = NDArray[np.bool_]
Back = Callable[[Array], Array]

WEEK = 7
FIRST_DAYS = 28
KNOWN_ERRORS = 28
_LEVEL, _SEASON = 0.25, 0.15
_CLIP = 2.0
_TO_SIGMA = 1.4826
_HALF = 0.5
_CALMEST = 0.75


@dataclass(frozen=True, slots=True)
class Smoothed:
    """What was foretold for a day the day before, how wrong that was, and the state after it.

    Arrays are `series x days` on the smoothed scale, which `back` undoes; `scale` is the robust one
    of the errors before a day. `level` and `season` (`series x days x 7`) are NaN before there is a
    state.
    """

    expected: Array
    errors: Array
    scale: Array
    level: Array
    season: Array
    back: Back


def smoothed(values: Array, *, is_share: bool) -> Smoothed:
    """Foretell every day of `series x days` from the days before it; NaN is a day not known."""
    scaled, back = on_scale(values, is_share=is_share)
    expected, scale, errors, levels = (np.full(values.shape, np.nan) for _ in range(4))
    seasons = np.full((*values.shape, WEEK), np.nan)
    level, season = _begun(scaled[:, :FIRST_DAYS])
    for day in range(FIRST_DAYS, len(values.T)):
        weekday = day % WEEK
        expected[:, day] = level + season[:, weekday]
        errors[:, day] = scaled[:, day] - expected[:, day]
        scale[:, day] = scale_of(errors[:, FIRST_DAYS:day])
        limit = np.where(np.isfinite(scale[:, day]), _CLIP * scale[:, day], np.inf)
        moved = np.nan_to_num(np.clip(errors[:, day], -limit, limit))
        level = level + _LEVEL * moved
        season[:, weekday] += _SEASON * moved
        levels[:, day], seasons[:, day] = level, season
    return Smoothed(expected, errors, scale, levels, seasons, back)


def on_scale(values: Array, *, is_share: bool) -> tuple[Array, Back]:
    """Values where their noise is alike on all days, and the way back."""
    if is_share:
        return _of_share(values), _to_share
    return _of_amount(values), _to_amount


def scale_of(errors: Array) -> Array:
    """Of the last errors, but never under three quarters of that of all: no luck makes alarms."""
    last = errors[:, -KNOWN_ERRORS:]
    enough = np.isfinite(last).sum(axis=1) >= KNOWN_ERRORS * _HALF
    sizes = np.fmax(_median(np.abs(last)), _CALMEST * _median(np.abs(errors)))
    return np.where(enough, _TO_SIGMA * sizes, np.nan)


def _begun(first: Array) -> tuple[Array, Array]:
    """The level and the season of the first weeks: medians, so that one odd day counts little."""
    by_weekday = np.stack([_median(first[:, d::WEEK]) for d in range(WEEK)], axis=1)
    level = np.nan_to_num(_median(by_weekday))
    return level, np.nan_to_num(by_weekday - level[:, None])


def _median(values: Array) -> Array:
    """Of what is known of each series; NaN of nothing. Missing values sort behind all others."""
    ordered = np.sort(values, axis=1)
    known = np.count_nonzero(~np.isnan(values), axis=1)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    rows = np.arange(len(values))
    middle = ordered[rows, np.maximum(known - 1, 0) // 2] + ordered[rows, known // 2]
    return np.where(known > 0, middle / 2, np.nan)


def _of_share(values: Array) -> Array:
    return np.arcsin(np.sqrt(np.clip(values, 0, 1)))


def _to_share(values: Array) -> Array:
    return np.sin(np.clip(values, 0, np.pi / 2)) ** 2


def _of_amount(values: Array) -> Array:
    """Logarithms; nothing at all counts as half of the least that ever was."""
    with np.errstate(all="ignore"):
        least = np.nanmin(np.where(values > 0, values, np.nan), initial=np.inf, axis=1)
    floor = np.where(np.isfinite(least), least / 2, 1.0)
    return np.log(np.maximum(values, floor[:, None]))


def _to_amount(values: Array) -> Array:
    return np.exp(values)
