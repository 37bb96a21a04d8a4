"""The smallest effect that an experiment of so many accounts finds with a chance of 80 %.

Of the first treatment against the control, as varied as they are (`queries.estimators.power`). A
number to plan by, so it has no interval.
"""

from dataclasses import replace

import numpy as np

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, Setting
from queries.estimators.experiment_effect import ADJUSTED
from queries.estimators.power import detectable
from queries.estimators.trial import ABOUT, AMOUNTS, EXPERIMENT, trials

_NOW = 0
_SETTINGS = (
    ADJUSTED,
    Setting("accounts", _NOW, 1e9, is_whole=True),
    Setting("sequential", 0, 1, is_whole=True),
)


def _estimate(counted: Counted) -> Estimates:
    values, settings = np.full(counted.groups, np.nan), counted.settings
    for trial in trials(counted):
        if trial.is_sound:
            control, treated = trial.levels(adjusted=settings["cuped"] > 0)[:2]
            accounts = settings["accounts"] or control.count + treated.count
            planned = trial.planned if settings["sequential"] else None
            values[trial.cells[0].group] = detectable(
                (control, treated), accounts, trial.alpha, planned
            )
    return replace(Estimates.unknown(counted.groups), values=values)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=AMOUNTS,
    inner=(EXPERIMENT, Inner("cell"), *ABOUT),
    settings=_SETTINGS,
)
