"""Bands around quantile functions, at all levels together, clustered by account.

Ends are the quantiles at levels plus and minus the error of the share below (Woodruff 1952), over
clusters. A band that holds at every level takes the error as often as the largest studentised
deviation under Gaussian multipliers of the clusters says (sup-t band, Montiel Olea &
Plagborg-Moller 2019), on the scale of Student's t.
"""

from dataclasses import dataclass

import numpy as np

from queries.formula import Array
from queries.interval import FEWEST_CLUSTERS, LEVEL
from queries.tails import ndtr, stdtrit

LEVELS: Array = np.round(np.arange(0.01, 0.995, 0.01), 2)
_DRAWS = 2_000


def quantiles(cumulated: Array, edges: Array, levels: Array = LEVELS) -> Array:
    """Values at levels of a distribution function over bins; linear within a bin."""
    below = np.concatenate([np.zeros(1), cumulated])
    return np.asarray(np.interp(levels, below, edges), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Spread:
    """Deviations of leave-one-out replicates, scaled so that their squares add to the variance."""

    deviations: Array

    @classmethod
    def of(cls, replicates: Array) -> "Spread":
        clusters = len(replicates)
        centred = replicates - replicates.mean(axis=0)
        return cls(centred * np.sqrt((clusters - 1) / clusters))

    def error(self) -> Array:
        """NaN below enough clusters."""
        if len(self.deviations) < FEWEST_CLUSTERS:
            return np.full(len(self.deviations.T), np.nan, dtype=np.float64)
        return np.asarray(np.sqrt((self.deviations**2).sum(axis=0)), dtype=np.float64)

    def critical(self) -> float:
        """How many errors wide a band is that holds at every level at once."""
        error = self.error()
        moves = error > 0
        clusters = len(self.deviations)
        if not moves.any():
            return 0.0
        scaled = self.deviations[:, moves] / error[moves]
        draws = np.random.default_rng(0).standard_normal((_DRAWS, clusters))
        largest = np.quantile(np.abs(draws @ scaled).max(axis=1), 2 * LEVEL - 1)
        return float(stdtrit(clusters - 1, ndtr(largest)))


@dataclass(frozen=True, slots=True)
class Band:
    """A quantile function, and how its distribution function varies at those quantiles."""

    curve: Array
    edges: Array
    value: Array
    spread: Spread

    @classmethod
    def of(cls, curve: Array, parts: list[Array], edges: Array) -> "Band":
        value = quantiles(curve, edges)
        zero = np.zeros(1)
        shares = [np.interp(value, edges, np.concatenate([zero, part])) for part in parts]
        return cls(curve, edges, value, Spread.of(np.array(shares)))

    def ends(self, critical: float) -> tuple[Array, Array]:
        """Quantiles at the levels plus and minus the error of the share below (Woodruff 1952)."""
        error = critical * self.spread.error()
        low = quantiles(self.curve, self.edges, np.clip(LEVELS - error, 0, 1))
        high = quantiles(self.curve, self.edges, np.clip(LEVELS + error, 0, 1))
        return low, high


def between(arm: Band, rest: Band, critical: float) -> tuple[Array, Array]:
    """How far the difference of two quantiles reaches down and up.

    From the ends of each, with the correlation of the two over clusters, because accounts may be
    in both arms (method of variance estimates recovery, Zou & Donner 2008).
    """
    (low, high), (rest_low, rest_high) = arm.ends(critical), rest.ends(critical)
    together = _correlation(arm.spread, rest.spread)
    return (
        _recovered(arm.value - low, rest_high - rest.value, together),
        _recovered(high - arm.value, rest.value - rest_low, together),
    )


def _recovered(one: Array, other: Array, together: Array) -> Array:
    return np.asarray(
        np.sqrt(np.maximum(one**2 + other**2 - 2 * together * one * other, 0)), dtype=np.float64
    )


def _correlation(one: Spread, other: Spread) -> Array:
    with np.errstate(all="ignore"):
        found = (one.deviations * other.deviations).sum(axis=0) / (one.error() * other.error())
    return np.where(np.isfinite(found), np.clip(found, -1, 1), 0)


def design_effect(spread: Spread, rows: float) -> float:
    """How many times an independent row's variance that of the distribution function is.

    The largest over its deciles, never below 1: what a bound for independent rows is divided by.
    """
    at = np.isin(LEVELS, np.round(np.arange(0.1, 0.95, 0.1), 2))
    level = LEVELS[at]
    found = spread.error()[at] ** 2 / (level * (1 - level) / rows)
    return float(np.maximum(found.max(), 1.0))
