"""Do returns diminish? How what follows from spend grows with it, within a region.

Sign-ups that channels attribute, by week, as a Poisson regression on the log of spend with a level
for each campaign in each region: `attributed ~ level * spend ** elasticity`. One is proportional;
below one, returns diminish. A region is compared with itself in the same campaign, since large
ones have more of both and campaigns claim differently. Levels are conditioned away (Hausman, Hall
& Griliches 1984); the interval leaves one region out at a time. It says how attribution goes with
spend, not what spend causes.

Small cells: bands of weeks are told relative to what is usual, of claims of channels, and what is
read together is refused where it is of a handful.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import EVERY_GROUP, Estimate, Scope, around
from queries.dataset import TimeBucket
from queries.formula import Array
from queries.model import Query
from queries.period import Grain

FEWEST_REGIONS = 10
BANDS = 6
_STEPS, _CLOSE, _BOUND = 60, 1e-9, 20.0


@dataclass(frozen=True, slots=True)
class Returns:
    """`bands` has columns spend (over the region's mean), signups (the same) and weeks."""

    elasticity: Estimate
    bands: pl.DataFrame
    regions: int


def question(scope: Scope) -> Query:
    """Spend and attributed sign-ups by campaign, region and week."""
    dataset = scope.dataset
    return Query(
        dataset=dataset,
        metrics=(dataset.metric("spend"), dataset.metric("attributed_signups")),
        by=(
            *(dataset.dimension(n) for n in ("geo", "campaign")),
            TimeBucket(dataset.time, Grain.WEEK),
        ),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def returns(frame: pl.DataFrame) -> Returns | None:
    """Read an answer to `question`. None where fewer than `FEWEST_REGIONS` regions can tell."""
    whole = frame.filter(~pl.col("incomplete")) if "incomplete" in frame.columns else frame
    told = whole.with_columns(pl.col("attributed_signups").fill_null(0))
    known = told.filter((pl.col("spend") > 0) & pl.col("geo").is_not_null())
    groups = known.sort("geo", "campaign").partition_by("geo", "campaign", maintain_order=True)
    kept = [g for g in groups if g.height > 1 and g["attributed_signups"].sum() > 0]
    regions = sorted({group["geo"][0] for group in kept})
    if len(regions) < FEWEST_REGIONS:
        return None
    place = np.array([regions.index(group["geo"][0]) for group in kept])
    runs = [(g["spend"].to_numpy(), g["attributed_signups"].to_numpy()) for g in kept]
    value, *replicates = _elasticities(runs, place).tolist()
    if np.isnan([value, *replicates]).any():
        return None
    return Returns(around(value, np.array(replicates)), _bands(runs), len(regions))


_Runs = list[tuple[Array, Array]]


def _elasticities(runs: _Runs, region: NDArray[np.intp]) -> Array:
    """Of all runs of a campaign in a region, then with each region left out; NaN without one.

    Newton's steps on the conditional likelihood, for all of them at once.
    """
    weeks = max(len(spend) for spend, _ in runs)
    log, signups = (np.zeros((len(runs), weeks)) for _ in range(2))
    there = np.zeros((len(runs), weeks), bool)
    for row, (spend, counted) in enumerate(runs):
        log[row, : len(spend)] = np.log(spend) - np.log(spend).mean()
        signups[row, : len(spend)], there[row, : len(spend)] = counted, True
    kept = np.ones((region.max() + 2, len(runs)))
    kept[1:] = np.arange(region.max() + 1)[:, None] != region
    total, weighted = signups.sum(axis=1), (signups * log).sum(axis=1)
    at = np.ones(len(kept))
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            share = np.where(there, np.exp(at[:, None, None] * log), 0)
            share /= share.sum(axis=2, keepdims=True)
            middle = (share * log).sum(axis=2)
            spread = (share * log**2).sum(axis=2) - middle**2
            slope = (kept * (weighted - total * middle)).sum(axis=1)
            step = slope / (kept * total * spread).sum(axis=1)
            at = np.where(np.abs(at + step) < _BOUND, at + step, np.nan)
            if np.isnan(at).any() or np.abs(step).max() < _CLOSE:
                return at
    return np.full(len(kept), np.nan)


def _bands(runs: _Runs) -> pl.DataFrame:
    """Weeks by how much more than usual was spent in their region, in bands of as many weeks."""
    spend = np.concatenate([s / s.mean() for s, _ in runs])
    expected = np.concatenate([np.full(len(n), n.mean()) for _, n in runs])
    signups = np.concatenate([n for _, n in runs])
    parts = np.array_split(np.argsort(spend, kind="stable"), min(BANDS, len(spend)))
    return pl.DataFrame(
        {
            "spend": [float(np.average(spend[p], weights=expected[p])) for p in parts],
            "signups": [float(signups[p].sum() / expected[p].sum()) for p in parts],
            "weeks": [len(p) for p in parts],
        }
    )
