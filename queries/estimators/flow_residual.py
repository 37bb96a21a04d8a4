"""Little's law as a check of the data: L over λ W, less one, on a closed window.

The number in the system from its days, the time that each item spent from its ages at both ends
(Little 1961; Little 2011 for the finite window). On sound data it is zero whatever the work does,
so it has no interval: anything else is days missing or counted twice.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, rows_by_group


def residual(in_system: float, spent: float) -> float:
    """Item days counted over item days spent, less one; NaN without any. Free of sums' rounding."""
    return round(in_system / spent - 1, 12) if spent else np.nan


def _estimate(counted: Counted) -> Estimates:
    values = np.full(counted.groups, np.nan)
    days = counted.amounts["days"].sum(axis=1)
    for group, rows in rows_by_group(counted):
        ages = counted.keys[rows].group_by("item").agg(pl.col("until").max(), pl.col("since").min())
        spent = float((ages["until"] - ages["since"]).sum())
        values[group] = residual(float(days[rows].sum()), spent)
    return replace(Estimates.unknown(counted.groups), values=values)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("days",),
    inner=(Inner("item", may_filter=True), Inner("since"), Inner("until")),
)
