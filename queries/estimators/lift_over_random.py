"""How much more of an arm is taken than of all arms of its stratum, had each had an equal chance.

The rate of the arm over the mean rate of the arms that were shown, less one: where rows are
weighted by how seldom their arm is chosen (Horvitz & Thompson 1952), the mean is what choosing at
random would earn. The interval leaves clusters out of both at once, on the log scale, so the error
of the mean is in it and rows of one account go together. An arm without a rival has none, nor has
one that nobody took an interval.
"""

import numpy as np

from queries.estimators.estimator import (
    Counted,
    Estimates,
    Estimator,
    Flags,
    Indices,
    Inner,
    summed_by,
)
from queries.estimators.probability_best import contests
from queries.formula import Array
from queries.interval import margin_of_present


def _estimate(counted: Counted) -> Estimates:
    kept = counted.amounts["shown"].sum(axis=1) > 0
    contest = contests(counted)[kept]
    shown, taken = (counted.columns(name)[kept] for name in ("shown", "taken"))
    lift = lifts(shown, taken, contest)
    present = met(counted.amounts["shown"][kept], contest)
    group = counted.group[kept]
    asked = group >= 0
    columns = np.full((counted.groups, 1 + counted.clusters), np.nan)
    columns[group[asked]] = lift[asked]
    clusters = np.zeros((counted.groups, counted.clusters), dtype=np.bool_)
    clusters[group[asked]] = present[asked] & counted.has_clusters
    low, high = ends(columns, clusters)
    return Estimates(columns[:, 0], low, high, columns[:, 1:], clusters)


def lifts(shown: Array, taken: Array, contest: Indices) -> Array:
    """Each arm over the mean of its contest, less one: `arms x columns`, like the arguments."""
    which, count = _numbered(contest)
    with np.errstate(all="ignore"):
        rate = np.where(shown > 0, taken / shown, np.nan)
        known = summed_by(which, (~np.isnan(rate)).astype(np.float64), count)
        mean = summed_by(which, np.nan_to_num(rate), count) / known
        mean = np.where((known > 1) & (mean > 0), mean, np.nan)
        return np.asarray(rate / mean[which] - 1, dtype=np.float64)


def met(shown: Array, contest: Indices) -> Flags:
    """Which clusters saw any arm of a contest, by arm: without one of them its lift is another."""
    which, count = _numbered(contest)
    return summed_by(which, shown, count)[which] > 0


def _numbered(contest: Indices) -> tuple[Indices, int]:
    names, which = np.unique(contest, return_inverse=True)
    return which.astype(np.intp), len(names)


def ends(lift: Array, present: Flags) -> tuple[Array, Array]:
    """The 95 % interval of `arms x (1 + clusters)`; none where an arm hangs on one cluster."""
    with np.errstate(all="ignore"):
        logs = np.log1p(lift)
    known = np.isfinite(logs[:, 1:]) & present
    width = margin_of_present(np.where(known, logs[:, 1:], 0.0), known)
    width = np.where(np.isfinite(logs[:, 0]) & (known == present).all(axis=1), width, np.nan)
    return np.exp(logs[:, 0] - width) - 1, np.exp(logs[:, 0] + width) - 1


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("shown", "taken"),
    inner=(Inner("stratum", may_group=True, may_filter=True), Inner("arm", is_asked=True)),
    skips_empty=True,
)
