"""The share of an effect's variance that adjusting by the time before takes away: CUPED's ρ².

Deng, Xu, Kohavi & Walker 2013. It describes the accounts there are, so it has no interval.
"""

from dataclasses import replace

import numpy as np

from queries.estimators.effect import variance_kept
from queries.estimators.estimator import Counted, Estimates, Estimator, Inner
from queries.estimators.trial import ABOUT, AMOUNTS, EXPERIMENT, trials


def _estimate(counted: Counted) -> Estimates:
    values = np.full(counted.groups, np.nan)
    for trial in trials(counted):
        if trial.is_sound:
            kept = variance_kept([cell.moments for cell in trial.cells])
            values[trial.cells[0].group] = 1 - kept
    return replace(Estimates.unknown(counted.groups), values=values)


ESTIMATOR = Estimator(
    estimate=_estimate, amounts=AMOUNTS, inner=(EXPERIMENT, Inner("cell"), *ABOUT)
)
