"""How many items would carry the whole if all carried alike: `2 Σ pᵢ i − 1`, shares p falling.

Gomez-Uribe & Hunt 2015, The Netflix Recommender System, section 4.3. It is `n (1 − Gini)` exactly;
items with nothing do not count.
"""

import numpy as np

from queries.estimators.estimator import Estimator, Inner, Part, by_group
from queries.formula import Array


def effective_size(amounts: Array) -> Array:
    """Along the first axis; NaN where there is nothing. Order does not matter."""
    rising = np.sort(np.asarray(amounts, dtype=np.float64), axis=0)
    rank = np.arange(len(rising), 0, -1).reshape(-1, *(1,) * (rising.ndim - 1))
    with np.errstate(all="ignore"):
        return 2 * (rising * rank).sum(axis=0) / rising.sum(axis=0) - 1


def _read(part: Part) -> Array:
    return effective_size(part.amounts["amount"])


ESTIMATOR = Estimator(
    estimate=by_group(_read, low=1.0),
    amounts=("amount",),
    inner=(Inner("item", may_filter=True),),
)
