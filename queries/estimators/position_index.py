"""A position-debiased rate over that of everything asked for: 1 is the average.

The error of the slot that θ is relative to scales every debiased rate alike and cancels here, so
groups are compared by this.
"""

import numpy as np

from queries.estimators.estimator import Counted, Estimates, Estimator, estimates
from queries.estimators.position_debiased import AMOUNTS, SLOT
from queries.estimators.position_model import debiased


def _estimate(counted: Counted) -> Estimates:
    everything = np.zeros(len(counted.group), dtype=np.intp)
    whole = debiased(counted, everything, 1)
    with np.errstate(all="ignore"):
        index = debiased(counted, counted.group, counted.groups) / whole
    return estimates(index, counted).within(0.0)


ESTIMATOR = Estimator(estimate=_estimate, amounts=AMOUNTS, inner=SLOT)
