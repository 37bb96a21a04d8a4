"""The month by which a campaign has earned back what it spent, of the horizon's months.

The first month whose return on spend reaches one. Its interval has the months that the band of the
returns allows: from the first at which its upper end reaches one to the first at which its lower
end does (as Brookmeyer & Crowley 1982 read a median off a survival curve's band). An end that is
not reached within the horizon is unknown.
"""

from queries.estimators.campaign_returns import AMOUNTS, INNER, Returns, by_campaign
from queries.estimators.estimator import Estimator
from queries.estimators.shifted_beta_geometric import SETTINGS, first_month
from queries.interval import Estimate


def _read(returns: Returns) -> Estimate:
    ends = (first_month(curve >= 1) for curve in (returns.value, returns.high, returns.low))
    return Estimate(*ends)


ESTIMATOR = Estimator(estimate=by_campaign(_read), amounts=AMOUNTS, inner=INNER, settings=SETTINGS)
