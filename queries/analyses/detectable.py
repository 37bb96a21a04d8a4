"""What data of this size can tell: the smallest effect they find, and what a smaller one takes.

An effect is found where its 95 % interval leaves zero out. One of (t₀.₉₇₅ + z₀.₈) standard errors
is found four times in five (Cohen 1988, ch. 2); errors shrink with the square root of the rows. It
is said of effects that might be, never of the one that was estimated: the power of what was found
says nothing that its p does not (Hoenig & Heisey 2001, The American Statistician 55).
"""

from statistics import NormalDist

from queries.dataset import CLUSTERS
from queries.interval import student

POWER = 0.8
_FREEDOM = CLUSTERS - 1


def smallest(low: float, high: float, freedom: int = _FREEDOM) -> float:
    """The smallest effect that is found four times in five, by the ends of a 95 % interval.

    Without `freedom` it is one of an estimation, which leaves out clusters of accounts.
    """
    t = student(freedom)
    return (high - low) / 2 / t * (t + NormalDist().inv_cdf(POWER))


def rows_for(effect: float, found: float, rows: float) -> float:
    """How many rows find `effect`, where `rows` of them find one of the size `found`."""
    return rows * (found / effect) ** 2
