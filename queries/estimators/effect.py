"""The effect of a cell against its control: what it is, how sure one can be, and when one may look.

Per account and delta method for ratios (Deng, Knoblich & Lu 2018); relative effects by the delta
method on the log of the ratio of the two, never the absolute interval over the control's mean.
Adjusted by what the same accounts did before (CUPED, Deng, Xu, Kohavi & Walker 2013), θ pooled over
the cells. Two intervals: Welch's, which holds if one looks once, at the end; and the asymptotic
confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021 (theorem 2.2), which holds
at all looks together, tightest near the planned number of accounts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from queries.estimators.moments import Moments
from queries.formula import Array
from queries.tails import stdtr, stdtrit

ALPHA = 0.05
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Level:
    """A cell's value of a metric and its standard error, adjusted or not."""

    value: float
    error: float
    count: float


@dataclass(frozen=True, slots=True)
class Effect:
    """A cell over its control, less one; all in parts of the control. NaN where it has no value.

    `low` and `high` hold for one look, `always_low` and `always_high` for all looks together.
    `error` is the standard error of the log of the ratio.
    """

    value: float
    low: float
    high: float
    p: float
    always_low: float
    always_high: float
    always_p: float
    error: float
    difference: float
    difference_error: float

    @property
    def is_known(self) -> bool:
        return math.isfinite(self.value) and math.isfinite(self.low)


def levels(cells: Sequence[Moments], *, adjusted: bool) -> tuple[Level, ...]:
    """The metric in each cell; `adjusted` by what the accounts of all cells did before."""
    theta = pooled_theta(cells) if adjusted else 0.0
    everyone = sum(cells[1:], cells[0])
    before = _ratio(everyone.sums[2], everyone.sums[3]) if theta else 0.0
    return tuple(_level(cell, theta, before) for cell in cells)


def pooled_theta(cells: Sequence[Moments]) -> float:
    """θ = cov(Y, X) / var(X) over all cells, about each cell's own means; 0 without a covariate."""
    above = below = 0.0
    for cell in cells:
        if cell.count < _FEWEST or not cell.sums[3]:
            return 0.0
        now, earlier = _linear(cell, 0), _linear(cell, 2)
        above += (cell.count - 1) * float(now @ cell.covariance @ earlier)
        below += (cell.count - 1) * float(earlier @ cell.covariance @ earlier)
    return above / below if below > 0 and math.isfinite(above) else 0.0


def variance_kept(cells: Sequence[Moments]) -> float:
    """Share of the variance that is left after adjusting: 1 − ρ². NaN where there is none."""
    plain = sum(level.error**2 for level in levels(cells, adjusted=False))
    rest = sum(level.error**2 for level in levels(cells, adjusted=True))
    return rest / plain if plain > 0 else math.nan


def effect(treated: Level, control: Level, planned: float, alpha: float = ALPHA) -> Effect:
    """Compare two cells of an experiment that was planned for `planned` accounts in all."""
    difference = treated.value - control.value
    spread = math.hypot(treated.error, control.error)
    ratio = _ratio(treated.value, control.value)
    if not (ratio > 0 and control.value > 0 and math.isfinite(spread) and spread > 0):
        nothing = [math.nan] * 8
        return Effect(*nothing, difference=difference, difference_error=spread)
    relative = Level(treated.value, treated.error / treated.value, treated.count)
    base = Level(control.value, control.error / control.value, control.count)
    error = math.hypot(relative.error, base.error)
    freedom = _welch(relative, base)
    centre, count = math.log(ratio), treated.count + control.count
    once = float(stdtrit(freedom, 1 - alpha / 2)) * error
    always = sequence_factor(count, planned, alpha) * error
    return Effect(
        value=ratio - 1,
        low=math.expm1(centre - once),
        high=math.expm1(centre + once),
        p=2 * float(stdtr(freedom, -abs(centre) / error)),
        always_low=math.expm1(centre - always),
        always_high=math.expm1(centre + always),
        always_p=always_valid_p(centre / error, count, planned),
        error=error,
        difference=difference,
        difference_error=spread,
    )


def shared_alpha(treatments: int) -> float:
    """What each treatment may spend, so that all together stay at `ALPHA` (Bonferroni)."""
    return ALPHA / max(treatments, 1)


def mixing(planned: float, alpha: float = ALPHA) -> float:
    """ρ² of the confidence sequence: narrowest at `planned` accounts (their equation 24)."""
    surprise = -2 * math.log(alpha)
    return (surprise + math.log(1 + surprise)) / planned


def sequence_factor(count: float, planned: float, alpha: float = ALPHA) -> float:
    """Half-width of the confidence sequence in standard errors, after `count` accounts."""
    weight = count * mixing(planned, alpha)
    return math.sqrt(2 * (weight + 1) / weight * math.log(math.sqrt(weight + 1) / alpha))


def always_valid_p(z: float, count: float, planned: float) -> float:
    """One over the likelihood ratio of the mixture: a p-value that holds at every look."""
    weight = count * mixing(planned)
    log_ratio = z**2 / 2 * weight / (1 + weight) - math.log1p(weight) / 2
    return math.exp(-log_ratio) if log_ratio > 0 else 1.0


def _level(cell: Moments, theta: float, before: float) -> Level:
    if cell.count < _FEWEST:
        return Level(math.nan, math.nan, cell.count)
    weights = _linear(cell, 0)
    value = _ratio(cell.sums[0], cell.sums[1])
    if theta:
        weights = weights - theta * _linear(cell, 2)
        value -= theta * (_ratio(cell.sums[2], cell.sums[3]) - before)
    variance = float(weights @ cell.covariance @ weights) / cell.count
    return Level(value, math.sqrt(max(variance, 0.0)), cell.count)


def _linear(cell: Moments, first: int) -> Array:
    """The delta method's weights of y and z (or u and v) in the error of their ratio."""
    weights = np.zeros(4)
    above, below = cell.means[first], cell.means[first + 1]
    if not below:
        weights[:] = math.nan
        return weights
    weights[first] = 1 / below
    weights[first + 1] = -above / below**2
    return weights


def _ratio(above: float, below: float) -> float:
    return float(above) / float(below) if below else math.nan


def _welch(one: Level, other: Level) -> float:
    """Welch and Satterthwaite's degrees of freedom."""
    total = (one.error**2 + other.error**2) ** 2
    parts = one.error**4 / (one.count - 1) + other.error**4 / (other.count - 1)
    return total / parts
