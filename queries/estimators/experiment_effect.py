"""The effect of an experiment's cell against its control, relative, for one look at the end.

Where the accounts of a cell are not as many as they were to be, there is none
(`queries.estimators.effect`, `queries.estimators.sample_ratio`).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from queries.estimators.effect import Effect, effect
from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, Setting
from queries.estimators.trial import ABOUT, AMOUNTS, EXPERIMENT, Trial, trials

ADJUSTED = Setting("cuped", 0, 1, is_whole=True)


def by_cell(ends: Callable[[Effect], tuple[float, float]]) -> Estimator:
    """An estimator of every treatment's effect, with the interval that `ends` takes from it."""

    def estimate(counted: Counted) -> Estimates:
        value, low, high = (np.full(counted.groups, np.nan) for _ in range(3))
        for trial in trials(counted):
            found = _effects(trial, adjusted=counted.settings["cuped"] > 0)
            for cell, one in zip(trial.cells[1:], found, strict=False):
                value[cell.group] = one.value
                low[cell.group], high[cell.group] = ends(one)
        return replace(Estimates.unknown(counted.groups), values=value, low=low, high=high)

    return Estimator(
        estimate=estimate,
        amounts=AMOUNTS,
        inner=(EXPERIMENT, Inner("cell", is_asked=True), *ABOUT),
        settings=(ADJUSTED,),
    )


def _effects(trial: Trial, *, adjusted: bool) -> tuple[Effect, ...]:
    if not trial.is_sound:
        return ()
    control, *treated = trial.levels(adjusted=adjusted)
    return tuple(effect(level, control, trial.planned, trial.alpha) for level in treated)


ESTIMATOR = by_cell(lambda found: (found.low, found.high))
