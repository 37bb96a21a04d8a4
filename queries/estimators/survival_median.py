"""When it has happened for half of them, those for whom it had not happened yet kept in.

The median of the product-limit curve (Kaplan & Meier 1958). Its interval is where the curve's band
crosses a half (Brookmeyer & Crowley 1982, Biometrics 38), the band by log(−log S). A change is
paired by what a cluster of accounts does to the curve at the median, over the slope there, which is
read off the interval's width.
"""

import numpy as np
import polars as pl

from queries.estimators.estimator import (
    Counted,
    Estimates,
    Estimator,
    Flags,
    Indices,
    Inner,
    rows_by_group,
    summed_by,
)
from queries.estimators.product_limit import Counts, kaplan_meier, survivals
from queries.formula import Array
from queries.interval import margin_of_present


def _estimate(counted: Counted) -> Estimates:
    shape = (counted.groups, counted.clusters)
    values, low, high = (np.full(counted.groups, np.nan) for _ in range(3))
    replicates, present = np.full(shape, np.nan), counted.present()
    if not counted.has_clusters:
        present = np.zeros_like(present)
    for group, rows in rows_by_group(counted):
        counts = _counts(counted, rows)
        curve = kaplan_meier(counts)
        values[group] = curve.median
        low[group], high[group] = curve.median_low, curve.median_high
        if counted.has_clusters and not np.isnan(curve.median):
            ends = (curve.median_low, curve.median_high)
            replicates[group] = _pulled(counts, curve.median, ends, present[group])
    return Estimates(values, low, high, replicates, present)


def _counts(counted: Counted, rows: Indices) -> Counts:
    """One group's rows on a grid of times, of which entries are part."""
    keys, amounts = counted.keys[rows], counted.amounts["rows"][rows]
    if not counted.has_clusters:
        amounts = amounts[:, 0]
    time = keys["time"].cast(pl.Float64).clip(lower_bound=0)
    happened = keys["happened"].to_numpy().astype(bool)
    times = [time]
    entry: pl.Series | None = None
    if "entry" in keys.columns:
        start = keys["entry"].cast(pl.Float64).fill_null(0).clip(lower_bound=0)
        entry = pl.DataFrame({"s": start, "t": time}).select(pl.min_horizontal("s", "t"))["s"]
        times.append(entry)
    grid = pl.concat(times).unique().sort().to_numpy()

    def laid_out(at: pl.Series, kept: np.ndarray) -> Array:
        place = np.searchsorted(grid, at.to_numpy()[kept])
        counts = amounts[kept] if amounts.ndim > 1 else amounts[kept][:, None]
        found = summed_by(place, counts, len(grid))
        return found if amounts.ndim > 1 else found[:, 0]

    everybody = np.ones(len(happened), dtype=bool)
    entered = None if entry is None else laid_out(entry, everybody)
    return Counts(grid, laid_out(time, happened), laid_out(time, ~happened), entered)


def _pulled(counts: Counts, median: float, ends: tuple[float, float], present: Flags) -> Array:
    """The median without a cluster, linearised (Bahadur 1966)."""
    whole, left = survivals(counts)
    at = int(np.searchsorted(counts.time, median, side="right")) - 1
    moved = left[at] - whole[at]
    spread = margin_of_present(left[at][None, :], present[None, :])[0]
    with np.errstate(all="ignore"):
        slope = 2 * spread / (ends[1] - ends[0])
        return np.asarray(median + moved / slope, dtype=np.float64)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("rows",),
    inner=(Inner("time"), Inner("happened"), Inner("entry", is_optional=True)),
)
