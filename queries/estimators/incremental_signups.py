"""Sign-ups that a campaign brought, from the regions that it left out."""

import polars as pl

from queries.estimators.estimator import Estimator
from queries.estimators.geo_difference import INNER, Regions, brought, by_campaign
from queries.interval import Estimate


def _read(regions: Regions, _summed: pl.DataFrame) -> Estimate:
    return brought(regions).signups


ESTIMATOR = Estimator(estimate=by_campaign(_read), amounts=("before", "during"), inner=INNER)
