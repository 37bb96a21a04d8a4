"""The share that a group of items has of everything: of all items together, not of those asked for.

The same accounts are left out above and below the line, so what all items share cancels.
"""

import numpy as np

from queries.estimators.estimator import (
    Counted,
    Estimates,
    Estimator,
    Inner,
    estimates,
    left_out_too,
    summed_by,
)
from queries.formula import Array


def shares(counted: Counted, name: str, rows: Array | None = None) -> Array:
    """Of an amount: `groups x (1 + clusters)`, over the rows told by `rows` where it is given."""
    amounts = counted.amounts[name] * (1.0 if rows is None else rows[:, None])
    asked = counted.group >= 0
    mine = summed_by(counted.group[asked], amounts[asked], counted.groups)
    with np.errstate(all="ignore"):
        return left_out_too(mine) / left_out_too(amounts.sum(axis=0))


def _estimate(counted: Counted) -> Estimates:
    return estimates(shares(counted, "amount"), counted).within(0.0, 1.0)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("amount",),
    inner=(Inner("item", may_group=True),),
)
