"""What made a membership worth more or less than before: what is paid, or how long it is paid.

A value is what is paid in a month, times the margin, times the discounted months that a membership
lasts (`queries.analyses.value_apart`). Its change is split exactly in two: the change of each
factor, weighed by the mean of the other before and now. That is Shapley's value of the two (Shapley
1953, A value for n-person games; the midpoint of Marshall and Edgeworth's index numbers), and the
rule by which mix and rate share a ratio's change. Intervals leave a cluster of accounts out of both
groups at once.

Small cells: nothing is said where either group has fewer than `FEWEST` memberships.
"""

from dataclasses import dataclass

import numpy as np

from queries.analyses.cluster import Estimate
from queries.analyses.lifetime import Attrition
from queries.analyses.value_apart import worths
from queries.estimators.shifted_beta_geometric import Terms
from queries.interval import margin

FEWEST = 200
_SIDES = 2


@dataclass(frozen=True, slots=True)
class ValueChange:
    """`change` is `by_pay` and `by_months` together, in US dollars a membership."""

    before: float
    now: float
    change: Estimate
    by_pay: Estimate
    by_months: Estimate


def value_change(before: Attrition, now: Attrition, terms: Terms) -> ValueChange | None:
    """The change of the value, and what either factor makes of it.

    None where one of the groups is too small, or too little is known to fit its curve.
    """
    groups = (("before", before), ("now", now))
    if any(not c.at_risk.size or c.at_risk[0].sum() < FEWEST for _, c in groups):
        return None
    found = worths(groups, terms)
    if len(found) < _SIDES:
        return None
    first, last = (np.exp(w.paid) for w in found)
    earlier, later = (terms.margin * np.exp(w.months) for w in found)
    by_pay = (last - first) * (earlier + later) / 2
    by_months = (later - earlier) * (first + last) / 2
    values = np.stack([last * later - first * earlier, by_pay, by_months])
    spread = margin(values[:, 1:][:, found[0].present | found[1].present])
    change, pay, months = (
        Estimate(middle, middle - half, middle + half)
        for middle, half in zip(values[:, 0].tolist(), spread.tolist(), strict=True)
    )
    sides = float(first[0] * earlier[0]), float(last[0] * later[0])
    return ValueChange(*sides, change, pay, months)
