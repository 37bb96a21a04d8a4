"""A campaign that left regions out, week by week.

What it brought is worked out as for the metric `incremental_signups`
(`queries.estimators.geo_difference`); here the regions are followed through time.

Small cells: what a week shows is a difference of means over all regions less its own mean before,
and weeks in which one to nine sign-ups came on either side are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.dataset import TimeBucket
from queries.estimators import geo_difference
from queries.estimators.geo_difference import (
    DRAWS,
    LEVEL,
    Brought,
    Cost,
    Regions,
    Treated,
    cost,
    difference,
)
from queries.formula import Array
from queries.model import Query
from queries.period import Grain
from queries.small_cells import FEWEST_SHOWN

__all__ = ["Brought", "Cost", "cost", "difference"]

_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoExperiment:
    """One campaign. `days` are regions x days in order of `dates`: sign-ups, or another outcome.

    The first `begins` days are those before it, by default half of them. `spent` and `claimed` are
    what it paid and what its channels attribute, regions x days. `crowds` says in which clusters
    of accounts an outcome is of somebody (regions x days x clusters) where it counts no accounts.
    """

    campaign: str
    dates: tuple[Any, ...]
    regions: tuple[str, ...]
    countries: tuple[str, ...]
    treated: Treated
    days: Array
    spend: float
    attributed: float
    begins: int | None = None
    spent: Array | None = None
    claimed: Array | None = None
    crowds: NDArray[np.bool_] | None = None

    @property
    def before(self) -> int:
        """Days before the campaign."""
        return self.days.shape[1] // 2 if self.begins is None else self.begins

    @property
    def length(self) -> int:
        """Days of the campaign."""
        return self.days.shape[1] - self.before

    @property
    def change(self) -> Array:
        """By region, the outcome during the campaign less that of as many days before it."""
        during, before = self.days[:, self.before :], self.days[:, : self.before]
        return during.sum(axis=1) - before.sum(axis=1) * (self.length / self.before)

    @property
    def seen(self) -> Regions:
        """Its regions, without their days."""
        return Regions(self.change, self.treated, self.countries)

    @property
    def has_enough(self) -> bool:
        """Whether re-drawing regions can tell anything."""
        return self.seen.has_enough


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
        keeps_small=True,
    )


def read(frame: pl.DataFrame) -> tuple[GeoExperiment, ...]:
    """The campaigns in an answer to `question`, the newest first."""
    known = frame.drop_nulls(["campaign_id", "geo", "is_holdout", "date"])
    groups = known.sort("date", "geo").partition_by("campaign_id", maintain_order=True)
    found = [_experiment(group) for group in groups]
    return tuple(sorted(found, key=lambda e: e.dates[-1], reverse=True))


def redrawn(experiment: GeoExperiment, draws: int = DRAWS, seed: int = 7) -> Array:
    """Which regions might have been treated: `draws x regions` of 0 and 1, the same each time."""
    return geo_difference.redrawn(experiment.seen, draws, seed)


def brought(experiment: GeoExperiment, draws: Array | None = None) -> Brought:
    """Sign-ups the campaign brought; NaN where too few regions were treated or held out."""
    return geo_difference.brought(experiment.seen, draws)


def weekly(experiment: GeoExperiment, draws: Array | None = None) -> pl.DataFrame:
    """By week of the campaign (negative: before it), the difference a region and its placebo band.

    Columns day (the week's first), week, difference, low, high: the difference is less its mean
    before the campaign, and 95 % of all re-drawn campaigns lie within low and high. The last week
    before and after may be cut short, so weeks count from the campaign's first day both ways.
    """
    draws = redrawn(experiment) if draws is None else draws
    begins, treated = experiment.before, experiment.treated.astype(np.float64)
    last = experiment.days.shape[1] - _DAYS_A_WEEK
    starts = [*range(begins % _DAYS_A_WEEK, last + 1, _DAYS_A_WEEK)]
    by_week = np.stack(
        [experiment.days[:, at : at + _DAYS_A_WEEK].sum(axis=1) for at in starts], axis=1
    )
    before = np.array([at < begins for at in starts])
    told = [_is_told(experiment, slice(at, at + _DAYS_A_WEEK)) for at in starts]
    by_week = by_week - by_week[:, before].mean(axis=1, keepdims=True)
    placebo = np.stack([difference(week, draws) for week in by_week.T])
    low, high = np.quantile(placebo, [LEVEL / 2, 1 - LEVEL / 2], axis=1)
    return pl.DataFrame(
        {
            "day": [experiment.dates[at] for at in starts],
            "week": [(at - begins) // _DAYS_A_WEEK + (at >= begins) for at in starts],
            "difference": [float(difference(week, treated)) for week in by_week.T],
            "low": low,
            "high": high,
        }
    ).filter(pl.Series("told", told, pl.Boolean))


def crowd(experiment: GeoExperiment, days: slice) -> tuple[float, float]:
    """How many are behind the treated and the held-out regions on some days, at the least."""
    sides = (experiment.treated, ~experiment.treated)
    if experiment.crowds is None:
        treated, held_out = (float(experiment.days[side, days].sum()) for side in sides)
    else:
        treated, held_out = (
            float(experiment.crowds[side, days].any(axis=(0, 1)).sum()) for side in sides
        )
    return treated, held_out


def _is_told(experiment: GeoExperiment, days: slice) -> bool:
    return not any(0 < n < FEWEST_SHOWN for n in crowd(experiment, days))


def _experiment(group: pl.DataFrame) -> GeoExperiment:
    regions = group.select("geo", "country", "is_holdout").unique("geo").sort("geo")
    dates = group["date"].unique().sort().to_list()
    named = tuple(regions["geo"].to_list())
    days, spent, claimed = (
        laid_out(group, name, named, dates) for name in ("signups", "spend", "attributed_signups")
    )
    during = group.filter(pl.col("is_during"))
    first = during["date"].min() if during.height else None
    return GeoExperiment(
        campaign=group["campaign"][0] or f"Campaign {group['campaign_id'][0]}",
        dates=tuple(dates),
        regions=named,
        countries=tuple(regions["country"].fill_null("").to_list()),
        treated=~regions["is_holdout"].to_numpy().astype(bool),
        days=days,
        spend=float(during["spend"].sum() or 0),
        attributed=float(during["attributed_signups"].sum() or 0),
        begins=dates.index(first) if first is not None else None,
        spent=spent,
        claimed=claimed,
    )


def laid_out(
    frame: pl.DataFrame, value: str, regions: Sequence[str], dates: Sequence[object]
) -> Array:
    """A column by `geo` and `date` as regions x days; 0 where there is none."""
    found = np.zeros((len(regions), len(dates)))
    row = {geo: nth for nth, geo in enumerate(regions)}
    column = {day: nth for nth, day in enumerate(dates)}
    for geo, day, amount in frame.select("geo", "date", value).iter_rows():
        if geo in row and day in column:
            found[row[geo], column[day]] += amount or 0
    return found
