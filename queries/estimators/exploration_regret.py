"""What showing arms at random cost: takes that the best arm of each stratum would have had beyond.

The best arm is not known but estimated, and the highest of several noisy rates is too high. So it
is chosen on one half of the accounts and its rate is read off the other, both ways round
(cross-fitting; Chernozhukov et al. 2018, Econometrics Journal 21): never flattered, at worst a
little low where the best was not found. Where data are few it is about 0, and its interval says how
little is known.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, Part, by_group
from queries.formula import Array

_HALVES = ("_even", "_odd")


def _read(part: Part) -> Array:
    stratum = part.keys["stratum"].rank("dense").to_numpy()
    order = np.argsort(stratum, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(stratum[order]) != 0])
    one, other = (
        (part.amounts[f"shown{half}"][order], part.amounts[f"taken{half}"][order])
        for half in _HALVES
    )
    lost = _lost(starts, one, other) + _lost(starts, other, one)
    shown = one[0].sum(axis=0) + other[0].sum(axis=0)
    return np.where(shown > 0, lost, np.nan)


def _lost(starts: NDArray[np.intp], here: tuple[Array, Array], there: tuple[Array, Array]) -> Array:
    """Chosen by the rates there, counted here."""
    shown, taken = here
    with np.errstate(all="ignore"):
        rate_there = np.where(there[0] > 0, there[1] / there[0], -1.0)
        rate = np.where(shown > 0, taken / shown, np.nan)
    best = np.maximum.reduceat(rate_there, starts, axis=0)
    which = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(shown)]))
    is_best = (rate_there == best[which]) & (best[which] >= 0) & ~np.isnan(rate)
    count = np.add.reduceat(is_best.astype(np.float64), starts, axis=0)
    value = np.add.reduceat(np.where(is_best, rate, 0.0), starts, axis=0)
    everybody = np.add.reduceat(shown, starts, axis=0)
    had = np.add.reduceat(taken, starts, axis=0)
    with np.errstate(all="ignore"):
        gained = np.where(count > 0, everybody * value / count - had, 0.0)
    return gained.sum(axis=0)


def _estimate(counted: Counted) -> Estimates:
    """Halves are even and odd clusters: leaving one out changes its own half only."""
    is_even = np.arange(counted.clusters) % 2 == 0
    halves = {
        f"{name}{half}": np.where(mask, amounts, 0.0)
        for name, amounts in counted.amounts.items()
        for half, mask in zip(_HALVES, (is_even, ~is_even), strict=True)
    }
    return by_group(_read, is_total=True)(replace(counted, amounts=halves))


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("shown", "taken"),
    inner=(Inner("stratum", may_group=True, may_filter=True), Inner("arm")),
    needs_clusters=True,
    skips_empty=True,
)
