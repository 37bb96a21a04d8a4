"""When something happens: the first play of a visit, the end of a play, the end of a scroll.

The curves are those of `queries.estimators.product_limit`; here is what they are asked of, and the
test that groups share one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import polars as pl

from queries.analyses.cluster import CLUSTER, Scope, cells, counted_by, named
from queries.estimators.product_limit import (
    Counts,
    Curve,
    at_risk_of,
    kaplan_meier,
    parts,
    summed,
)
from queries.formula import Array
from queries.interval import FEWEST_CLUSTERS, is_present, left_out
from queries.model import Query
from queries.small_cells import FEWEST_SHOWN
from queries.tails import chdtrc, fdtrc

__all__ = ["Counts", "Curve", "kaplan_meier"]


def first_play_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Visits by seconds to the first play, or to their end where there was none."""
    return counted_by(scope, ["rows"], [*by, "choosing_seconds", "has_play"])


def abandonment_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Plays by where they began and how far they got, in per cent of the runtime."""
    return counted_by(scope, ["rows"], [*by, "start_position", "position", "was_left"])


def scroll_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Visits by the lowest row that came on screen."""
    return counted_by(scope, ["rows"], [*by, "deepest_row"])


def tenure_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Spans of memberships by the days since joining at which they begin and end to be seen."""
    asked = counted_by(scope, ["rows"], [*by, "entry_days", "tenure_days", "was_cancelled"])
    return replace(asked, by=tuple(key for key in asked.by if key.name != CLUSTER.name))


def tenure_counts(frame: pl.DataFrame) -> Counts:
    """Days from joining to cancelling; who goes on, or changes plan, is censored there."""
    return counts(frame, "tenure_days", "was_cancelled", entry="entry_days")


def slip_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Productions by days after their planned delivery, and whether they are delivered."""
    asked = counted_by(scope, ["rows"], [*by, "seen_slip_days", "is_delivered"])
    return replace(asked, by=tuple(key for key in asked.by if key.name != CLUSTER.name))


def slip_counts(frame: pl.DataFrame) -> Counts:
    """Days from the planned delivery to the real one, negative ahead of it.

    What is open is censored at what it is late by now, below 0 where it is not due yet.
    """
    known = frame.filter(pl.col("seen_slip_days").is_not_null())
    first = known["seen_slip_days"].min() if known.height else 0
    shifted = known.with_columns(pl.col("seen_slip_days").cast(pl.Float64) - first)
    found = counts(shifted, "seen_slip_days", "is_delivered")
    return replace(found, time=found.time + float(first or 0))  # pyright: ignore[reportArgumentType]


def scroll(frame: pl.DataFrame) -> Curve:
    """How far down visits scroll: at each row, the share of visits that see a lower one still."""
    return told(counts(frame.with_columns(stopped=True), "deepest_row", "stopped"))


def first_play(frame: pl.DataFrame, horizon: int = 600) -> Curve:
    """Seconds to the first play.

    A visit without one is censored where it ended; what comes after the horizon, there.
    """
    return told(counts(frame, "choosing_seconds", "has_play", horizon=horizon))


def abandonment(frame: pl.DataFrame) -> Curve:
    """How far plays get before the viewer leaves, in per cent of the runtime.

    What was completed, or ended for another reason, is censored there; a resumed play is at risk
    from where it resumed only (delayed entry).
    """
    return told(counts(frame, "position", "was_left", entry="start_position"))


def counts(
    frame: pl.DataFrame,
    time: str,
    happened: str,
    *,
    horizon: float | None = None,
    entry: str | None = None,
) -> Counts:
    """Lay out the rows of an answer (`rows` by time, whether it happened, and cluster)."""
    known = frame.filter(pl.col(time).is_not_null() & pl.col(happened).is_not_null())
    known = known.with_columns(pl.col(time).cast(pl.Float64).clip(lower_bound=0))
    if horizon is not None:
        known = known.with_columns(
            pl.col(time).clip(upper_bound=horizon), pl.col(happened) & (pl.col(time) <= horizon)
        )
    starts = None
    if entry is not None:
        start = pl.col(entry).cast(pl.Float64).fill_null(0).clip(lower_bound=0)
        known = known.with_columns(pl.min_horizontal(start, pl.col(time)).alias(entry))
        starts = known[entry]
    times = pl.concat([known[time], starts]) if starts is not None else known[time]
    grid = np.sort(times.unique().to_numpy()).astype(np.float64)

    def counted(rows: pl.DataFrame) -> Counts:
        is_event = pl.col(happened)
        return Counts(
            grid,
            _on_grid(rows.filter(is_event), time, grid),
            _on_grid(rows.filter(~is_event), time, grid),
            None if entry is None else _on_grid(rows, entry, grid),
        )

    theirs = named(known)
    return replace(counted(known), crowd=None if theirs is known else crowd_of(counted(theirs)))


def crowd_of(counted: Counts) -> Array:
    """How many are at risk at each time: clusters of accounts, or rows where none are told."""
    at_risk = at_risk_of(*parts(counted))
    return at_risk if at_risk.ndim == 1 else (at_risk > 0).sum(axis=1).astype(np.float64)


def told(counted: Counts) -> Curve:
    """The curve at times at which ten accounts at least are at risk.

    A step further on would be somebody's own: the curve ends there. Clusters are counted, which are
    as many accounts or more; without them rows are.
    """
    curve = kaplan_meier(counted)
    crowd = crowd_of(counted) if counted.crowd is None else counted.crowd
    times = counted.time[crowd >= FEWEST_SHOWN]
    kept = np.isin(curve.time, times)
    last = float(times.max(initial=-inf))

    def known(time: float) -> float:
        return time if time in times else float("nan")

    return Curve(
        time=curve.time[kept],
        survival=curve.survival[kept],
        low=curve.low[kept],
        high=curve.high[kept],
        at_risk=curve.at_risk[kept],
        events=curve.events[kept],
        median=known(curve.median),
        median_low=known(curve.median_low),
        median_high=known(curve.median_high),
        end=last if (counted.time > last).any() else inf,
    )


@dataclass(frozen=True, slots=True)
class LogRank:
    """Mantel's test that groups share one curve: chi-squared, its degrees of freedom, p."""

    statistic: float
    degrees: int
    p: float


def log_rank(groups: Sequence[Counts]) -> LogRank:
    """Compare two or more groups on one grid of times (Mantel 1966; Peto & Peto 1972).

    Treats rows as independent; where accounts repeat, read it beside the clustered bands.
    """
    grid = np.unique(np.concatenate([g.time for g in groups]))
    aligned = [_aligned(g, grid) for g in groups]
    events = np.stack([summed(g.events) for g in aligned])
    at_risk = np.stack([at_risk_of(*(summed(c) for c in parts(g))) for g in aligned])
    everyone, all_events = at_risk.sum(axis=0), events.sum(axis=0)
    with np.errstate(all="ignore"):
        share = np.where(everyone > 0, at_risk / everyone, 0)
        spread = np.where(everyone > 1, all_events * (everyone - all_events) / (everyone - 1), 0)
    observed_less_expected = (events - share * all_events).sum(axis=1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    degrees = len(groups) - 1
    inverse = np.linalg.pinv(covariance[:degrees, :degrees])
    kept = observed_less_expected[:degrees]
    statistic = float(kept @ inverse @ kept)
    return LogRank(statistic, degrees, float(chdtrc(degrees, statistic)))


def clustered_log_rank(groups: Sequence[Counts]) -> LogRank:
    """The same test where accounts repeat: groups on one grid, all by cluster of accounts.

    The log-rank numerators (Mantel 1966) over their covariance by the jackknife over clusters;
    `statistic` is Hotelling's T² (1931), p that of its F. NaN where clusters are too few for it.
    """
    events = np.stack([g.events for g in groups])
    risk = np.stack([at_risk_of(*parts(g)) for g in groups])
    present = is_present(risk)
    clusters, degrees = int(present.sum()), len(groups) - 1
    if clusters < max(FEWEST_CLUSTERS, 2 * len(groups)):
        return LogRank(float("nan"), degrees, float("nan"))

    def numerators(happened: Array, there: Array) -> Array:
        everyone = there.sum(axis=0)
        with np.errstate(all="ignore"):
            share = np.where(everyone > 0, there / everyone, 0.0)
        return np.asarray((happened - share * happened.sum(axis=0)).sum(axis=1)[:degrees])

    whole = numerators(events.sum(axis=-1), risk.sum(axis=-1))
    without = numerators(left_out(events, present), left_out(risk, present))
    # Sums over one cluster fewer: scaled back to all of them.
    off = (without - without.mean(axis=-1, keepdims=True)) * (clusters / (clusters - 1))
    covariance: Array = (clusters - 1) / clusters * off @ off.T
    inverse: Array = np.asarray(np.linalg.pinv(covariance), dtype=np.float64)
    statistic = float(whole @ inverse @ whole)
    rest = clusters - degrees
    ratio = statistic * rest / ((clusters - 1) * degrees)
    return LogRank(statistic, degrees, float(fdtrc(degrees, rest, ratio)))


def _on_grid(rows: pl.DataFrame, time: str, grid: Array) -> Array:
    has_clusters = CLUSTER.name in rows.columns
    groups, laid_out = cells(rows, [time], "rows")
    found = np.zeros((len(grid), laid_out.shape[1]))
    found[np.searchsorted(grid, groups[time].to_numpy())] = laid_out
    return found if has_clusters else found[:, 0]


def _aligned(counted: Counts, grid: Array) -> Counts:
    """The same counts on a finer grid."""
    place = np.searchsorted(grid, counted.time)
    parts = (counted.events, counted.censored, counted.entered)
    spread = [np.zeros(len(grid)) for _ in parts]
    for values, part in zip(spread, parts, strict=True):
        if part is not None:
            values[place] = summed(part)
    return Counts(grid, spread[0], spread[1], None if counted.entered is None else spread[2])
