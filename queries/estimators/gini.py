"""How unevenly an amount lies over items: `2 Σ i x₍ᵢ₎ / (n Σ x) − (n + 1) / n`, x rising.

0 where all have alike, towards 1 where one has everything (Gini 1912). Of the items that have
something: one that nobody met is not in the data.
"""

import numpy as np

from queries.estimators.estimator import Estimator, Inner, Part, by_group
from queries.formula import Array


def gini(amounts: Array) -> Array:
    """Along the first axis, every item counted; NaN of none."""
    rising = np.sort(np.asarray(amounts, dtype=np.float64), axis=0)
    count = len(rising)
    if not count:
        return np.full(rising.shape[1:], np.nan)
    rank = np.arange(1, count + 1).reshape(-1, *(1,) * (rising.ndim - 1))
    with np.errstate(all="ignore"):
        return 2 * (rising * rank).sum(axis=0) / (count * rising.sum(axis=0)) - (count + 1) / count


def _read(part: Part) -> Array:
    amounts = part.amounts["amount"]
    return gini(amounts[amounts[:, 0] > 0])


ESTIMATOR = Estimator(
    estimate=by_group(_read, low=0.0, high=1.0),
    amounts=("amount",),
    inner=(Inner("item", may_filter=True),),
)
