"""How long until something happens, when for some it had not happened yet.

The product-limit estimate of Kaplan & Meier 1958 from counts, so that an engine reduces first and
nothing is read row by row. Bands: Greenwood's variance on the log(−log S) scale (Kalbfleisch &
Prentice 1980), or, where counts come by cluster of accounts, the jackknife over clusters on the
same scale, because one account's visits resemble each other.
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
import polars as pl

from queries.formula import Array
from queries.interval import Z, is_present, left_out, margin


@dataclass(frozen=True, slots=True)
class Curve:
    """A survival curve at each time at which something happened.

    `survival` is the share for which it has not happened by the time, that time included;
    `at_risk` those it could still happen to. `median` is NaN where the curve stays above a half.
    Nothing is told of times after `end`.
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
    end: float = inf

    def at(self, time: float) -> float:
        """The share for which it has not happened by then; NaN after the end."""
        if time > self.end:
            return nan
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
    start; else somebody who enters at a time is at risk at that very time. `crowd` says in how many
    clusters accounts are at risk where some rows name none; None where all do.
    """

    time: Array
    events: Array
    censored: Array
    entered: Array | None = None
    crowd: Array | None = None


def kaplan_meier(counted: Counts) -> Curve:
    """The curve of all clusters together, with 95 % bands."""
    events, censored, entered = (summed(c) for c in parts(counted))
    at_risk = at_risk_of(events, censored, entered)
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


def parts(counted: Counts) -> tuple[Array, Array, Array]:
    """Events, censored, entered; everybody enters at the start where nothing else is said."""
    entered = counted.entered
    if entered is None:
        entered = np.zeros_like(counted.events)
        if len(entered):
            entered[0] = (counted.events + counted.censored).sum(axis=0)
    return counted.events, counted.censored, entered


def summed(values: Array) -> Array:
    return values if values.ndim == 1 else values.sum(axis=1)


def at_risk_of(events: Array, censored: Array, entered: Array) -> Array:
    """Entered by then, and not gone before: those censored at a time are still at risk at it."""
    leaving = events + censored
    at_risk = np.cumsum(entered, axis=0) - np.cumsum(leaving, axis=0) + leaving
    return np.asarray(at_risk, dtype=np.float64)


def survivals(counted: Counts) -> tuple[Array, Array]:
    """The curve at each time of the grid, and with a cluster left out at a time."""
    counts = parts(counted)
    events, censored, entered = (summed(c) for c in counts)
    whole = _product_limit(events, at_risk_of(events, censored, entered))
    some = tuple(c.sum(axis=1, keepdims=True) - c for c in counts)
    return whole, _product_limit(some[0], at_risk_of(*some))


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
    counts = parts(counted)
    if counts[0].ndim == 1:
        return None
    present = is_present(counts[0] + counts[1])
    events, censored, entered = (left_out(part, present) for part in counts)
    curves = _product_limit(events, at_risk_of(events, censored, entered))
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
