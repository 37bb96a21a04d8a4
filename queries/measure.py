"""Measure a metric of gathered cells: its value, interval and change, a column each. Pure.

See `queries.model.Result` for the columns.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.cells import Cells
from queries.dataset import BUCKETS, CLOSING_ROWS, ROWS, Metric
from queries.estimate import changed
from queries.estimation import Estimation
from queries.formula import Aggregate, Arithmetic, Array, Formula, fraction
from queries.interval import (
    Bounds,
    Clusters,
    influence,
    margin,
    proportion_bounds,
    quantile_bounds,
    relative,
    replicates,
    square_and_add,
    wilson,
)
from queries.small_cells import accounts

_ROUNDING = 1e-9
_HALF = 0.5
# The accounts it takes on the average until every bucket has one (the coupon collector's problem).
_ALL_OCCUPIED = BUCKETS * float((1 / np.arange(1, BUCKETS + 1)).sum())


@dataclass(frozen=True, slots=True)
class Gathered:
    """What shaping needs of one set of groups: this period, the other, the units by bucket.

    `fewest` accounts are the least that a cell may be of to be shown; 0 shows all.
    """

    current: Cells
    previous: Cells | None
    population: Array | None
    fewest: int = 0


def metric_columns(metric: Metric, gathered: Gathered) -> list[pl.Series]:
    formula = metric.formula
    columns = (
        _estimate_columns(metric.name, gathered)
        if isinstance(formula, Estimation)
        else _formula_columns(metric, formula, gathered)
    )
    # Looking for what is missing costs an array less than telling a column of it.
    return [pl.Series(k, c, nan_to_null=bool(np.isnan(c).any())) for k, c in columns.items()]


def _estimate_columns(name: str, gathered: Gathered) -> dict[str, Array]:
    now = gathered.current.estimates[name]
    columns = {
        name: now.values,
        f"{name}__low": now.low,
        f"{name}__high": now.high,
        f"{name}__n": gathered.current.totals[ROWS.key],
    }
    if gathered.previous is not None:
        change = changed(now, gathered.previous.estimates[name])
        columns |= {f"{name}__{suffix}": column for suffix, column in change.items()}
    return columns


def _formula_columns(metric: Metric, formula: Formula, gathered: Gathered) -> dict[str, Array]:
    name, current, previous = metric.name, gathered.current, gathered.previous
    values = current.values(formula)
    population = gathered.population
    spread = _replicates(metric, formula, current, population)
    bounds = _bounds(metric, formula, (current, population), (values, spread))
    columns = {
        name: values,
        f"{name}__low": bounds.low,
        f"{name}__high": bounds.high,
        f"{name}__n": current.totals[(CLOSING_ROWS if metric.is_closing else ROWS).key],
    }
    if previous is not None:
        before = previous.values(formula)
        earlier = _replicates(metric, formula, previous, population)
        inhabited = _inhabited(metric, current, previous)
        change = _change(name, (values, before), (spread, earlier), inhabited)
        if metric.interval in ("proportion", "wilson"):
            held = _bounds(metric, formula, (previous, population), (before, earlier))
            _widened(change, name, (values, before), (bounds, held))
        columns |= change
    return columns


def _replicates(
    metric: Metric, formula: Formula, cells: Cells, population: Array | None
) -> Array | None:
    """Leave-one-bucket-out values of a metric, or None where it has no interval."""
    if metric.interval == "none" or population is None:
        return None
    for aggregate in formula.aggregates():
        histogram = cells.histograms.get(aggregate.key)
        if histogram is not None and aggregate.level is not None:
            found = influence(histogram, cells.totals[aggregate.key], aggregate.level)
            return np.broadcast_to(formula.evaluate({aggregate.key: found}), found.shape)
    if not cells.has_buckets(formula):
        return None
    steady = {a.key: cells.totals[a.key] for a in formula.aggregates() if a.key in cells.steady}
    return replicates(formula, cells.buckets, population, steady)


def _bounds(
    metric: Metric,
    formula: Formula,
    of: tuple[Cells, Array | None],
    found: tuple[Array, Array | None],
) -> Bounds:
    (values, spread), (cells, population) = found, of
    if spread is None or population is None:
        return Bounds.unknown(len(values))
    for aggregate in formula.aggregates():
        histogram = cells.histograms.get(aggregate.key)
        if histogram is not None and aggregate.level is not None:
            outer = quantile_bounds(histogram, cells.totals[aggregate.key], aggregate.level)
            ends = [formula.evaluate({aggregate.key: e}) for e in (outer.low, outer.high)]
            return Bounds(ends[0], ends[1])
    if metric.interval == "wilson":
        return _accounts_bounds(formula, cells, population)
    half_width = margin(spread, _inhabited(metric, cells))
    if metric.interval == "proportion" and (sides := fraction(formula)) is not None:
        return _proportion_bounds(sides, cells, values, half_width)
    bounds = Bounds.around(values, half_width)
    # Sums of non-negative parts cannot be negative, whatever the normal approximation says.
    if _subtracts(formula):
        return bounds
    return Bounds(np.where(values >= 0, np.maximum(bounds.low, 0), bounds.low), bounds.high)


def _proportion_bounds(
    sides: tuple[Aggregate, Aggregate], cells: Cells, values: Array, half_width: Array
) -> Bounds:
    """Between 0 and 1, save where amounts of either sign make it no proportion after all."""
    below = sides[1]
    part, whole = (cells.buckets[a.key] for a in sides)
    is_part = ((part >= 0) & (part <= whole * (1 + _ROUNDING))).all(axis=1)
    trials = cells.totals[below.key if below.operation == "count" else below.matching.key]
    of = rests_on(part, whole, trials)
    inside = proportion_bounds(values, half_width, of)
    plain = Bounds.around(values, half_width)
    return Bounds(
        np.where(is_part, inside.low, plain.low), np.where(is_part, inside.high, plain.high)
    )


def rests_on(part: Array, whole: Array, trials: Array) -> Clusters:
    """What proportions rest on: their parts and wholes as `groups x buckets`, and their rows."""
    with np.errstate(all="ignore"):
        share = part.sum(axis=1, keepdims=True) / whole.sum(axis=1, keepdims=True)
    inhabited = (whole > 0).sum(axis=1)
    rarer = np.where(share > _HALF, whole - part, part)
    return Clusters(
        trials=trials,
        units=np.minimum(accounts(inhabited.astype(np.float64)), _ALL_OCCUPIED),
        inhabited=inhabited,
        telling=(rarer > _ROUNDING * whole).sum(axis=1),
    )


def _widened(
    change: dict[str, Array], name: str, values: tuple[Array, Array], bounds: tuple[Bounds, Bounds]
) -> None:
    """Where none or all succeeded in both periods nothing varies, and yet nothing is certain."""
    low, high = change[f"{name}__delta_low"], change[f"{name}__delta_high"]
    is_still = low == high
    apart = square_and_add(values, bounds)
    change[f"{name}__delta_low"] = np.where(is_still, apart.low, low)
    change[f"{name}__delta_high"] = np.where(is_still, apart.high, high)
    for end in ("relative_low", "relative_high"):
        change[f"{name}__{end}"] = np.where(is_still, np.nan, change[f"{name}__{end}"])


def _accounts_bounds(formula: Formula, cells: Cells, population: Array) -> Bounds:
    """Wilson: of a share of accounts, or of how many of all accounts there are."""
    if isinstance(formula, Arithmetic) and formula.name == "/":
        numerator, denominator = (np.asarray(o.evaluate(cells.totals)) for o in formula.operands)
        return wilson(numerator, denominator)
    everyone = np.full(cells.groups.height, population.sum())
    share = wilson(cells.values(formula), everyone)
    return Bounds(share.low * everyone, share.high * everyone)


def _inhabited(metric: Metric, *periods: Cells) -> Array | None:
    """In how many clusters each group has rows; None where those without any count as zeros.

    Of a ratio the rows below the line.
    """
    sides = None if isinstance(metric.formula, Estimation) else fraction(metric.formula)
    key = ROWS.key if sides is None else sides[1].key
    counted = [c.buckets.get(key, c.buckets.get(ROWS.key)) for c in periods]
    found = [rows for rows in counted if rows is not None]
    if metric.kind == "additive" or not found:
        return None
    return np.asarray((np.sum(found, axis=0) > 0).sum(axis=1))


def _subtracts(formula: Formula) -> bool:
    return " - " in formula.sql or "ln(" in formula.sql


def _change(
    name: str,
    values: tuple[Array, Array],
    spreads: tuple[Array | None, Array | None],
    inhabited: Array | None,
) -> dict[str, Array]:
    now, before = values
    with np.errstate(all="ignore"):
        ratio = np.where((before != 0) & ~np.isnan(before), now / before - 1, np.nan)
    unknown = np.full(len(now), np.nan)
    delta, low, high = now - before, unknown, unknown
    relative_low, relative_high = unknown, unknown
    if spreads[0] is not None and spreads[1] is not None:
        error = margin(spreads[0] - spreads[1], inhabited)
        low, high = delta - error, delta + error
        _, factor = relative(spreads[0], spreads[1], inhabited)
        relative_low, relative_high = (1 + ratio) / np.exp(factor), (1 + ratio) * np.exp(factor)
    return {
        f"{name}__previous": before,
        f"{name}__delta": delta,
        f"{name}__delta_low": low,
        f"{name}__delta_high": high,
        f"{name}__relative": ratio,
        f"{name}__relative_low": relative_low - 1,
        f"{name}__relative_high": relative_high - 1,
    }
