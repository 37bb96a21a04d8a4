"""Watching a release day by day: bands on whole distributions that hold however often one looks.

The time-uniform Dvoretzky-Kiefer-Wolfowitz bound of Howard & Ramdas 2022 (Bernoulli 28, Sequential
estimation of quantiles with applications to A/B testing and best-arm identification, Theorem 2 and
the sequential Kolmogorov-Smirnov test of its section 7.2), as Netflix watches play delay
(Lindon, Sanden & Shirikian 2022; Sequential A/B testing keeps the world streaming, 2024).

The bound is for independent rows. Plays of one account are not, so a number of plays is divided by
its design effect first: an approximation that simulation supports, and said where it is shown.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import polars as pl

from queries.analyses.quantile_band import LEVELS, quantiles
from queries.analyses.quantile_function import Arm, Comparison, standardised
from queries.formula import Array

ALPHA = 0.05
FIRST = 50
_A = 0.85
_STEPS = 60
_DAYS = ["date", "arm_rows", "rest_rows", "distance", "threshold", "p"]
_DIFFERENCE = ("level", "value", "low", "high")


def crossing_probability(c: float) -> float:
    """The chance that the empirical distribution ever leaves `radius` with this constant.

    The infimum over eta of Theorem 2, on a grid; 1 where the theorem says nothing.
    """
    eta = np.linspace(1.0005, 2 * _A * _A, 20_001)[:-1]
    with np.errstate(all="ignore"):
        root = _A - np.sqrt(2 * (eta - 1) / c)
        squared = 2 / eta * root**2
        chance = 4 * np.exp(-squared * c) * (1 + 1 / ((squared - 1) * np.log(eta)))
    valid = (root > 0) & (squared > 1)
    return min(1.0, float(chance[valid].min())) if valid.any() else 1.0


@lru_cache(maxsize=64)
def constant(alpha: float) -> float:
    """The constant whose chance of ever being wrong is `alpha`."""
    low, high = 1.0, 60.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if crossing_probability(middle) > alpha else (low, middle)
    return high


def radius(n: float, alpha: float = ALPHA, first: float = FIRST) -> float:
    """How far a distribution of `n` rows may lie from the truth, at all `n` from `first` on."""
    return _radius(n, constant(alpha), first)


@dataclass(frozen=True, slots=True)
class Watch:
    """What somebody who looked every day would have seen.

    `days` has a row a day: `date`, `arm_rows` and `rest_rows` so far, `distance` between the two
    distributions and the `threshold` above which it is no chance; `p` is always-valid: the least
    so far. `difference` has `level`, the difference of the quantiles at the end and its ends
    `low` and `high`, which hold at all levels and all times together; an end is null where no band
    of this width can be read.
    """

    days: pl.DataFrame
    difference: pl.DataFrame

    @property
    def alarm(self) -> date | None:
        """The first day on which the distance was above its threshold; None where there is none."""
        crossed = self.days.filter(pl.col("distance") > pl.col("threshold"))
        return crossed["date"][0] if crossed.height else None

    @property
    def p(self) -> float:
        return float(self.days["p"][-1]) if self.days.height else 1.0


def watched(days: list[date], arm: list[Arm], rest: list[Arm], known: Comparison) -> Watch:
    """Follow both arms day by day, from the first day on that both have plays.

    `arm` and `rest` hold one day each, on one grid; `known` has the design effects.
    """
    counts = [np.stack([a.counts.sum(axis=2) for a in one]) for one in (arm, rest)]
    started = [c.sum(axis=(1, 2)) > 0 for c in counts]
    first = int(np.argmax(started[0] & started[1]))
    mine, theirs = (np.cumsum(c[first:], axis=0) for c in counts)
    rows: list[tuple[date, float, float, float, float, float]] = []
    difference = pl.DataFrame(schema=dict.fromkeys(_DIFFERENCE, pl.Float64))
    least = 1.0
    for day, own, other in zip(days[first:], mine, theirs, strict=True):
        looked = _look(own, other, known)
        if looked is None:
            continue
        sizes, distance, threshold, p = looked
        least = min(least, p)
        rows.append((day, own.sum(), other.sum(), distance, threshold, least))
        difference = _difference(sizes, own, other, arm[0].edges)
    return Watch(pl.DataFrame(rows, schema=_DAYS, orient="row"), difference)


def _look(
    own: Array, other: Array, known: Comparison
) -> tuple[tuple[float, float], float, float, float] | None:
    shared = (own.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
    if not shared.any():
        return None
    curves = standardised(own[shared], other[shared])
    sizes = _effective(own[shared], other[shared], known)
    distance = float(np.abs(curves[0] - curves[1]).max())
    return sizes, distance, sum(radius(n, ALPHA / 2) for n in sizes), _p(distance, sizes)


def _effective(own: Array, other: Array, known: Comparison) -> tuple[float, float]:
    """How many independent plays each arm is worth."""
    first, second = (d if np.isfinite(d) else 1.0 for d in known.design_effects)
    return float(own.sum()) / first, float(other.sum()) / second


def _p(distance: float, sizes: tuple[float, float]) -> float:
    """The least alpha at which the distance is above its threshold."""
    if min(sizes) < FIRST:
        return 1.0
    low, high = 0.0, 1e6
    for _ in range(_STEPS):
        middle = (low + high) / 2
        is_within = sum(_radius(n, middle, FIRST) for n in sizes) < distance
        low, high = (middle, high) if is_within else (low, middle)
    return min(1.0, 2 * crossing_probability(low)) if low > 0 else 1.0


def _radius(n: float, c: float, first: float) -> float:
    if n < first:
        return float("inf")
    return _A * float(np.sqrt((np.log(np.log(np.e * n / first)) + c) / n))


def _difference(sizes: tuple[float, float], own: Array, other: Array, edges: Array) -> pl.DataFrame:
    """Quantiles at levels plus and minus each arm's radius: the ends of their difference."""
    shared = (own.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
    arm, rest = standardised(own[shared], other[shared])
    wide = [radius(n, ALPHA / 2) for n in sizes]
    low = _at(arm, edges, LEVELS - wide[0]) - _at(rest, edges, LEVELS + wide[1])
    high = _at(arm, edges, LEVELS + wide[0]) - _at(rest, edges, LEVELS - wide[1])
    value = quantiles(arm, edges) - quantiles(rest, edges)
    columns = dict(zip(_DIFFERENCE, (LEVELS, value, low, high), strict=True))
    return pl.DataFrame(columns).with_columns(pl.col("low", "high").fill_nan(None))


def _at(cumulated: Array, edges: Array, levels: Array) -> Array:
    """Quantiles, NaN at levels that no distribution has."""
    inside = (levels > 0) & (levels < 1)
    return np.where(inside, quantiles(cumulated, edges, np.clip(levels, 0, 1)), np.nan)
