"""What a campaign brought, from regions that it left out: difference in differences.

Card & Krueger 1994: the change in the regions treated less the change in those held out, here in
sign-ups a region, times the regions treated. What counts is the region, so p-values and intervals
come from re-drawing which regions were held out (Fisher 1935; the interval inverts the test, as in
Rosenbaum 2002, ch. 2): no sign-up is taken for independent of its neighbours. Regions are re-drawn
within their country where each country has both kinds.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import EVERY_GROUP, Estimate, Scope
from queries.dataset import TimeBucket
from queries.formula import Array
from queries.model import Query
from queries.period import Grain

DRAWS = 4_000
LEVEL = 0.05
FEWEST_REGIONS = 3
_GRID, _REACH = 241, 8.0
_DAYS_A_WEEK = 7

Treated = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoExperiment:
    """One campaign. `days` are regions x days, the first half before it, in order of `dates`."""

    campaign: str
    dates: tuple[Any, ...]
    regions: tuple[str, ...]
    countries: tuple[str, ...]
    treated: Treated
    days: Array
    spend: float
    attributed: float

    @property
    def length(self) -> int:
        """Days of the campaign, and of the time before it."""
        return self.days.shape[1] // 2

    @property
    def change(self) -> Array:
        """Sign-ups during the campaign less those before it, by region."""
        return self.days[:, self.length :].sum(axis=1) - self.days[:, : self.length].sum(axis=1)

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


def question(scope: Scope) -> Query:
    """Sign-ups, spend and attributed sign-ups by campaign, region and day; every day there is."""
    dataset = scope.dataset
    names = ("campaign_id", "campaign", "geo", "country", "is_holdout", "is_during")
    return Query(
        dataset=dataset,
        metrics=tuple(dataset.metric(n) for n in ("signups", "spend", "attributed_signups")),
        by=(*(dataset.dimension(n) for n in names), TimeBucket(dataset.time, Grain.DAY)),
        where=scope.where,
        limit=EVERY_GROUP,
        interval=False,
    )


def read(frame: pl.DataFrame) -> tuple[GeoExperiment, ...]:
    """The campaigns in an answer to `question`, the newest first."""
    known = frame.drop_nulls(["campaign_id", "geo", "is_holdout", "date"])
    groups = known.sort("date", "geo").partition_by("campaign_id", maintain_order=True)
    found = [_experiment(group) for group in groups]
    return tuple(sorted(found, key=lambda e: e.dates[-1], reverse=True))


def difference(change: Array, treated: Array) -> Array:
    """Difference in differences, a region; `treated` may be many draws, one a row."""
    held_out = 1 - treated
    return treated @ change / treated.sum(axis=-1) - held_out @ change / held_out.sum(axis=-1)


def redrawn(experiment: GeoExperiment, draws: int = DRAWS, seed: int = 7) -> Array:
    """Which regions might have been treated: `draws x regions` of 0 and 1, the same each time."""
    dice = np.random.default_rng(seed)
    country = np.array(experiment.countries)
    mixed = [
        set(experiment.treated[country == name].tolist()) == {True, False}
        for name in sorted(set(experiment.countries))
    ]
    strata = country if all(mixed) else np.zeros(len(country))
    drawn = np.zeros((draws, len(country)))
    for stratum in np.unique(strata):
        here = np.flatnonzero(strata == stratum)
        rows = np.tile(experiment.treated[here].astype(np.float64), (draws, 1))
        drawn[:, here] = dice.permuted(rows, axis=1)
    return drawn


def brought(experiment: GeoExperiment, draws: Array | None = None) -> Brought:
    """Sign-ups the campaign brought; NaN where too few regions were treated or held out."""
    if not experiment.has_enough:
        return Brought(Estimate(math.nan, math.nan, math.nan), math.nan)
    draws = redrawn(experiment) if draws is None else draws
    treated = experiment.treated.astype(np.float64)
    change, count = experiment.change, float(treated.sum())
    value = float(difference(change, treated))
    placebo, moved = difference(change, draws), difference(treated, draws)
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


def weekly(experiment: GeoExperiment, draws: Array | None = None) -> pl.DataFrame:
    """By week of the campaign (negative: before it), the difference a region and its placebo band.

    Columns day (the week's first), week, difference, low, high: the difference is less its mean
    before the campaign, and 95 % of all re-drawn campaigns lie within low and high. The last week
    before and after may be cut short, so weeks count from the campaign's first day both ways.
    """
    draws = redrawn(experiment) if draws is None else draws
    length, treated = experiment.length, experiment.treated.astype(np.float64)
    starts = [*range(length % _DAYS_A_WEEK, 2 * length - _DAYS_A_WEEK + 1, _DAYS_A_WEEK)]
    by_week = np.stack(
        [experiment.days[:, at : at + _DAYS_A_WEEK].sum(axis=1) for at in starts], axis=1
    )
    before = np.array([at < length for at in starts])
    by_week = by_week - by_week[:, before].mean(axis=1, keepdims=True)
    placebo = np.stack([difference(week, draws) for week in by_week.T])
    low, high = np.quantile(placebo, [LEVEL / 2, 1 - LEVEL / 2], axis=1)
    return pl.DataFrame(
        {
            "day": [experiment.dates[at] for at in starts],
            "week": [(at - length) // _DAYS_A_WEEK + (at >= length) for at in starts],
            "difference": [float(difference(week, treated)) for week in by_week.T],
            "low": low,
            "high": high,
        }
    )


def _share_as_far(placebo: Array, reached: float) -> float:
    """Share of draws, the one that was among them, whose difference is as far from zero."""
    as_far = int((np.abs(placebo) >= reached - 1e-9).sum())
    return (as_far + 1) / (len(placebo) + 1)


def _experiment(group: pl.DataFrame) -> GeoExperiment:
    regions = group.select("geo", "country", "is_holdout").unique("geo").sort("geo")
    dates = group["date"].unique().sort().to_list()
    days = np.zeros((regions.height, len(dates)))
    row = {geo: nth for nth, geo in enumerate(regions["geo"].to_list())}
    column = {day: nth for nth, day in enumerate(dates)}
    for geo, day, count in group.select("geo", "date", "signups").iter_rows():
        days[row[geo], column[day]] = count or 0
    during = group.filter(pl.col("is_during"))
    return GeoExperiment(
        campaign=group["campaign"][0] or f"Campaign {group['campaign_id'][0]}",
        dates=tuple(dates),
        regions=tuple(regions["geo"].to_list()),
        countries=tuple(regions["country"].fill_null("").to_list()),
        treated=~regions["is_holdout"].to_numpy().astype(bool),
        days=days,
        spend=float(during["spend"].sum() or 0),
        attributed=float(during["attributed_signups"].sum() or 0),
    )
