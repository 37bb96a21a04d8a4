"""What a campaign brought, from regions that it left out: difference in differences.

Card & Krueger 1994: the change in the regions treated less the change in those held out, here in
sign-ups a region, times the regions treated. What counts is the region, so p-values and intervals
come from re-drawing which regions were held out (Fisher 1935; the interval inverts the test, as in
Rosenbaum 2002, ch. 2): no sign-up is taken for independent of its neighbours. Regions are re-drawn
within their country where each country has both kinds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.estimators.estimator import Counted, Estimates, Inner, rows_by_group
from queries.formula import Array
from queries.interval import Estimate

DRAWS = 4_000
LEVEL = 0.05
FEWEST_REGIONS = 3
INNER = (
    Inner("campaign", is_asked=True, may_filter=True),
    Inner("region"),
    Inner("held_out"),
    Inner("country", may_group=True, may_filter=True),
)
NOTHING = Estimate(math.nan, math.nan, math.nan)
_GRID, _REACH = 241, 8.0

Treated = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one campaign: how many more sign-ups each had than before, and what it had."""

    change: Array
    treated: Treated
    countries: tuple[str, ...]

    @property
    def has_enough(self) -> bool:
        """Whether re-drawing regions can tell anything."""
        count = int(self.treated.sum())
        return min(count, len(self.treated) - count) >= FEWEST_REGIONS


@dataclass(frozen=True, slots=True)
class Brought:
    """Sign-ups that the campaign caused, with the permutation's p."""

    signups: Estimate
    p: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Spend over what it brought. `high` is infinite where the interval of that reaches zero.

    Fieller's interval for a known numerator: all costs that the interval of the denominator allows.
    `low` and `value` are NaN where even its upper end brought nothing.
    """

    value: float
    low: float
    high: float


def difference(change: Array, treated: Array) -> Array:
    """Difference in differences, a region; `treated` may be many draws, one a row."""
    held_out = 1 - treated
    return treated @ change / treated.sum(axis=-1) - held_out @ change / held_out.sum(axis=-1)


def redrawn(regions: Regions, draws: int = DRAWS, seed: int = 7) -> Array:
    """Which regions might have been treated: `draws x regions` of 0 and 1, the same each time."""
    dice = np.random.default_rng(seed)
    strata = _strata(regions)
    drawn = np.zeros((draws, len(strata)))
    for stratum in np.unique(strata):
        here = np.flatnonzero(strata == stratum)
        rows = np.tile(regions.treated[here].astype(np.float64), (draws, 1))
        drawn[:, here] = dice.permuted(rows, axis=1)
    return drawn


def is_by_country(regions: Regions) -> bool:
    """Whether regions are re-drawn within their country: where each has both kinds."""
    country = np.array(regions.countries)
    return all(len(set(regions.treated[country == c].tolist())) > 1 for c in set(country.tolist()))


def assignments(regions: Regions) -> int:
    """In how many ways as many regions might have been treated; no p is below one over that."""
    strata = _strata(regions)
    kinds = [regions.treated[strata == stratum] for stratum in np.unique(strata)]
    return math.prod(math.comb(len(kind), int(kind.sum())) for kind in kinds)


def _strata(regions: Regions) -> NDArray[np.str_]:
    """Within what regions are re-drawn."""
    country = np.array(regions.countries, dtype=np.str_)
    return country if is_by_country(regions) else np.full(len(country), "", dtype=np.str_)


def total(regions: Regions) -> float:
    """Sign-ups brought in all regions treated; NaN where too few were treated or held out."""
    if not regions.has_enough:
        return math.nan
    treated = regions.treated.astype(np.float64)
    return float(treated.sum() * difference(regions.change, treated))


def brought(regions: Regions, draws: Array | None = None) -> Brought:
    """The same with its interval and p."""
    if not regions.has_enough:
        return Brought(NOTHING, math.nan)
    draws = redrawn(regions) if draws is None else draws
    treated = regions.treated.astype(np.float64)
    count = float(treated.sum())
    value = float(difference(regions.change, treated))
    placebo, moved = difference(regions.change, draws), difference(treated, draws)
    p = _share_as_far(placebo, abs(value))
    spread = float(placebo.std()) or 1.0
    shifts = np.linspace(value - _REACH * spread, value + _REACH * spread, _GRID)
    kept = [
        shift
        for shift in shifts.tolist()
        if _share_as_far(placebo - shift * moved, abs(value - shift)) > LEVEL
    ]
    low, high = (count * min(kept), count * max(kept)) if kept else (math.nan, math.nan)
    return Brought(Estimate(count * value, low, high), p)


def cost(spend: float, signups: Estimate) -> Cost:
    """What one sign-up more did cost."""
    if not signups.high > 0:
        return Cost(math.nan, math.nan, math.inf)
    value = spend / signups.value if signups.value > 0 else math.nan
    return Cost(value, spend / signups.high, spend / signups.low if signups.low > 0 else math.inf)


def over_brought(amount: float, signups: Estimate) -> Estimate:
    """An amount for each sign-up brought; nothing where the interval of those reaches zero."""
    if not signups.low > 0:
        return NOTHING
    return Estimate(*(amount / n for n in (signups.value, signups.high, signups.low)))


def by_campaign(
    read: Callable[[Regions, pl.DataFrame], Estimate],
) -> Callable[[Counted], Estimates]:
    """Estimates of each group by itself, from its regions and what was counted in them.

    `read` is given the amounts by region as well. A change has no interval: a campaign has no
    period before.
    """

    def estimate(counted: Counted) -> Estimates:
        found = [NOTHING] * counted.groups
        for group, rows in rows_by_group(counted):
            amounts = {n: a[rows].sum(axis=1) for n, a in counted.amounts.items()}
            frame = counted.keys[rows].with_columns(**{n: pl.Series(a) for n, a in amounts.items()})
            summed = frame.group_by("region", "held_out", "country", maintain_order=True).agg(
                pl.col(*amounts).sum()
            )
            found[group] = read(_regions(summed), summed)
        ends = (np.array([getattr(e, n) for e in found]) for n in ("value", "low", "high"))
        value, low, high = ends
        return replace(Estimates.unknown(counted.groups), values=value, low=low, high=high)

    return estimate


def _regions(summed: pl.DataFrame) -> Regions:
    return Regions(
        (summed["during"] - summed["before"]).to_numpy().astype(np.float64),
        ~summed["held_out"].cast(pl.Boolean).to_numpy(),
        tuple(str(name) for name in summed["country"].to_list()),
    )


def _share_as_far(placebo: Array, reached: float) -> float:
    """Share of draws, the one that was among them, whose difference is as far from zero."""
    as_far = int((np.abs(placebo) >= reached - 1e-9).sum())
    return (as_far + 1) / (len(placebo) + 1)
