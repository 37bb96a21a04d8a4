"""How many times further one amount reaches over items than another: a ratio of effective sizes.

Gomez-Uribe & Hunt 2015. The same accounts are left out of both, so what they share cancels.
"""

import numpy as np

from queries.estimators.effective_size import effective_size
from queries.estimators.estimator import Estimator, Inner, Part, by_group
from queries.formula import Array


def _read(part: Part) -> Array:
    one, other = (effective_size(part.amounts[name]) for name in ("amount", "against"))
    with np.errstate(all="ignore"):
        return one / other


ESTIMATOR = Estimator(
    estimate=by_group(_read, low=0.0),
    amounts=("amount", "against"),
    inner=(Inner("item", may_filter=True),),
)
