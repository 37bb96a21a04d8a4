"""The share that items have of an amount, over their share of what all cost: 1 earns what it costs.

An item's cost is a key, so that it counts once an item however many accounts met it. Items without
a known cost count in neither share. Costs are facts: only the amount varies over accounts.
"""

import numpy as np

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, estimates
from queries.estimators.share_of_all import shares


def _estimate(counted: Counted) -> Estimates:
    cost = counted.keys["cost"].cast(float).fill_null(np.nan).to_numpy()
    is_known = np.isfinite(cost) & (cost > 0)
    asked = is_known & (counted.group >= 0)
    spent = np.bincount(counted.group[asked], cost[asked], minlength=counted.groups)
    with np.errstate(all="ignore"):
        share = spent / cost[is_known].sum()
        found = shares(counted, "amount", is_known.astype(np.float64)) / share[:, None]
    return estimates(found, counted).within(0.0)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("amount",),
    inner=(Inner("item", may_group=True), Inner("cost")),
)
