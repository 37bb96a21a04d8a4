"""What memberships are worth: how long they last, and what that is worth today.

The curve and its value are those of the metric `membership_value_usd`
(`queries.estimators.shifted_beta_geometric`); here they are drawn month by month.

Small cells: what is drawn is the fitted curve of a group, never what was counted in one month of
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.analyses.cluster import CLUSTER, Estimate, Scope, cells, counted_by
from queries.estimators.estimator import left_out_too
from queries.estimators.shifted_beta_geometric import Fit, Terms, accrued, first_month, fit
from queries.formula import Array
from queries.interval import is_present, margin
from queries.model import Query

_COUNTS = ("at_risk", "leaving", "paid_usd")


@dataclass(frozen=True, slots=True)
class Attrition:
    """By month since joining, from 0 on: how many reach it with that month over, how many leave.

    Arrays are `months x clusters` of accounts, or `months`; `paid` are US dollars of those at risk.
    """

    at_risk: Array
    leaving: Array
    paid: Array

    @property
    def revenue_usd(self) -> float:
        """What one of those at risk pays in a month."""
        return float(self.paid.sum() / self.at_risk.sum())

    @property
    def hazard(self) -> Array:
        risk, gone = _summed(self.at_risk), _summed(self.leaving)
        with np.errstate(all="ignore"):
            return np.asarray(np.where(risk > 0, gone / risk, np.nan), dtype=np.float64)

    @property
    def survival(self) -> Array:
        """Share still member at month 0, 1, 2 and so on, one more than there are months at risk."""
        return np.concatenate([[1.0], np.cumprod(1 - self.hazard)])


@dataclass(frozen=True, slots=True)
class Value:
    """What one membership is worth, by months from joining: the curve cumulates; NaN ends unknown.

    `fit` is None where too little is known to fit a curve.
    """

    fit: Fit
    value: Estimate
    cumulative: Array
    low: Array
    high: Array


def attrition_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Memberships at risk and leaving and what they pay, by month since joining."""
    return counted_by(scope, _COUNTS, [*by, "months_since"])


def attrition(frame: pl.DataFrame) -> Attrition:
    """Lay out the rows of an answer, up to the last month that somebody was followed through."""
    known = frame.filter(pl.col("at_risk") > 0)
    if known.is_empty():
        return Attrition(np.zeros(0), np.zeros(0), np.zeros(0))
    months = int(known["months_since"].cast(pl.Int64).max() or 0) + 1  # pyright: ignore[reportArgumentType]
    laid_out: list[Array] = []
    for name in _COUNTS:
        groups, found = cells(known, ["months_since"], name)
        filled = np.zeros((months, found.shape[1]))
        filled[groups["months_since"].cast(pl.Int64).to_numpy()] = found
        laid_out.append(filled if CLUSTER.name in frame.columns else filled[:, 0])
    return Attrition(*laid_out)


def worth(counted: Attrition, terms: Terms) -> Value | None:
    """The value of a membership, by the fitted curve; its interval leaves out clusters of accounts.

    None where no curve can be fitted.
    """
    if not counted.at_risk.size:
        return None
    whole = fit(_summed(counted.at_risk), _summed(counted.leaving))
    if whole is None:
        return None
    at_risk, leaving, paid = (
        _columns(part) for part in (counted.at_risk, counted.leaving, counted.paid)
    )
    curves = accrued(at_risk, leaving, paid, terms)
    curve, spread = curves[:, 0], np.full(terms.horizon, np.nan)
    if counted.at_risk.ndim > 1:
        replicates = curves[:, 1:][:, is_present(counted.at_risk)]
        if np.isfinite(replicates).all():
            spread = margin(replicates)
    low, high = curve - spread, curve + spread
    total = Estimate(float(curve[-1]), float(low[-1]), float(high[-1]))
    return Value(whole, total, curve, low, high)


def payback_month(cumulative: Array, cost: float) -> int | None:
    """The first month, counted from 1, by which as much has come in as was spent; None if never."""
    month = first_month(cumulative >= cost)
    return None if np.isnan(month) else int(month)


def _columns(values: Array) -> Array:
    """All accounts together, then without one cluster of them at a time."""
    return values[:, None] if values.ndim == 1 else left_out_too(values)


def _summed(values: Array) -> Array:
    return values if values.ndim == 1 else values.sum(axis=1)
