"""A difference of two rates within strata, the strata weighted by how much they can tell.

The Mantel-Haenszel risk difference, weights `n₁ n₀ / (n₁ + n₀)` (Greenland & Robins 1985,
Biometrics 41): strata that have one side only say nothing and weigh nothing.
"""

import numpy as np

from queries.estimators.estimator import Estimator, Inner, Part, by_group, summed_by
from queries.formula import Array


def _read(part: Part) -> Array:
    stratum = part.keys["stratum"].rank("dense").to_numpy().astype(np.intp) - 1
    shown, taken, shown_other, taken_other = (
        summed_by(stratum, part.amounts[name], int(stratum.max()) + 1)
        for name in ("shown", "taken", "shown_other", "taken_other")
    )
    return difference(shown, taken, shown_other, taken_other)


def difference(shown: Array, taken: Array, shown_other: Array, taken_other: Array) -> Array:
    """Of `strata x columns` each: one value a column."""
    with np.errstate(all="ignore"):
        both = shown + shown_other
        gained = (taken * shown_other - taken_other * shown) / both
        weight = shown * shown_other / both
        return np.nansum(gained, axis=0) / np.nansum(weight, axis=0)


ESTIMATOR = Estimator(
    estimate=by_group(_read, low=-1.0, high=1.0),
    amounts=("shown", "taken", "shown_other", "taken_other"),
    inner=(Inner("stratum", may_group=True, may_filter=True),),
    skips_empty=True,
)
