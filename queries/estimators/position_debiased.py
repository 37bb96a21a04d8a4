"""What a rate would be if everything were shown in the first slot: plays over examination.

See `queries.estimators.position_model`. θ is of all random traffic of the question, the groups
share it, and a cluster of accounts is left out of θ and of the plays at once, so θ's error is in
the interval.
"""

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, estimates
from queries.estimators.position_model import debiased

AMOUNTS = ("plays", "seen", "clicks", "clickable", "rows")
SLOT = (
    Inner("row", may_group=True),
    Inner("column", may_group=True),
    Inner("explore", may_group=True),
)


def _estimate(counted: Counted) -> Estimates:
    return estimates(debiased(counted, counted.group, counted.groups), counted).within(0.0)


ESTIMATOR = Estimator(estimate=_estimate, amounts=AMOUNTS, inner=SLOT)
