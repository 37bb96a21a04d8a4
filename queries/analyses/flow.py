"""The flow of work through stages: how long it takes, where it waits, what is getting old.

Cycle time runs from the queue to the end. Work that is open is censored at its age and work that
was in the system already is at risk from its age then (delayed entry), so neither a short period
nor long tasks that nobody finished yet make it look fast (Kaplan & Meier 1958; Vacanti, Actionable
Agile Metrics, 2015). Intervals leave one production out at a time.

Small cells: work, of no accounts.
"""

from dataclasses import dataclass, replace
from math import isnan, nan

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Estimate, Scope, around
from queries.analyses.multiple_testing import benjamini_hochberg, q_values
from queries.analyses.survival import Counts, Curve, kaplan_meier
from queries.estimators.flow_residual import residual
from queries.formula import Array
from queries.interval import FEWEST_CLUSTERS, FEWEST_INHABITED, student
from queries.model import Query
from queries.tails import stdtr

TASK = ("task_id", "production_id", "production", "episode", "stage", "vendor")
_MEASURES = ("age_before", "age", "open_days", "finished", "wait_total")
FEWEST_TASKS = 10
FALSE_DISCOVERIES = 0.05
LEAST_SHARE = 0.05


def question(scope: Scope, by: tuple[str, ...] = TASK) -> Query:
    """Every task that was in the system in the period: how old at first, at last, and finished."""
    dataset = scope.dataset
    return Query(
        dataset=dataset,
        metrics=tuple(dataset.metric(name) for name in _MEASURES),
        by=tuple(dataset.dimension(name) for name in by),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def cycle_time(tasks: pl.DataFrame) -> Curve:
    """Share of tasks not finished by each age, in days, open and earlier ones kept in."""
    age, entry = (tasks[c].to_numpy().astype(np.float64) for c in ("age", "age_before"))
    entry = np.minimum(np.maximum(entry, 0), age)
    done = tasks["finished"].to_numpy() > 0
    grid = np.unique(np.concatenate([age, entry]))
    _, cluster = np.unique(tasks["production_id"].fill_null(-1).to_numpy(), return_inverse=True)
    count = int(cluster.max()) + 1 if len(cluster) else 1
    has_clusters = count >= FEWEST_CLUSTERS

    def laid_out(times: Array) -> Array:
        cells = np.zeros((len(grid), count))
        kept = done if times is age else slice(None)
        np.add.at(cells, (np.searchsorted(grid, times)[kept], cluster[kept]), 1)
        return cells if has_clusters else cells.sum(axis=1)

    left = np.zeros((len(grid), count))
    np.add.at(left, (np.searchsorted(grid, age)[~done], cluster[~done]), 1)
    censored = left if has_clusters else left.sum(axis=1)
    return kaplan_meier(Counts(grid, laid_out(age), censored, laid_out(entry)))


def percentile(curve: Curve, share: float) -> Estimate:
    """The age by which a share of tasks is finished; NaN where the curve does not get there."""

    def reached(survival: Array) -> float:
        there = np.flatnonzero(survival <= 1 - share + 1e-12)
        return float(curve.time[there[0]]) if len(there) else nan

    return Estimate(reached(curve.survival), reached(curve.low), reached(curve.high))


@dataclass(frozen=True, slots=True)
class Little:
    """Little's law on a closed window: L = λ W exactly, or rows are missing or counted twice.

    `in_system` is the mean number of tasks, `rate` tasks a day, `days` the mean time each spent in
    the window (Little 1961; Little 2011 for the finite window).
    """

    in_system: float
    rate: float
    days: float

    @property
    def residual(self) -> float:
        return residual(self.in_system, self.rate * self.days)


def little(tasks: pl.DataFrame, days: int) -> Little:
    """The number in the system from its days, the time each spent from its two ages."""
    count = tasks.height
    spent = float((tasks["age"] - tasks["age_before"]).sum())
    return Little(
        in_system=float(tasks["open_days"].sum()) / days if days else nan,
        rate=count / days if days else nan,
        days=spent / count if count else nan,
    )


def waits(tasks: pl.DataFrame) -> pl.DataFrame:
    """Mean wait in the queue of each stage and vendor, against the other vendors of the stage.

    Columns stage, vendor, tasks, wait_days, others_days, ratio, low, high, p, is_slow, excess_days.
    The ratio is on the log scale by a jackknife over productions; `is_slow` holds after
    Benjamini & Hochberg 1995 over all pairs at 5 %, where the excess is worth a twentieth of all
    days in queues. A ratio is missing where a vendor, or all the
    others, finished fewer than ten tasks of the stage.
    """
    done = tasks.filter(pl.col("finished") > 0)
    sums = done.group_by("stage", "vendor", "production_id").agg(
        pl.len().alias("n"), pl.col("wait_total").sum().alias("wait")
    )
    rows = [_contrast(sums, stage, vendor) for stage, vendor in _pairs(sums)]
    schema = {
        "stage": pl.String, "vendor": pl.String, "tasks": pl.Int64, "wait_days": pl.Float64,
        "others_days": pl.Float64, "ratio": pl.Float64, "low": pl.Float64, "high": pl.Float64,
        "p": pl.Float64, "excess_days": pl.Float64,
    }  # fmt: skip
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return _discovered(found).sort("excess_days", descending=True, nulls_last=True)


def chance(waits: pl.DataFrame) -> float:
    """The p of no difference anywhere, off `waits`: the least q of all pairs, Simes' p."""
    known = benjamini_hochberg(waits["p"].drop_nulls().to_list())
    return min(known, default=1.0)


def _pairs(sums: pl.DataFrame) -> list[tuple[str, str]]:
    return [(s, v) for s, v in sums.select("stage", "vendor").unique(maintain_order=True).rows()]


def _contrast(sums: pl.DataFrame, stage: str, vendor: str) -> tuple[object, ...]:
    of_stage = sums.filter(pl.col("stage") == stage).with_columns(
        own=(pl.col("vendor") == vendor).fill_null(value=False)
    )
    parts = of_stage.group_by("production_id", maintain_order=True).agg(
        *(
            pl.col(c).filter(pl.col("own") == side).sum().alias(f"{c}_{name}")
            for c in ("n", "wait")
            for side, name in ((True, "own"), (False, "others"))
        )
    )
    cells = {c: parts[c].to_numpy().astype(np.float64) for c in parts.columns[1:]}
    n, others = cells["n_own"].sum(), cells["n_others"].sum()
    mean = cells["wait_own"].sum() / n
    rest = cells["wait_others"].sum() / others if others else nan
    enough = min(n, others) >= FEWEST_TASKS and mean > 0 and rest > 0
    if not enough:
        return (stage, vendor, int(n), mean, None if isnan(rest) else rest, *[None] * 5)
    one = around(np.log(mean / rest), _log_ratios(cells))
    clusters = int((cells["n_own"] > 0).sum())
    known = clusters >= FEWEST_INHABITED and one.high > one.value
    # `around` has the degrees of freedom of all productions; the vendor's own are fewer.
    error = (one.high - one.value) / student(len(cells["n_own"]) - 1) if known else nan
    width = error * student(clusters - 1) if known else nan
    p = float(2 * stdtr(clusters - 1, -abs(one.value) / error)) if known else None
    ends = [float(np.exp(one.value + s * width)) if known else None for s in (-1, 1)]
    return (
        stage, vendor, int(n), mean, rest, float(np.exp(one.value)), *ends, p,
        float(n * (mean - rest)),
    )  # fmt: skip


def _log_ratios(cells: dict[str, Array]) -> Array:
    """The log ratio of the two means with each production left out."""
    left = {name: values.sum() - values for name, values in cells.items()}
    with np.errstate(all="ignore"):
        ratio = (left["wait_own"] / left["n_own"]) / (left["wait_others"] / left["n_others"])
        return np.asarray(np.log(ratio))


def _discovered(found: pl.DataFrame) -> pl.DataFrame:
    tested = found["p"].is_not_null().to_numpy()
    slow = np.zeros(found.height, dtype=bool)
    if tested.any():
        slow[tested] = q_values(found["p"].drop_nulls()).to_numpy() <= FALSE_DISCOVERIES
    ratio = found["ratio"].fill_null(0).to_numpy()
    matters = pl.col("excess_days") >= LEAST_SHARE * (pl.col("wait_days") * pl.col("tasks")).sum()
    named = pl.Series("is_slow", slow & (ratio > 1))
    return found.with_columns((named & matters).fill_null(value=False).alias("is_slow"))


def cumulative(frame: pl.DataFrame, time: str, stages: list[str]) -> pl.DataFrame:
    """Work in each stage at the end of each day, and all that was finished of the last stage.

    Columns `time`, one a stage, and `out`: stacked from `out` up they are the cumulative flow
    diagram, and the edge above a band has the arrivals of its stage.
    """
    days = frame.select(time).unique().sort(time)
    for stage in stages:
        of_stage = frame.filter(pl.col("stage") == stage).select(
            time, pl.col("work_in_progress").alias(stage)
        )
        days = days.join(of_stage, on=time, how="left")
    out = frame.filter(pl.col("stage") == stages[-1]).select(time, pl.col("finished").alias("out"))
    return (
        days.join(out, on=time, how="left")
        .with_columns(pl.col(*stages, "out").fill_null(0))
        .with_columns(pl.col("out").cum_sum())
        .sort(time)
    )


def as_of(scope: Scope) -> Scope:
    """All there ever was in the scope, whatever the period."""
    return replace(scope, period=None)
