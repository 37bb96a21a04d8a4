"""Estimate what no formula can say: run the counts of a plan's estimations and read them.

The counts of all groups come in one scan. A total is read off the same counts, added up over
groups, so it is estimated anew and never a sum or a mean of the groups' values.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from queries.dataset import CLUSTER, CLUSTERS
from queries.errors import UnsafeQuestion
from queries.estimation import Estimation
from queries.estimators.estimator import Counted, Estimates, Indices
from queries.formula import Array
from queries.interval import margin_of_present
from queries.model import Query
from queries.period import Period
from queries.plan import Plan, over
from queries.reduction import Reduce

MOST_CELLS = 4_000_000
MOST_GROUPS = 10_000
_PLACE = "__place"


def estimated(
    plan: Plan,
    period: Period | None,
    reduce: Reduce,
    groups: pl.DataFrame | None,
    population: Array | None,
) -> dict[str, Estimates]:
    """The estimates of `groups`, or of all rows together where none are given, by metric.

    `population` are the accounts by bucket, which totals are scaled to. Raises UnsafeQuestion where
    the counts are more than can be read.
    """
    found: dict[str, Estimates] = {}
    for name, reduction in plan.inner:
        metric = next(m for m in plan.query.metrics if m.name == name)
        assert isinstance(metric.formula, Estimation)  # noqa: S101  # the plan made it of one
        if groups is None and metric.formula.asked:
            found[name] = Estimates.unknown(1)
            continue
        frame = reduce(over(reduction, period) if period is not None else reduction)
        if frame.height > MOST_CELLS or (groups is not None and groups.height > MOST_GROUPS):
            raise UnsafeQuestion(
                f"{metric.label} would be worked out from {frame.height:,} counts, in "
                f"{1 if groups is None else groups.height:,} groups.",
                "Ask for fewer groups, a coarser grain or a shorter period.",
                code="too_many_cells",
            )
        counted = _counted(frame, metric.formula, plan.query, groups, _scale(population))
        counted = replace(counted, settings=metric.formula.numbers)
        estimates = metric.formula.estimator.estimate(counted)
        found[name] = estimates if plan.query.interval else estimates.without_intervals()
    return found


def changed(now: Estimates, before: Estimates) -> dict[str, Array]:
    """Columns of a change, by suffix. The same accounts are left out of both periods at once."""
    with np.errstate(all="ignore"):
        # What may be negative has no relative change across zero.
        is_ratio = (before.values > 0) & (now.values >= 0)
        ratio = np.where(is_ratio, now.values / before.values - 1, np.nan)
    delta = now.values - before.values
    # Without a cluster that a period has nothing of, its value is the same.
    present = now.present | before.present
    one, other = (np.where(e.present, e.replicates, e.values[:, None]) for e in (now, before))
    error = margin_of_present(one - other, present)
    with np.errstate(all="ignore"):
        logs = np.where((one > 0) & (other > 0), np.log(one / other), np.nan)
        factor = np.exp(margin_of_present(logs, present))
    return {
        "previous": before.values,
        "delta": delta,
        "delta_low": delta - error,
        "delta_high": delta + error,
        "relative": ratio,
        "relative_low": (1 + ratio) / factor - 1,
        "relative_high": (1 + ratio) * factor - 1,
    }


def _counted(
    frame: pl.DataFrame,
    estimation: Estimation,
    query: Query,
    groups: pl.DataFrame | None,
    scale: Array | None,
) -> Counted:
    """Lay the counts out: a row for each combination of keys, a column for each cluster."""
    known = [n for k, n in estimation.inner if not estimation.estimator.key(k).is_optional]
    frame = frame.drop_nulls(known)
    asked = [] if groups is None else [k.name for k in query.by]
    keys = list(dict.fromkeys((*asked, *estimation.dimensions)))
    # In an order of its own: what is drawn from a seed must not hang on how an engine groups.
    rows = frame.select(keys).unique().sort(keys)
    place = _numbered(frame, rows, keys)
    has_clusters = CLUSTER in frame.columns
    columns = CLUSTERS if has_clusters else 1
    cluster = (
        frame[CLUSTER].cast(pl.Int64).fill_null(0).to_numpy() % CLUSTERS
        if has_clusters
        else np.zeros(frame.height, dtype=np.int64)
    )
    amounts: dict[str, Array] = {}
    for name, aggregate in estimation.amounts:
        flat = np.bincount(
            place * columns + cluster,
            frame[aggregate.key].cast(pl.Float64).fill_null(0).fill_nan(0).to_numpy(),
            minlength=rows.height * columns,
        )
        amounts[name] = flat.astype(np.float64).reshape(rows.height, columns)
    around = [n for n in asked if n not in estimation.dimensions]
    return Counted(
        groups=1 if groups is None or not asked else groups.height,
        group=_groups(rows, asked, groups),
        around=_numbered(rows, rows.select(around).unique(maintain_order=True), around),
        keys=rows.select(pl.col(name).alias(key) for key, name in estimation.inner),
        amounts=amounts,
        has_clusters=has_clusters,
        scale=scale if has_clusters else None,
    )


def _groups(rows: pl.DataFrame, asked: list[str], groups: pl.DataFrame | None) -> Indices:
    if groups is None or not asked:
        return np.zeros(rows.height, dtype=np.intp)
    return _numbered(rows, groups, asked)


def _numbered(rows: pl.DataFrame, listed: pl.DataFrame, keys: list[str]) -> Indices:
    """Where each row's keys stand in the list; -1 where they do not."""
    if not keys:
        return np.zeros(rows.height, dtype=np.intp)
    indexed = listed.select(keys).with_row_index(_PLACE)
    joined = rows.select(keys).join(
        indexed, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined[_PLACE].cast(pl.Int64).fill_null(-1).to_numpy().astype(np.intp)


def _scale(population: Array | None) -> Array | None:
    """What weighs the accounts without a cluster back to all of them."""
    if population is None:
        return None
    clusters = population.reshape(CLUSTERS, -1).sum(axis=1)
    everyone = clusters.sum()
    with np.errstate(all="ignore"):
        return np.where(clusters < everyone, everyone / (everyone - clusters), np.nan)
