"""Intervals from buckets: pure statistics over arrays, 95 % everywhere.

Buckets are whole accounts, so leaving one bucket out at a time (the grouped jackknife, Quenouille
1956; Shao & Tu, The Jackknife and Bootstrap, 1995, ch. 2) gives a variance clustered by account for
any formula over totals: a sum, a ratio, a lift. Leaving a bucket out of both periods at once pairs
the same accounts, so a change is not drowned in differences between people.

Arrays are `groups x buckets`. A replicate is scaled to the whole population, so that totals keep
the error of a fixed number of accounts; ratios do not notice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from queries.formula import Array, Formula

LEVEL = 0.975
FEWEST_CLUSTERS = 10
FEWEST_INHABITED = 5
Z = NormalDist().inv_cdf(LEVEL)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; the ends are NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower and upper ends, one of each per group; NaN where there is no interval."""

    low: Array
    high: Array

    @classmethod
    def around(cls, center: Array, margin: Array) -> "Bounds":
        return cls(center - margin, center + margin)

    @classmethod
    def unknown(cls, groups: int) -> "Bounds":
        return cls(np.full(groups, np.nan), np.full(groups, np.nan))


def replicates(
    formula: Formula,
    buckets: Mapping[str, Array],
    population: Array,
    steady: Mapping[str, Array] | None = None,
) -> Array:
    """The formula with each bucket left out: `groups x buckets`; NaN for empty buckets.

    What is `steady`, a number a group, does not depend on who is left out: days.
    """
    everyone = population.sum()
    with np.errstate(all="ignore"):
        scale = np.where(population > 0, everyone / (everyone - population), np.nan)
    left_out = {
        key: (cells.sum(axis=1, keepdims=True) - cells) * scale for key, cells in buckets.items()
    }
    groups = next(iter(left_out.values())).shape[0]
    left_out |= {key: totals[:, None] for key, totals in (steady or {}).items()}
    values: Array = np.full((groups, len(population)), np.nan)
    values[:] = formula.evaluate(left_out)
    return values


def left_out(laid_out: Array, present: NDArray[np.bool_] | None = None) -> Array:
    """Totals with one cluster left out at a time, along the last axis.

    A cluster without any rows would repeat the total, so only those present are left out.
    """
    kept = laid_out[..., is_present(laid_out) if present is None else present]
    return kept.sum(axis=-1, keepdims=True) - kept


def is_present(laid_out: Array) -> NDArray[np.bool_]:
    """Which clusters have rows at all."""
    return np.abs(laid_out).sum(axis=tuple(range(laid_out.ndim - 1))) > 0


def margin(values: Array, inhabited: Array | None = None) -> Array:
    """Half-width of the 95 % interval from leave-one-out replicates, a row per group.

    Student's t with one degree of freedom fewer than there are clusters; NaN below
    `FEWEST_CLUSTERS` of them, or where some replicate has no value or an infinite one. `inhabited`
    says in how many clusters a group has rows at all, where the others tell nothing of it (a ratio,
    a share): its t has the degrees of freedom of those, and below `FEWEST_INHABITED` no interval.
    """
    present = ~np.isnan(values).all(axis=0)
    clusters = int(present.sum())
    if clusters < FEWEST_CLUSTERS:
        return np.full(len(values), np.nan, dtype=np.float64)
    kept = values[:, present]
    with np.errstate(invalid="ignore"):
        deviations = kept - kept.mean(axis=1, keepdims=True)
    variance = (clusters - 1) / clusters * (deviations**2).sum(axis=1)
    if inhabited is None:
        return np.asarray(student(clusters - 1) * np.sqrt(variance), dtype=np.float64)
    informing = np.minimum(inhabited, clusters)
    enough = informing >= FEWEST_INHABITED
    steps = {int(n): student(int(n) - 1) for n in np.unique(informing[enough])}
    factors = [steps[int(n)] if ok else np.nan for n, ok in zip(informing, enough, strict=True)]
    return np.asarray(factors * np.sqrt(variance), dtype=np.float64)


def margin_of_present(values: Array, present: NDArray[np.bool_]) -> Array:
    """Half-widths from replicates of which each row has its own; NaN as `margin` says.

    A cluster that a row has nothing of would repeat its value and is not left out.
    """
    clusters = present.sum(axis=1)
    kept = np.where(present, values, 0.0)
    with np.errstate(all="ignore"):
        mean = kept.sum(axis=1) / clusters
        deviations = np.where(present, values - mean[:, None], 0.0)
        variance = (clusters - 1) / clusters * (deviations**2).sum(axis=1)
    factor = [student(int(n) - 1) if n >= FEWEST_CLUSTERS else np.nan for n in clusters]
    return np.asarray(np.array(factor, dtype=np.float64) * np.sqrt(variance), dtype=np.float64)


_FEW_DEGREES = (12.706, 4.303, 3.182)


def student(freedom: int) -> float:
    """Student's quantile at `LEVEL`, right to three digits.

    Abramowitz and Stegun 1964, 26.7.5 from four degrees of freedom on, below them their table
    26.10: importing SciPy for it takes longer than most answers.
    """
    if freedom <= len(_FEW_DEGREES):
        return _FEW_DEGREES[freedom - 1]
    z = Z
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))


def relative(
    current: Array, previous: Array, inhabited: Array | None = None
) -> tuple[Array, Array]:
    """Replicates' log ratio, and its 95 % half-width: multiply and divide by its exponential.

    The log keeps the interval of a relative change inside what is possible (delta method on the
    ratio, not absolute interval over the earlier value).
    """
    with np.errstate(all="ignore"):
        ratio = np.where((current > 0) & (previous > 0), np.log(current / previous), np.nan)
    return ratio, margin(ratio, inhabited)


def wilson(successes: Array, trials: Array) -> Bounds:
    """Wilson's score interval (1927) of a proportion; NaN where there were no trials."""
    with np.errstate(all="ignore"):
        share = np.clip(successes / trials, 0, 1)
        middle = (share + Z**2 / (2 * trials)) / (1 + Z**2 / trials)
        spread = np.sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
        return Bounds.around(middle, Z * spread / (1 + Z**2 / trials))


@dataclass(frozen=True, slots=True)
class Clusters:
    """What a proportion of each group rests on, an array each.

    `trials` are its rows, `units` those who gave them, such as accounts; `inhabited` are the
    clusters with rows, `telling` those of them with one of the rarer outcome.
    """

    trials: Array
    units: Array
    inhabited: Array
    telling: Array


def effective_trials(share: Array, half_width: Array, of: Clusters) -> Array:
    """How many independent trials would tell as much of a proportion as its rows, 1 to all of them.

    Korn & Graubard 1998, Survey Methodology 24, 193-201: those whose binomial variance is the one
    found over clusters, by as much fewer as Student's t is wider for its degrees of freedom. Those
    we count by the clusters that tell: a variance seen in three clusters is one of three, however
    many others have nothing but zeros. But never fewer for it than one for each of the `units`.
    Where none or all succeed nothing tells how alike the rows of an account are: that is one
    cluster that tells.
    """
    inhabited = np.maximum(of.inhabited - 1, 1).astype(np.int64)
    telling = np.maximum(of.telling, 1).astype(np.int64)
    quantiles = {int(n): student(int(n)) for n in np.union1d(inhabited, telling)}
    ratio = [min(quantiles[n] / quantiles[k], 1) for n, k in zip(inhabited, telling, strict=True)]
    with np.errstate(all="ignore"):
        found = np.minimum(share * (1 - share) * (Z / half_width) ** 2, of.trials)
        found = np.where((share <= 0) | (share >= 1), of.trials, found)
        careful = np.maximum(np.minimum(found, of.units), found * np.array(ratio) ** 2)
    return np.where(np.isnan(half_width), np.nan, np.maximum(careful, 1.0))


def proportion_bounds(share: Array, half_width: Array, of: Clusters) -> Bounds:
    """Wilson's interval over effective trials: inside 0 to 1, and never of no width."""
    effective = effective_trials(share, half_width, of)
    found = wilson(share * effective, effective)
    return Bounds(np.clip(found.low, 0, share), np.clip(found.high, share, 1))


def square_and_add(shares: tuple[Array, Array], bounds: tuple[Bounds, Bounds]) -> Bounds:
    """Newcombe 1998, Statistics in Medicine 17, 873-890, method 10: `p₁ - p₂` of two intervals."""
    (first, second), (one, other) = shares, bounds
    return Bounds(
        first - second - np.hypot(first - one.low, other.high - second),
        first - second + np.hypot(one.high - first, second - other.low),
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of a value by group, superbucket and bin. `edges` are the bins' lower ends.

    `counts` is `groups x superbuckets x bins`; bins are in rising order of value.
    """

    edges: Array
    tops: Array
    counts: Array

    def quantile(self, level: Array) -> Array:
        """Value below which a share of the group lies, linear within a bin."""
        by_bin = self.counts.sum(axis=1)
        below = by_bin.cumsum(axis=1)
        wanted = np.clip(level, 0, 1) * below[:, -1]
        at = np.minimum((below < wanted[:, None]).sum(axis=1), len(self.edges) - 1)
        rows = np.arange(len(at))
        before = below[rows, at] - by_bin[rows, at]
        with np.errstate(all="ignore"):
            within = np.where(by_bin[rows, at] > 0, (wanted - before) / by_bin[rows, at], 0.0)
        value = self.edges[at] + within * (self.tops[at] - self.edges[at])
        return np.where(below[:, -1] > 0, value, np.nan)

    def shares_below(self, value: Array) -> Array:
        """Per group and superbucket, how many lie below the value; a bin it cuts counts in part."""
        width = np.where(self.tops > self.edges, self.tops - self.edges, 1.0)
        part = np.clip((value[:, None] - self.edges) / width, 0, 1)
        part = np.where(self.tops > self.edges, part, value[:, None] >= self.edges)
        return (self.counts * part[:, None, :]).sum(axis=2)


def quantile_bounds(histogram: Histogram, value: Array, level: float) -> Bounds:
    """Outer interval of a quantile, clustered by superbucket (Woodruff 1952).

    The order statistics at `level` plus and minus the error of the share below the value.
    """
    error = _share_margin(histogram, value, level)
    low = histogram.quantile(level - error)
    return Bounds(np.minimum(low, value), np.maximum(histogram.quantile(level + error), value))


def influence(histogram: Histogram, value: Array, level: float) -> Array:
    """Replicates of a quantile, linearised: how far leaving a superbucket out would move it.

    The density is read off the width of the outer interval, so that a change between periods can
    be paired by superbucket (Bahadur 1966 for the linear form).
    """
    error = _share_margin(histogram, value, level)
    bounds = quantile_bounds(histogram, value, level)
    with np.errstate(all="ignore"):
        density = 2 * error / (bounds.high - bounds.low)
        total = histogram.counts.sum(axis=(1, 2))
        pulls = histogram.shares_below(value) - level * histogram.counts.sum(axis=2)
        return value[:, None] + pulls / (total * density)[:, None]


def _share_margin(histogram: Histogram, value: Array, level: float) -> Array:
    below = histogram.shares_below(value)
    here = histogram.counts.sum(axis=2)
    total = here.sum(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        left_out = (below.sum(axis=1, keepdims=True) - below) / (total - here)
    inhabited = (here > 0).sum(axis=1)
    return margin(np.where(np.isfinite(left_out), left_out, level), inhabited)
