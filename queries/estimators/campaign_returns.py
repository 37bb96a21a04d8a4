"""What the memberships that a campaign brought are worth, over what it spent, by horizon.

Sign-ups brought (`geo_difference`) times the value of a membership by each month
(`shifted_beta_geometric`), over the spend, which is known. The two are worked out from different
things, regions and memberships, and their product's interval is MOVER-R's, from the interval of
each (Newcombe 2016, Statistical Methods in Medical Research 25, 1774-1778): it takes no normal
distribution for granted and keeps the skewness of both.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.estimators.estimator import Counted, Estimates, Inner, left_out_too, rows_by_group
from queries.estimators.geo_difference import INNER as _REGIONS
from queries.estimators.geo_difference import NOTHING, Regions, brought
from queries.estimators.shifted_beta_geometric import Terms, accrued, laid_out
from queries.formula import Array
from queries.interval import Estimate, is_present, margin

INNER = (*_REGIONS, Inner("month"))
AMOUNTS = ("before", "during", "spend", "at_risk", "leaving", "paid")


@dataclass(frozen=True, slots=True)
class Returns:
    """Returned over spent, by months 1 to the horizon; the ends are NaN where there are none."""

    value: Array
    low: Array
    high: Array


def product(one: Estimate, others: Returns) -> Returns:
    """One number of either sign times positive ones, each with its interval, by MOVER-R."""
    with np.errstate(all="ignore"):
        # The lesser end goes with the least worth where it is positive, with the most where not.
        least, most = 1 / others.low, 1 / others.high
        low = _end(one.value, one.low, 1 / others.value, least if one.low >= 0 else most)
        high = _end(one.value, one.high, 1 / others.value, most if one.high >= 0 else least)
    is_known = others.low > 0
    return Returns(
        one.value * others.value,
        np.where(is_known, low, np.nan),
        np.where(is_known, high, np.nan),
    )


def _end(value: float, end: float, below: Array, below_end: Array) -> Array:
    """One end of the interval of a ratio; `below_end` is the denominator's that goes with it."""
    middle = value * below
    width = below_end * (2 * below - below_end)
    root = np.sqrt(np.maximum(middle**2 - end * width * (2 * value - end), 0))
    sign = 1.0 if end >= value else -1.0
    return np.asarray((middle + sign * root) / width, dtype=np.float64)


def by_campaign(read: Callable[[Returns], Estimate]) -> Callable[[Counted], Estimates]:
    """Estimates of each group by itself, from what it returned by each month."""

    def estimate(counted: Counted) -> Estimates:
        terms = Terms.of(counted.settings)
        found = [NOTHING] * counted.groups
        for group, rows in rows_by_group(counted):
            amounts = {n: a[rows] for n, a in counted.amounts.items()}
            returns = _returns(counted.keys[rows], amounts, terms)
            found[group] = NOTHING if returns is None else read(returns)
        ends = (np.array([getattr(e, n) for e in found]) for n in ("value", "low", "high"))
        value, low, high = ends
        return replace(Estimates.unknown(counted.groups), values=value, low=low, high=high)

    return estimate


def _returns(keys: pl.DataFrame, amounts: dict[str, Array], terms: Terms) -> Returns | None:
    spend = float(amounts["spend"].sum())
    month = keys["month"].cast(pl.Float64).to_numpy()
    if not spend > 0 or not (month >= 0).any():
        return None
    own = month < 0
    regions = Regions(
        (amounts["during"] - amounts["before"])[own].sum(axis=1),
        ~keys["held_out"].cast(pl.Boolean).to_numpy()[own],
        tuple(str(name) for name in keys["country"].to_numpy()[own]),
    )
    counts = [laid_out(month, amounts[name]) for name in ("at_risk", "leaving", "paid")]
    at_risk, leaving, paid = (left_out_too(part) for part in counts)
    curves = accrued(at_risk, leaving, paid, terms)
    spread = margin(curves[:, 1:][:, is_present(counts[0])])
    value = curves[:, 0] / spend
    worth = Returns(value, value - spread / spend, value + spread / spend)
    return product(brought(regions).signups, worth)
