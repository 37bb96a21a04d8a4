"""Margin of the memberships that a campaign brought, over what it spent, by the horizon."""

from queries.estimators.campaign_returns import AMOUNTS, INNER, Returns, by_campaign
from queries.estimators.estimator import Estimator
from queries.estimators.shifted_beta_geometric import SETTINGS
from queries.interval import Estimate


def _read(returns: Returns) -> Estimate:
    return Estimate(float(returns.value[-1]), float(returns.low[-1]), float(returns.high[-1]))


ESTIMATOR = Estimator(estimate=by_campaign(_read), amounts=AMOUNTS, inner=INNER, settings=SETTINGS)
