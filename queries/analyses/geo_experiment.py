"""A campaign that left regions out, week by week.

What it brought is worked out as for the metric `incremental_signups`
(`queries.estimators.geo_difference`); here the regions are followed through time.

Small cells: what a week shows is a difference of means over all regions less its own mean before,
and weeks in which one to nine sign-ups came on either side are left out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

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
    length, treated = experiment.length, experiment.treated.astype(np.float64)
    starts = [*range(length % _DAYS_A_WEEK, 2 * length - _DAYS_A_WEEK + 1, _DAYS_A_WEEK)]
    by_week = np.stack(
        [experiment.days[:, at : at + _DAYS_A_WEEK].sum(axis=1) for at in starts], axis=1
    )
    before = np.array([at < length for at in starts])
    came = np.stack(
        [by_week[side].sum(axis=0) for side in (experiment.treated, ~experiment.treated)]
    )
    told = [not any(0 < n < FEWEST_SHOWN for n in week) for week in came.T.tolist()]
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
    ).filter(pl.Series("told", told, pl.Boolean))


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
