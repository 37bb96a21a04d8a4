"""One scene: of those who come to a part of an episode, who leaves in it and what they do there.

Who leaves is the product-limit estimate over the part (Kaplan & Meier 1958), with those who resume
at risk from there on; what they do is counted per hundred plays
that come there, and held against the rest of the episode by plays and runtime. Every number has
the jackknife over clusters of accounts; ratios have it on the log scale.

Small cells: a scene to which fewer than ten accounts come has no numbers, nor has what one to nine
accounts do in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import CLUSTER, CLUSTERS, Scope, around, counted_by
from queries.analyses.scenes import accounts_of, at_risk
from queries.analyses.survival import Counts
from queries.formula import Array
from queries.interval import Estimate, is_present, left_out, margin
from queries.model import Query
from queries.small_cells import FEWEST_SHOWN

_HUNDRED = 100
_UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def question(scope: Scope) -> Query:
    """Interactions by episode, kind and place on the timeline."""
    return counted_by(scope, ["interactions"], ["episode", "interaction", "position"])


@dataclass(frozen=True, slots=True)
class Done:
    """Interactions of a kind in a scene: how many a hundred plays, and times the rest's.

    `is_withheld` where one to nine accounts did so; the numbers are NaN then.
    """

    kind: str
    count: float
    per_hundred: Estimate
    times: Estimate
    is_withheld: bool


def came(counted: Counts, start: int, end: int) -> Array:
    """Plays that are watching somewhere in the scene, by cluster."""
    entered = counted.events * 0 if counted.entered is None else counted.entered
    return np.asarray(at_risk(counted)[start] + entered[start + 1 : end].sum(axis=0))


def leaving(counted: Counts, start: int, end: int) -> Estimate:
    """Of those still watching at `start`, the share that leaves before `end`."""
    if accounts_of(counted)[start] < FEWEST_SHOWN:
        return _UNKNOWN
    found = around(*_lost(counted, start, end))
    return Estimate(found.value, max(found.low, 0.0), min(found.high, 1.0))


def times(own: Counts, comparables: Counts, start: int, end: int) -> Estimate:
    """How many times as large a share leaves as of comparables."""
    if min(accounts_of(side)[start] for side in (own, comparables)) < FEWEST_SHOWN:
        return _UNKNOWN
    present = is_present(np.stack([side.events + side.censored for side in (own, comparables)]))
    sides = [_lost(side, start, end, present) for side in (own, comparables)]
    return _ratio((sides[0][0], sides[1][0]), (sides[0][1], sides[1][1]))


def done(frame: pl.DataFrame, counted: Counts, scene: tuple[int, int], kind: str) -> Done:
    """What is done in a scene of one episode, of answers to `question` about it alone."""
    start, end = scene
    rows = frame.filter(pl.col("interaction") == kind).drop_nulls("position")
    at = pl.col("position").cast(pl.Int64)
    is_in = (at >= start) & (at < end)
    inside, outside = (_by_cluster(rows.filter(side)) for side in (is_in, ~is_in))
    few, few_outside = (_is_few(rows.filter(side)) for side in (is_in, ~is_in))
    if few or accounts_of(counted)[start] < FEWEST_SHOWN:
        return Done(kind, 0.0, _UNKNOWN, _UNKNOWN, is_withheld=True)
    risk = at_risk(counted)
    exposed = risk[start:end].sum(axis=0)
    rest = risk.sum(axis=0) - exposed
    parts = np.stack([inside, came(counted, start, end), exposed, outside, rest])
    whole, without = parts.sum(axis=1), left_out(parts)
    with np.errstate(all="ignore"):
        share = around(_HUNDRED * whole[0] / whole[1], _HUNDRED * without[0] / without[1])
        rates = whole[0] / whole[2], whole[3] / whole[4]
        others = without[0] / without[2], without[3] / without[4]
    compared = _UNKNOWN if few_outside else _ratio(rates, others)
    floor = Estimate(share.value, max(share.low, 0.0), share.high)
    return Done(kind, float(whole[0]), floor, compared, is_withheld=False)


def _lost(
    counted: Counts, start: int, end: int, present: NDArray[np.bool_] | None = None
) -> tuple[float, Array]:
    """The share that leaves, and the same with one cluster left out at a time."""
    events, risk = counted.events[start:end], at_risk(counted)[start:end]
    if present is None:
        present = is_present(np.stack([events, risk]))

    def share(left: Array, here: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(1 - np.where(here > 0, 1 - left / here, 1.0).prod(axis=0))

    value = float(share(events.sum(axis=1), risk.sum(axis=1)))
    return value, share(left_out(events, present), left_out(risk, present))


def _ratio(values: Sequence[float], replicates: Sequence[Array]) -> Estimate:
    """One over the other with the interval of its log; NaN where either is 0."""
    if not (values[0] > 0 and values[1] > 0):
        return _UNKNOWN
    with np.errstate(all="ignore"):
        logs = np.log(replicates[0] / replicates[1])
    wide = float(margin(np.where(np.isfinite(logs), logs, np.nan)[None, :])[0])
    middle = values[0] / values[1]
    return Estimate(middle, middle * float(np.exp(-wide)), middle * float(np.exp(wide)))


def _is_few(rows: pl.DataFrame) -> bool:
    """Whether one to nine accounts are behind rows; those that name none are no account's."""
    if CLUSTER.name not in rows.columns:
        return False
    theirs = rows.filter((pl.col(CLUSTER.name) < CLUSTERS) & (pl.col("interactions") > 0))
    return 0 < theirs[CLUSTER.name].n_unique() < FEWEST_SHOWN


def _by_cluster(rows: pl.DataFrame) -> Array:
    """Interactions by cluster; those of rows that name no account lie with the cluster below."""
    if CLUSTER.name not in rows.columns:
        found = np.zeros(CLUSTERS)
        found[0] = float(rows["interactions"].sum())
        return found
    place = rows[CLUSTER.name].cast(pl.Int64).fill_null(0).to_numpy() % CLUSTERS
    weights = rows["interactions"].cast(pl.Float64).fill_null(0).to_numpy()
    return np.bincount(place, weights, minlength=CLUSTERS).astype(np.float64)
