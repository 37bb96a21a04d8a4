"""Distributions and how far two of them are apart, from counts by bin and cluster of units.

Distribution functions with the band of Dvoretzky, Kiefer & Wolfowitz (1956; constant of Massart
1990), quantiles with Woodruff's interval, the Gini index and the share of the top one per cent.
Rows of one account resemble each other: their band is that of as many independent rows as carry
the same information (`design_effect`). Two sides are held apart by the Kolmogorov-Smirnov
distance, with an interval and a p-value over whole clusters, since an account may be on both.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import CLUSTERS, Estimate
from queries.bins import COUNT, HIGH, LOW, SIDE, TOTAL
from queries.dataset import CLUSTER
from queries.formula import Array
from queries.interval import (
    FEWEST_CLUSTERS,
    Histogram,
    Z,
    margin_of_present,
    quantile_bounds,
    student,
)
from queries.plan import BIN

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
FEWEST = 10
"""Of so many units a number may be read; fewer would tell somebody's own."""

_DRAWS = 1_999
SMALLEST_P = 1 / (_DRAWS + 1)
_DECILES = np.round(np.arange(0.1, 0.95, 0.1), 1)


@dataclass(frozen=True)
class Spread:
    """Values of one side: `counts` and `totals` are `clusters x bins`, `low` and `high` by bin.

    Every value of a bin lies from its `low` to its `high`, but for the first and the last, whose
    outer ends are not told; both sides share them. `is_independent` says that what is counted is
    the unit itself.
    """

    counts: Array
    totals: Array
    low: Array
    high: Array
    is_independent: bool

    @cached_property
    def by_bin(self) -> Array:
        return self.counts.sum(axis=0)

    @property
    def n(self) -> float:
        return float(self.counts.sum())

    @cached_property
    def cumulated(self) -> Array:
        """The share of values at or below the `high` of each bin."""
        return np.asarray(np.cumsum(self.by_bin) / self.n, dtype=np.float64)

    @property
    def present(self) -> NDArray[np.bool_]:
        return self.counts.sum(axis=1) > 0

    @property
    def is_volume(self) -> bool:
        """Whether shares of the sum of all values mean something."""
        return bool((self.low >= 0).all()) and self.totals.sum() > 0

    @cached_property
    def histogram(self) -> Histogram:
        return Histogram(self.low, self.high, self.counts[None])

    def below(self, values: Array) -> Array:
        """How many lie below each value, spread evenly within a bin."""
        width = np.where(self.high > self.low, self.high - self.low, 1.0)
        part = np.clip((values[:, None] - self.low) / width, 0, 1)
        part = np.where(self.high > self.low, part, values[:, None] > self.low)
        return np.asarray(part @ self.by_bin, dtype=np.float64)

    def quantile(self, level: float) -> Estimate:
        """With Woodruff's interval; without one where it would reach beyond the values."""
        value = self.histogram.quantile(np.array([level]))
        ends = quantile_bounds(self.histogram, value, level)
        first, last = float(self.low[0]), float(self.high[self.by_bin > 0][-1])
        low, high = float(ends.low[0]), float(ends.high[0])
        is_open = self.n * min(level, 1 - level) < FEWEST or (low <= first < value[0] or
                                                              high >= last > value[0])  # fmt: skip
        return Estimate(float(value[0]), *((np.nan, np.nan) if is_open else (low, high)))

    @cached_property
    def design_effect(self) -> float:
        """How many times an independent row's variance that of the distribution function is.

        The largest over its deciles, never below 1 (Kish 1965); NaN below enough clusters.
        """
        if self.is_independent:
            return 1.0
        kept = self.counts[self.present]
        if len(kept) < FEWEST_CLUSTERS:
            return float("nan")
        at = np.searchsorted(self.cumulated, _DECILES)
        left = self.by_bin - kept
        shares = (left.cumsum(axis=1) / left.sum(axis=1, keepdims=True))[:, at]
        clusters = len(kept)
        variance = (clusters - 1) / clusters * ((shares - shares.mean(axis=0)) ** 2).sum(axis=0)
        level = self.cumulated[at]
        with np.errstate(all="ignore"):
            found = variance / (level * (1 - level) / self.n)
        return float(max(1.0, np.nanmax(np.where(np.isfinite(found), found, np.nan), initial=1.0)))

    @property
    def band(self) -> float:
        """Half-width of the 95 % band around the whole distribution function."""
        return sqrt(log(2 / 0.05) / (2 * self.n / self.design_effect))


@dataclass(frozen=True, slots=True)
class Distance:
    """The largest difference of two distribution functions.

    `value` is without sign, `at` where it is; `p` is that of no difference at all.
    """

    estimate: Estimate
    at: float
    shares: tuple[float, float]
    p: float


def spreads(frame: pl.DataFrame, *, is_independent: bool) -> tuple[Spread, ...]:
    """Lay an answer of `queries.distribution` out on one grid; the sides that have values."""
    grid = frame.group_by(BIN).agg(pl.col(LOW).min(), pl.col(HIGH).max()).sort(BIN)
    low, high = (grid[name].to_numpy().astype(np.float64) for name in (LOW, HIGH))
    bins = grid[BIN].to_numpy()
    found: list[Spread] = []
    for (_,), part in frame.sort(SIDE).group_by(SIDE, maintain_order=True):
        at = (part[CLUSTER].to_numpy(), np.searchsorted(bins, part[BIN].to_numpy()))
        counts, totals = np.zeros((CLUSTERS, len(bins))), np.zeros((CLUSTERS, len(bins)))
        np.add.at(counts, at, part[COUNT].to_numpy())
        np.add.at(totals, at, part[TOTAL].to_numpy())
        found.append(Spread(counts, totals, low, high, is_independent))
    return tuple(found)


def figures(side: Spread) -> dict[str, Estimate]:
    """`mean`, `zero` (share of values that are 0), and of a volume `gini` and `top_percent`."""
    values, replicates = _figures(side), _left_out(side)
    present = side.present[None]
    return {
        name: _around(
            values[name],
            margin_of_present(replicates[name][None], present),
            *((-np.inf, np.inf) if name == "mean" else (0.0, 1.0)),
        )
        for name in values
    }


def differences(one: Spread, other: Spread) -> dict[str, Estimate]:
    """The first side's figures less the second's; the same accounts are left out of both."""
    first, second = _figures(one), _figures(other)
    left, right = _left_out(one), _left_out(other)
    present = (one.present | other.present)[None]
    return {
        name: _around(
            first[name] - second[name],
            margin_of_present((left[name] - right[name])[None], present),
        )
        for name in first
        if name in second
    }


def quantile_difference(one: Spread, other: Spread, level: float) -> Estimate:
    """The first side's quantile less the second's.

    From the ends of both, with the correlation of the shares below them over clusters (method of
    variance estimates recovery, Zou & Donner 2008).
    """
    first, second = one.quantile(level), other.quantile(level)
    together = _correlation(_shares(one, first.value), _shares(other, second.value))
    value = first.value - second.value
    down = _recovered(first.value - first.low, second.high - second.value, together)
    up = _recovered(first.high - first.value, second.value - second.low, together)
    return Estimate(value, value - down, value + up)


def distance(one: Spread, other: Spread) -> Distance:
    """The Kolmogorov-Smirnov distance, at the resolution of the bins.

    The interval inverts a band around the difference that holds at every value at once: Gaussian
    multipliers of clusters (Montiel Olea & Plagborg-Moller 2019), on the scale of Student's t. The
    p-value compares with the sides of whole clusters swapped at random (Romano 1990; counted as
    Phipson & Smyth 2010 do). Both NaN below enough clusters.
    """
    gap = one.cumulated - other.cumulated
    at = int(np.abs(gap).argmax())
    value = float(abs(gap[at]))
    shares = (float(one.cumulated[at]), float(other.cumulated[at]))
    present = one.present | other.present
    clusters = int(present.sum())
    if clusters < FEWEST_CLUSTERS:
        return Distance(Estimate(value, np.nan, np.nan), float(one.high[at]), shares, np.nan)
    dice = np.random.default_rng(0)
    own = (one.cumulated, other.cumulated)
    pulls = _pulls(one, other, own)[present]
    draws = dice.standard_normal((_DRAWS, clusters)) * sqrt(clusters / (clusters - 1))
    reach = float(np.quantile(np.abs(draws @ pulls).max(axis=1), 0.95))
    reach *= student(clusters - 1) / Z
    pooled = (one.by_bin + other.by_bin).cumsum() / (one.n + other.n)
    swapped = _pulls(one, other, (pooled, pooled))[present]
    signs = dice.choice([-1.0, 1.0], (_DRAWS, clusters))
    largest = np.abs(signs @ swapped).max(axis=1)
    p = (1 + int((largest >= value * (1 - 1e-9)).sum())) / (_DRAWS + 1)
    ends = (max(0.0, value - reach), min(1.0, value + reach))
    return Distance(Estimate(value, *ends), float(one.high[at]), shares, p)


def _pulls(one: Spread, other: Spread, functions: tuple[Array, Array]) -> Array:
    """What each cluster adds to the difference of the distribution functions, `clusters x bins`."""
    parts = [
        (side.counts.cumsum(axis=1) - side.counts.sum(axis=1, keepdims=True) * whole) / side.n
        for side, whole in zip((one, other), functions, strict=True)
    ]
    return np.asarray(parts[0] - parts[1], dtype=np.float64)


def _figures(side: Spread) -> dict[str, float]:
    values = _read(side, side.by_bin[None], side.totals.sum(axis=0)[None])
    return {name: float(found[0]) for name, found in values.items()}


def _left_out(side: Spread) -> dict[str, Array]:
    """The figures with each cluster left out."""
    return _read(side, side.by_bin - side.counts, side.totals.sum(axis=0) - side.totals)


def _read(side: Spread, counts: Array, totals: Array) -> dict[str, Array]:
    everyone, everything = counts.sum(axis=1), totals.sum(axis=1)
    is_zero = (side.low == 0) & (side.high == 0)
    is_mixed = bool(((side.low <= 0) & (side.high >= 0) & ~is_zero & (side.by_bin > 0)).any())
    with np.errstate(all="ignore"):
        zero = counts[:, is_zero].sum(axis=1) / everyone
        found = {
            "mean": everything / everyone,
            "zero": np.full_like(zero, np.nan) if is_mixed else zero,
        }
        if side.is_volume:
            people = _from_zero(counts.cumsum(axis=1) / everyone[:, None])
            amounts = _from_zero(totals.cumsum(axis=1) / everything[:, None])
            both = (amounts[:, 1:] + amounts[:, :-1]) * np.diff(people, axis=1)
            found["gini"] = 1 - both.sum(axis=1)
            found["top_percent"] = 1 - _at(people, amounts, 0.99)
    return found


def _from_zero(cumulated: Array) -> Array:
    return np.concatenate([np.zeros((len(cumulated), 1)), cumulated], axis=1)


def _at(people: Array, amounts: Array, share: float) -> Array:
    """Each row's Lorenz curve at a share of the people."""
    rows = zip(people, amounts, strict=True)
    return np.array([np.interp(share, p, a) for p, a in rows], dtype=np.float64)


def _around(value: float, margin: Array, least: float = -np.inf, most: float = np.inf) -> Estimate:
    half = float(margin[0])
    return Estimate(value, *(float(np.clip(e, least, most)) for e in (value - half, value + half)))


def _shares(side: Spread, value: float) -> Array:
    """Each cluster's pull on the share below a value."""
    below = side.histogram.shares_below(np.array([value]))[0]
    return np.asarray(below - side.counts.sum(axis=1) * below.sum() / side.n, dtype=np.float64)


def _correlation(one: Array, other: Array) -> float:
    scale = sqrt(float((one**2).sum() * (other**2).sum()))
    return float(np.clip((one * other).sum() / scale, -1, 1)) if scale > 0 else 0.0


def _recovered(one: float, other: float, together: float) -> float:
    return float(np.sqrt(np.maximum(one**2 + other**2 - 2 * together * one * other, 0)))
