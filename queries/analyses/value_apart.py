"""What a membership of one group is worth against one of another, and what makes the ratio.

The value of a membership is what it pays in a month, times the discounted months it lasts, times
the margin (`queries.estimators.shifted_beta_geometric`). The margin is the same for all, so

    value / value' = (paid a month / paid a month') * (months / months')

and both parts together make the ratio exactly. Intervals leave a cluster of accounts out of both
groups at once (the grouped jackknife of `queries.interval`) on the log scale, with Student's t.
All pairs are tried together (Benjamini & Hochberg 1995).

Small cells: groups are of `FEWEST` memberships or more, and only fitted curves are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import exp, nan

import numpy as np
from numpy.typing import NDArray

from queries.analyses.cluster import Estimate
from queries.analyses.findings import chance
from queries.analyses.lifetime import Attrition
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.estimators.estimator import left_out_too
from queries.estimators.shifted_beta_geometric import Terms, accrued
from queries.formula import Array
from queries.interval import is_present, margin

CALLED = 0.1
"""The false discovery rate at which a pair is said to differ."""


@dataclass(frozen=True, slots=True)
class Worth:
    """A group: the logs of its value, pay and months, of all and without a cluster at a time.

    Arrays are `1 + clusters`; value and months are over the horizon, discounted.
    """

    name: str
    value: Array
    paid: Array
    months: Array
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Apart:
    """A pair of groups: how many times what the other has. The parts multiply to `value`.

    `q` is the false discovery rate over all pairs at which this one would be called.
    """

    first: str
    other: str
    value: Estimate
    paid: Estimate
    months: Estimate
    p: float
    q: float = nan

    @property
    def is_called(self) -> bool:
        """Whether the pair differs, by its interval and among all that were tried."""
        return self.q <= CALLED and (self.value.low > 1 or self.value.high < 1)

    @property
    def turned(self) -> "Apart":
        """The same pair, the other way round."""
        value, paid, months = (
            Estimate(1 / e.value, 1 / e.high, 1 / e.low)
            for e in (self.value, self.paid, self.months)
        )
        return Apart(self.other, self.first, value, paid, months, self.p, self.q)


def worths(groups: Sequence[tuple[str, Attrition]], terms: Terms) -> tuple[Worth, ...]:
    """Each group with its replicates; those without a curve or without clusters are left out.

    All are fitted at once, from the curve of everybody.
    """
    known = [(name, c) for name, c in groups if c.at_risk.ndim > 1 and c.at_risk.size]
    if not known:
        return ()
    laid_out = _columns([counted for _, counted in known])
    curves = accrued(*laid_out, Terms(1.0, terms.discount, terms.horizon))[-1]
    with np.errstate(all="ignore"):
        paid = laid_out[2].sum(axis=0) / laid_out[0].sum(axis=0)
        logs = np.log(curves), np.log(paid), np.log(curves / paid)
    width = known[0][1].at_risk.shape[1] + 1
    found: list[Worth] = []
    for nth, (name, counted) in enumerate(known):
        mine = slice(1 + nth * width, 1 + (nth + 1) * width)
        value, pay, months = (part[mine] for part in logs)
        found.append(Worth(name, value, pay, months, is_present(counted.at_risk)))
    return tuple(w for w in found if np.isfinite(np.stack([w.value, w.paid, w.months])).all())


def pairs(groups: Sequence[Worth]) -> tuple[Apart, ...]:
    """Every pair of groups that can be compared, with its place among all of them."""
    found = [apart for one, other in combinations(groups, 2) if (apart := _apart(one, other))]
    qs = benjamini_hochberg([apart.p for apart in found])
    return tuple(replace(apart, q=q) for apart, q in zip(found, qs, strict=True))


def surest(found: Sequence[Apart]) -> Apart | None:
    """The pair that is apart by most at the least, the more valuable group first; None if none."""
    called = [a if a.value.value > 1 else a.turned for a in found if a.is_called]
    return max(called, key=lambda a: a.value.low, default=None)


def _apart(one: Worth, other: Worth) -> Apart | None:
    present = one.present | other.present
    logs = np.stack([one.value - other.value, one.paid - other.paid, one.months - other.months])
    spread = margin(logs[:, 1:][:, present])
    if not np.isfinite(spread[0]):
        return None
    around = [
        Estimate(middle, middle - half, middle + half)
        for middle, half in zip(logs[:, 0].tolist(), spread.tolist(), strict=True)
    ]
    value, paid, months = (Estimate(exp(e.value), exp(e.low), exp(e.high)) for e in around)
    p = chance(around[0], int(present.sum()) - 1)
    return Apart(one.name, other.name, value, paid, months, p)


def _columns(groups: Sequence[Attrition]) -> tuple[Array, Array, Array]:
    """Everybody, then each group with all and without a cluster at a time, `months x columns`."""
    months = max(g.at_risk.shape[0] for g in groups)
    found: list[Array] = []
    for name in ("at_risk", "leaving", "paid"):
        padded = [
            np.pad(part, ((0, months - part.shape[0]), (0, 0)))
            for part in (getattr(g, name) for g in groups)
        ]
        everybody = np.sum([part.sum(axis=1) for part in padded], axis=0)[:, None]
        found.append(np.concatenate([everybody, *(left_out_too(p) for p in padded)], axis=1))
    return found[0], found[1], found[2]
