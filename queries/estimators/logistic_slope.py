"""By how much the log-odds of a take move with a dose: the slope of a logistic regression.

Fitted by Newton's steps on counts by dose (Cox 1958, JRSS B 20); an interval leaves out clusters of
accounts. It describes: whoever is shown something more often is not like the others.
"""

import numpy as np
import polars as pl

from queries.estimators.estimator import Estimator, Inner, Part, by_group
from queries.formula import Array

_STEPS, _CLOSE, _BOUND = 40, 1e-9, 30.0


def _read(part: Part) -> Array:
    dose = part.keys["dose"].cast(pl.Float64).to_numpy()
    return logistic_slope(dose, part.amounts["shown"], part.amounts["taken"])


def logistic_slope(dose: Array, shown: Array, taken: Array) -> Array:
    """A slope for each column of `doses x columns` counts; NaN where there is none to be found."""
    columns = shown.shape[1]
    with np.errstate(all="ignore"):
        share = taken.sum(axis=0) / shown.sum(axis=0)
        level, slope = np.log(share / (1 - share)), np.zeros(columns)
        x, step = dose[:, None], np.full((2, columns), np.inf)
        for _ in range(_STEPS):
            chance = 1 / (1 + np.exp(-(level + slope * x)))
            off, weight = taken - shown * chance, shown * chance * (1 - chance)
            a, b, c = (part.sum(axis=0) for part in (weight, weight * x, weight * x**2))
            up, along = off.sum(axis=0), (off * x).sum(axis=0)
            bent = a * c - b**2
            step = np.stack([c * up - b * along, a * along - b * up]) / bent
            level, slope = level + step[0], slope + step[1]
            if np.nanmax(np.abs(step), initial=0) < _CLOSE:
                break
        is_found = (np.abs(step).max(axis=0) < _CLOSE) & (np.abs(slope) < _BOUND)
    return np.where(is_found, slope, np.nan)


ESTIMATOR = Estimator(estimate=by_group(_read), amounts=("shown", "taken"), inner=(Inner("dose"),))
