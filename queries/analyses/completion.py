"""Who starts a title, who watches it, who completes it.

Netflix's letter to the House of Lords (2019): starters watched two minutes, watchers 70 % of a film
or of one episode, completers 90 % of the film or of the whole season. Completing a season takes
many plays, so plays are first added up by account and title, which no single aggregate does.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.analyses.cluster import (
    CLUSTER,
    CLUSTERS,
    EVERY_GROUP,
    Estimate,
    Scope,
    around,
    left_out,
)
from queries.condition import Dimension
from queries.formula import Array, parse
from queries.interval import wilson
from queries.model import Metric, Query

COMPLETED = 0.9
_ACCOUNT = Dimension("account", "Account", '"account_id"', kind="number")
_RUNTIME = Dimension("runtime", "Runtime", '"titles.runtime_s"', kind="number")
_METRICS = tuple(
    Metric(name=name, label=name, formula=parse(formula), interval="none")
    for name, formula in (
        ("watched", "sum(watched_s)"),
        ("starts", "count(*) filter (where watched_s >= 120)"),
        (
            "reached",
            "count(*) filter (where coalesce(max_pos_s, watched_s) >= 0.7 * runtime_s)",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Completion:
    """Accounts (of several titles: accounts by title) at each step, and shares of the starters.

    `completers` and their rate are NaN where no runtime of the title is known.
    """

    starters: int
    watchers: int
    completers: float
    watcher_rate: Estimate
    completion_rate: Estimate


def question(scope: Scope) -> Query:
    """What each account watched of each title. Keep one title, or a few, in the scope's filters."""
    dataset = replace(
        scope.dataset,
        dimensions=(*scope.dataset.dimensions, _ACCOUNT, _RUNTIME, CLUSTER),
        metrics=_METRICS,
    )
    return Query(
        dataset=dataset,
        metrics=_METRICS,
        by=(_ACCOUNT, CLUSTER, scope.dataset.dimension("title_id"), _RUNTIME),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
    )


def completion(frame: pl.DataFrame) -> Completion | None:
    """Read the answer to `question`; None where nobody started anything."""
    started = frame.filter(pl.col("account").is_not_null() & (pl.col("starts") > 0))
    if started.is_empty():
        return None
    known = started.filter(pl.col("runtime") > 0)
    completed = pl.col("watched") >= COMPLETED * pl.col("runtime")
    watched = pl.col("reached") > 0
    titles = started["title_id"].n_unique()
    return Completion(
        starters=started.height,
        watchers=started.filter(watched).height,
        completers=float(known.filter(completed).height) if known.height else float("nan"),
        watcher_rate=_rate(started, watched, titles),
        completion_rate=_rate(known, completed, titles),
    )


def _rate(frame: pl.DataFrame, succeeded: pl.Expr, titles: int) -> Estimate:
    """Of one title an account counts once: Wilson. Of several, accounts repeat: by cluster."""
    trials = _by_cluster(frame)
    successes = _by_cluster(frame.filter(succeeded))
    if not trials.sum() > 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    value = float(successes.sum() / trials.sum())
    if titles == 1:
        bounds = wilson(np.asarray(successes.sum()), np.asarray(trials.sum()))
        return Estimate(value, float(bounds.low), float(bounds.high))
    present = trials > 0
    with np.errstate(all="ignore"):
        replicates = left_out(successes, present) / left_out(trials, present)
    return around(value, replicates)


def _by_cluster(frame: pl.DataFrame) -> Array:
    clusters = frame[CLUSTER.name].fill_null(0).cast(pl.Int64).to_numpy()
    return np.bincount(clusters, minlength=CLUSTERS).astype(np.float64)
