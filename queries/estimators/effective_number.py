"""How many kinds there are in effect, on the average of strata: the mean of `exp(−Σ p ln p)`.

The exponential of Shannon's entropy, Hill's number of order 1 (Hill 1973, Ecology 54). A stratum
met a few times only looks less varied than it is.
"""

import numpy as np

from queries.estimators.estimator import Estimator, Inner, Part, by_group, summed_by
from queries.formula import Array


def _read(part: Part) -> Array:
    amounts = part.amounts["amount"]
    stratum = part.keys["stratum"].rank("dense").to_numpy().astype(np.intp) - 1
    strata = int(stratum.max()) + 1
    whole = summed_by(stratum, amounts, strata)
    with np.errstate(all="ignore"):
        share = amounts / whole[stratum]
        terms = np.where(share > 0, -share * np.log(share), 0.0)
        effective = np.where(whole > 0, np.exp(summed_by(stratum, terms, strata)), 0.0)
        return effective.sum(axis=0) / (whole > 0).sum(axis=0)


ESTIMATOR = Estimator(
    estimate=by_group(_read, low=1.0),
    amounts=("amount",),
    inner=(Inner("stratum", may_group=True, may_filter=True), Inner("kind")),
    skips_empty=True,
)
