"""An amount over the sign-ups that a campaign brought: its spend, or the sign-ups it claims.

The amount is known, so the interval has every ratio that the interval of what was brought allows
(Fieller 1954, for a known numerator). Where that reaches zero, there is no such number.
"""

import polars as pl

from queries.estimators.estimator import Estimator
from queries.estimators.geo_difference import (
    INNER,
    Regions,
    brought,
    by_campaign,
    over_brought,
)
from queries.interval import Estimate


def _read(regions: Regions, summed: pl.DataFrame) -> Estimate:
    return over_brought(float(summed["amount"].sum()), brought(regions).signups)


ESTIMATOR = Estimator(
    estimate=by_campaign(_read), amounts=("before", "during", "amount"), inner=INNER
)
