"""How long until something happens, when for some it had not happened yet.

The product-limit estimate of Kaplan & Meier 1958 from counts, so that an engine reduces first and
nothing is read row by row. Bands: Greenwood's variance on the log(−log S) scale (Kalbfleisch &
Prentice 1980), or, where counts come by cluster of accounts, the jackknife over clusters on the
same scale, because one account's visits resemble each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import chdtrc  # pyright: ignore[reportMissingTypeStubs]

from queries.analyses.cluster import CLUSTER, Scope, cells, counted_by, is_present, left_out
from queries.formula import Array
from queries.interval import Z, margin
from queries.model import Query


@dataclass(frozen=True, slots=True)
class Curve:
    """A survival curve at each time at which something happened.

    `survival` is the share for which it has not happened by the time, that time included;
    `at_risk` those it could still happen to. `median` is NaN where the curve stays above a half.
    """

    time: Array
    survival: Array
    low: Array
    high: Array
    at_risk: Array
    events: Array
    median: float
    median_low: float
    median_high: float

    def at(self, time: float) -> float:
        """The share for which it has not happened by then."""
        place = int(np.searchsorted(self.time, time, side="right"))
        return 1.0 if place == 0 else float(self.survival[place - 1])

    @property
    def hazard(self) -> Array:
        """Of those at risk, the share for which it happens at that time."""
        with np.errstate(all="ignore"):
            return np.asarray(self.events / self.at_risk, dtype=np.float64)

    @property
    def frame(self) -> pl.DataFrame:
        """Columns time, survival, low, high, at_risk, events, hazard."""
        return pl.DataFrame(
            {
                "time": self.time,
                "survival": self.survival,
                "low": self.low,
                "high": self.high,
                "at_risk": self.at_risk,
                "events": self.events,
                "hazard": self.hazard,
            }
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """At each rising `time`: how many it happened to, left unseen, and came under observation.

    Arrays are `times` or `times x clusters`. `entered` None means that all are watched from the
    start; else somebody who enters at a time is at risk at that very time.
    """

    time: Array
    events: Array
    censored: Array
    entered: Array | None = None


def first_play_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Visits by seconds to the first play, or to their end where there was none."""
    return counted_by(scope, ["rows"], [*by, "choosing_seconds", "has_play"])


def abandonment_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Plays by where they began and how far they got, in per cent of the runtime."""
    return counted_by(scope, ["rows"], [*by, "start_position", "position", "was_left"])


def scroll_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Visits by the lowest row that came on screen."""
    return counted_by(scope, ["rows"], [*by, "deepest_row"])


def scroll(frame: pl.DataFrame) -> Curve:
    """How far down visits scroll: at each row, the share of visits that see a lower one still."""
    return kaplan_meier(counts(frame.with_columns(stopped=True), "deepest_row", "stopped"))


def first_play(frame: pl.DataFrame, horizon: int = 600) -> Curve:
    """Seconds to the first play.

    A visit without one is censored where it ended; what comes after the horizon, there.
    """
    return kaplan_meier(counts(frame, "choosing_seconds", "has_play", horizon=horizon))


def abandonment(frame: pl.DataFrame) -> Curve:
    """How far plays get before the viewer leaves, in per cent of the runtime.

    What was completed, or ended for another reason, is censored there; a resumed play is at risk
    from where it resumed only (delayed entry).
    """
    return kaplan_meier(counts(frame, "position", "was_left", entry="start_position"))


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
    is_event = pl.col(happened)
    return Counts(
        grid,
        _on_grid(known.filter(is_event), time, grid),
        _on_grid(known.filter(~is_event), time, grid),
        None if entry is None else _on_grid(known, entry, grid),
    )


def kaplan_meier(counted: Counts) -> Curve:
    """The curve of all clusters together, with 95 % bands."""
    events, censored, entered = (_summed(c) for c in _parts(counted))
    at_risk = _at_risk(events, censored, entered)
    survival = _product_limit(events, at_risk)
    happened = events > 0
    spread = _clustered_spread(counted, survival)
    if spread is None:
        spread = _greenwood_spread(events, at_risk, survival)
    low, high = _bands(survival, spread)
    time = counted.time[happened]
    return Curve(
        time=time,
        survival=survival[happened],
        low=low[happened],
        high=high[happened],
        at_risk=at_risk[happened],
        events=events[happened],
        median=_first_below(time, survival[happened]),
        median_low=_first_below(time, low[happened]),
        median_high=_first_below(time, high[happened]),
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
    events = np.stack([_summed(g.events) for g in aligned])
    at_risk = np.stack([_at_risk(*(_summed(c) for c in _parts(g))) for g in aligned])
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


def _on_grid(rows: pl.DataFrame, time: str, grid: Array) -> Array:
    has_clusters = CLUSTER.name in rows.columns
    groups, laid_out = cells(rows, [time], "rows")
    found = np.zeros((len(grid), laid_out.shape[1]))
    found[np.searchsorted(grid, groups[time].to_numpy())] = laid_out
    return found if has_clusters else found[:, 0]


def _parts(counted: Counts) -> tuple[Array, Array, Array]:
    """Events, censored, entered; everybody enters at the start where nothing else is said."""
    entered = counted.entered
    if entered is None:
        entered = np.zeros_like(counted.events)
        if len(entered):
            entered[0] = (counted.events + counted.censored).sum(axis=0)
    return counted.events, counted.censored, entered


def _summed(values: Array) -> Array:
    return values if values.ndim == 1 else values.sum(axis=1)


def _at_risk(events: Array, censored: Array, entered: Array) -> Array:
    """Entered by then, and not gone before: those censored at a time are still at risk at it."""
    leaving = events + censored
    at_risk = np.cumsum(entered, axis=0) - np.cumsum(leaving, axis=0) + leaving
    return np.asarray(at_risk, dtype=np.float64)


def _product_limit(events: Array, at_risk: Array) -> Array:
    with np.errstate(all="ignore"):
        staying = np.where(at_risk > 0, 1 - events / at_risk, 1.0)
    return np.asarray(np.cumprod(np.clip(staying, 0, 1), axis=0), dtype=np.float64)


def _greenwood_spread(events: Array, at_risk: Array, survival: Array) -> Array:
    """Half-width on the log(−log S) scale."""
    with np.errstate(all="ignore"):
        terms = np.where(events > 0, events / (at_risk * (at_risk - events)), 0)
        return Z * np.sqrt(np.cumsum(terms)) / np.abs(np.log(survival))


def _clustered_spread(counted: Counts, survival: Array) -> Array | None:
    """The same half-width from leaving out a cluster of accounts at a time."""
    parts = _parts(counted)
    if parts[0].ndim == 1:
        return None
    present = is_present(parts[0] + parts[1])
    events, censored, entered = (left_out(part, present) for part in parts)
    curves = _product_limit(events, _at_risk(events, censored, entered))
    with np.errstate(all="ignore"):
        scaled = np.log(-np.log(curves))
    known = np.isfinite(scaled).all(axis=1) & (survival > 0) & (survival < 1)
    spread = np.full(len(survival), np.nan)
    if known.any():
        spread[known] = margin(scaled[known])
    return spread


def _bands(survival: Array, spread: Array) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        low, high = survival ** np.exp(spread), survival ** np.exp(-spread)
    return low, high


def _first_below(time: Array, share: Array) -> float:
    """The first time at which a half or less is left; NaN where there is none."""
    reached = np.flatnonzero(share <= 0.5 + 1e-12)
    return float(time[reached[0]]) if len(reached) else float("nan")


def _aligned(counted: Counts, grid: Array) -> Counts:
    """The same counts on a finer grid."""
    place = np.searchsorted(grid, counted.time)
    parts = (counted.events, counted.censored, counted.entered)
    spread = [np.zeros(len(grid)) for _ in parts]
    for values, part in zip(spread, parts, strict=True):
        if part is not None:
            values[place] = _summed(part)
    return Counts(grid, spread[0], spread[1], None if counted.entered is None else spread[2])
