"""How long memberships last, and what that is worth today: the shifted beta-geometric model.

Fader & Hardie 2007, How to project customer retention, Journal of Interactive Marketing 21, 76-90:
everybody leaves at the end of a month with a chance of their own, beta distributed, so those who
are left are ever more loyal and the curve flattens. Fitted by maximum likelihood to who is at risk
and who leaves by month; months that are not over count for nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from queries.estimators.estimator import Setting
from queries.formula import Array

FEWEST_MONTHS = 3
MONTHS_A_YEAR = 12
SETTINGS = (
    Setting("horizon", 1, 120, is_whole=True),
    Setting("margin", 0, 1),
    Setting("discount", 0, 1),
)
_LARGEST = 12.0
_STEPS, _CLOSE = 30, 1e-9


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
    """What a month is worth: the share of revenue kept, a yearly discount, how many months."""

    margin: float
    discount: float
    horizon: int

    @classmethod
    def of(cls, settings: Mapping[str, float]) -> "Terms":
        """From the numbers of `SETTINGS`, by name."""
        return cls(settings["margin"], settings["discount"], int(settings["horizon"]))


def fit(at_risk: Array, leaving: Array, near: Fit | None = None) -> Fit | None:
    """The most likely alpha and beta; None where nobody leaves or too few months are known.

    `near` is a fit to much the same counts, from which to start.
    """
    from scipy.optimize import (  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLC0415  # slow
        minimize,  # pyright: ignore[reportUnknownVariableType]
    )

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


def discounted(survival: Array, revenue_usd: float, terms: Terms) -> Array:
    """What a membership that pays so much a month has brought by months 1 to the horizon.

    As of the day it began: the first month is paid on joining, a payment a month later counts one
    month's discount less.
    """
    month = np.arange(terms.horizon)
    monthly = (1 + terms.discount) ** (-month / MONTHS_A_YEAR)
    paid = revenue_usd * terms.margin * survival[: terms.horizon] * monthly
    return np.asarray(np.cumsum(paid), dtype=np.float64)


def accrued(at_risk: Array, leaving: Array, paid: Array, terms: Terms) -> Array:
    """The cumulated value of a membership: `horizon x columns`, of counts `months x columns`.

    The first column is fitted, the others, much like it, from there. What was paid over those at
    risk is the revenue of a month. NaN where no curve can be fitted.
    """
    curves = np.full((terms.horizon, at_risk.shape[1]), np.nan)
    whole = fit(at_risk[:, 0], leaving[:, 0])
    if whole is None:
        return curves
    with np.errstate(all="ignore"):
        revenue = (paid.sum(axis=0) / at_risk.sum(axis=0)).tolist()
    for column, found in enumerate(_refitted(at_risk, leaving, whole)):
        if found is not None:
            survival = found.survival(terms.horizon)
            curves[:, column] = discounted(survival, revenue[column], terms)
    return curves


def _refitted(at_risk: Array, leaving: Array, near: Fit) -> list[Fit | None]:
    """The most likely fit of each column, by Newton's steps on the logs of alpha and beta."""
    month: Array = np.arange(at_risk.shape[0], dtype=np.float64)[:, None]
    logs: Array = np.log(np.array([[near.alpha], [near.beta]])) + np.zeros((2, at_risk.shape[1]))
    gone, staying = leaving.sum(axis=0), at_risk - leaving
    step: Array = np.full_like(logs, np.inf)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            alpha: Array = np.exp(logs[0])
            beta: Array = np.exp(logs[1])
            whole, rest = alpha + beta + month, beta + month
            shared, curved = (at_risk / whole).sum(axis=0), (at_risk / whole**2).sum(axis=0)
            by_alpha = gone - alpha * shared
            by_beta = beta * ((staying / rest).sum(axis=0) - shared)
            both = alpha * beta * curved
            aa = alpha**2 * curved - alpha * shared
            bb = by_beta + beta**2 * (curved - (staying / rest**2).sum(axis=0))
            bent = aa * bb - both**2
            step = np.stack([by_alpha * bb - by_beta * both, by_beta * aa - by_alpha * both]) / bent
            logs = logs - step
            if np.nanmax(np.abs(step), initial=0) < _CLOSE:
                break
    within = (np.abs(logs) < _LARGEST).all(axis=0)
    settled = within & (np.abs(step).max(axis=0) < _CLOSE)
    return [
        Fit(*np.exp(logs[:, c]).tolist()) if settled[c] else fit(at_risk[:, c], leaving[:, c], near)
        for c in range(at_risk.shape[1])
    ]


def laid_out(month: Array, amounts: Array) -> Array:
    """Rows by month as `months x columns`, to the last month there is; negative ones left out."""
    kept = month >= 0
    place = month[kept].astype(np.intp)
    found = np.zeros((int(place.max(initial=-1)) + 1, amounts.shape[1]))
    np.add.at(found, place, amounts[kept])
    return found


def first_month(reached: NDArray[np.bool_]) -> float:
    """The first month, counted from 1, for which it is true; NaN if never."""
    found = np.flatnonzero(reached)
    return float(found[0]) + 1 if len(found) else np.nan
