"""What one membership is worth: discounted margin over a horizon, by the fitted retention curve.

Fader & Hardie 2007. What is paid in a month is that of all months at risk. An interval leaves out
clusters of accounts, of who stays and of what they pay at once.
"""

import polars as pl

from queries.estimators.estimator import Estimator, Inner, Part, by_group
from queries.estimators.shifted_beta_geometric import SETTINGS, Terms, accrued, laid_out
from queries.formula import Array


def _read(part: Part) -> Array:
    month = part.keys["month"].cast(pl.Float64).to_numpy()
    at_risk, leaving, paid = (
        laid_out(month, part.amounts[name]) for name in ("at_risk", "leaving", "paid")
    )
    return accrued(at_risk, leaving, paid, Terms.of(part.settings))[-1]


ESTIMATOR = Estimator(
    estimate=by_group(_read),
    amounts=("at_risk", "leaving", "paid"),
    inner=(Inner("month"),),
    settings=SETTINGS,
)
