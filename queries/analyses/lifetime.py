"""What memberships are worth: how long they last, and what that is worth today.

The shifted beta-geometric model (Fader & Hardie 2007, How to project customer retention, Journal of
Interactive Marketing 21, 76-90): everybody leaves at the end of a month with a chance of their own,
beta distributed, so those who are left are ever more loyal and the curve flattens. Fitted by
maximum likelihood to who is at risk and who leaves by month; months that are not over count for
nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
from scipy.optimize import (  # pyright: ignore[reportMissingTypeStubs]
    minimize,  # pyright: ignore[reportUnknownVariableType]
)

from queries.analyses.cluster import CLUSTER, Estimate, Scope, cells, counted_by
from queries.formula import Array
from queries.interval import is_present, left_out, margin
from queries.model import Query

FEWEST_MONTHS = 3
MONTHS_A_YEAR = 12
_LARGEST = 12.0


@dataclass(frozen=True, slots=True)
class Attrition:
    """By month since joining, from 0 on: how many reach it with that month over, how many leave.

    Arrays are `months x clusters` of accounts, or `months`.
    """

    at_risk: Array
    leaving: Array

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
class Fit:
    """Parameters of the beta that monthly chances of leaving follow."""

    alpha: float
    beta: float

    def retention(self, months: int) -> Array:
        """Of those who reach a month, the share that stays: for months 0 up to `months` - 1."""
        month = np.arange(1, months + 1)
        return np.asarray(
            (self.beta + month - 1) / (self.alpha + self.beta + month - 1), dtype=np.float64
        )

    def survival(self, months: int) -> Array:
        """Share still member at months 0 to `months`."""
        return np.concatenate([[1.0], np.cumprod(self.retention(months))])


@dataclass(frozen=True, slots=True)
class Terms:
    """What a month is worth: US dollars a month, the share kept, a yearly discount, months."""

    revenue_usd: float
    margin: float
    discount: float
    horizon: int


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
    """Memberships at risk and leaving, by month since joining."""
    return counted_by(scope, ["at_risk", "leaving"], [*by, "months_since"])


def attrition(frame: pl.DataFrame) -> Attrition:
    """Lay out the rows of an answer, up to the last month that somebody was followed through."""
    known = frame.filter(pl.col("at_risk") > 0)
    if known.is_empty():
        return Attrition(np.zeros(0), np.zeros(0))
    months = int(known["months_since"].cast(pl.Int64).max() or 0) + 1  # pyright: ignore[reportArgumentType]
    laid_out: list[Array] = []
    for name in ("at_risk", "leaving"):
        groups, found = cells(known, ["months_since"], name)
        filled = np.zeros((months, found.shape[1]))
        filled[groups["months_since"].cast(pl.Int64).to_numpy()] = found
        laid_out.append(filled if CLUSTER.name in frame.columns else filled[:, 0])
    return Attrition(*laid_out)


def fit(at_risk: Array, leaving: Array, near: Fit | None = None) -> Fit | None:
    """The most likely alpha and beta; None where nobody leaves or too few months are known.

    `near` is a fit to much the same counts, from which to start.
    """
    known = at_risk > 0
    if known.sum() < FEWEST_MONTHS or not leaving.sum() > 0 or not (at_risk - leaving).sum() > 0:
        return None
    staying, month = at_risk - leaving, np.arange(1, len(at_risk) + 1)

    def loss(logs: Array) -> tuple[float, Array]:
        alpha, beta = np.exp(logs)
        whole, rest = alpha + beta + month - 1, beta + month - 1
        likely = leaving * np.log(alpha / whole) + staying * np.log(rest / whole)
        by_alpha = leaving / alpha - at_risk / whole
        by_beta = staying / rest - at_risk / whole
        slope = np.array([by_alpha.sum() * alpha, by_beta.sum() * beta])
        return -float(likely.sum()), -slope

    hazard = leaving.sum() / at_risk.sum()
    start = near or Fit(1.0, max(1 / hazard - 1, 0.1))
    found = cast("Any", minimize)(
        loss,
        np.log([start.alpha, start.beta]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LARGEST, _LARGEST)] * 2,
        options={"ftol": 1e-13, "gtol": 1e-9, "maxiter": 500},
    )
    alpha, beta = np.exp(np.asarray(found.x, dtype=np.float64))
    return Fit(float(alpha), float(beta))


def discounted(survival: Array, terms: Terms) -> Array:
    """What a membership has brought by months 1 to the horizon, as of the day it began.

    The first month is paid on joining; a payment a month later counts one month's discount less.
    """
    month = np.arange(terms.horizon)
    monthly = (1 + terms.discount) ** (-month / MONTHS_A_YEAR)
    paid = terms.revenue_usd * terms.margin * survival[: terms.horizon] * monthly
    return np.asarray(np.cumsum(paid), dtype=np.float64)


def worth(counted: Attrition, terms: Terms) -> Value | None:
    """The value of a membership, by the fitted curve; its interval leaves out clusters of accounts.

    None where no curve can be fitted.
    """
    whole = fit(_summed(counted.at_risk), _summed(counted.leaving))
    if whole is None:
        return None
    curve = discounted(whole.survival(terms.horizon), terms)
    spread = np.full(terms.horizon, np.nan)
    if counted.at_risk.ndim > 1:
        present = is_present(counted.at_risk)
        risk, gone = (left_out(part, present) for part in (counted.at_risk, counted.leaving))
        fits = [fit(risk[:, k], gone[:, k], whole) for k in range(risk.shape[1])]
        curves = [discounted(f.survival(terms.horizon), terms) for f in fits if f is not None]
        if len(curves) == len(fits):
            spread = margin(np.stack(curves, axis=1))
    low, high = curve - spread, curve + spread
    total = Estimate(float(curve[-1]), float(low[-1]), float(high[-1]))
    return Value(whole, total, curve, low, high)


def payback_month(cumulative: Array, cost: float) -> int | None:
    """The first month, counted from 1, by which as much has come in as was spent; None if never."""
    reached = np.flatnonzero(cumulative >= cost)
    return int(reached[0]) + 1 if len(reached) else None


def _summed(values: Array) -> Array:
    return values if values.ndim == 1 else values.sum(axis=1)
