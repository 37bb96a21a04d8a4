"""Little's law as a check of the data: L over λ W, less one, on a closed window.

The number in the system from its days, the time that each item spent from its ages at both ends
(Little 1961; Little 2011 for the finite window). On sound data it is zero whatever the work does,
so it has no interval: anything else is days missing or counted twice.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner

_GROUP, _DAYS, _SPENT = "__group", "__days", "__spent"


def residual(in_system: float, spent: float) -> float:
    """Item days counted over item days spent, less one; NaN without any. Free of sums' rounding."""
    return round(in_system / spent - 1, 12) if spent else np.nan


def _estimate(counted: Counted) -> Estimates:
    values = np.full(counted.groups, np.nan)
    rows = counted.keys.with_columns(
        pl.Series(_GROUP, counted.group), pl.Series(_DAYS, counted.amounts["days"].sum(axis=1))
    )
    spent = pl.col("until").max() - pl.col("since").min()
    items = rows.group_by(_GROUP, "item").agg(spent.alias(_SPENT), pl.col(_DAYS).sum())
    found = items.group_by(_GROUP).agg(pl.col(_DAYS, _SPENT).cast(pl.Float64).sum())
    for group, in_system, on_it in found.select(_GROUP, _DAYS, _SPENT).iter_rows():
        if group >= 0:
            values[group] = residual(in_system, on_it)
    return replace(Estimates.unknown(counted.groups), values=values)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("days",),
    inner=(Inner("item", may_filter=True), Inner("since"), Inner("until")),
)
