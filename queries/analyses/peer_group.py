"""Peers: the groups most like one of them, and where it stands among them.

Likeness is Gower's coefficient (1971, Biometrics 27, 857-871): how alike two groups are in the mean
over what is known of both, by size on a scale of logarithms and by each trait as the same or not.
The band has the Weibull quantiles (Hyndman & Fan 1996, type 6) of what the peers measured: of
exchangeable groups one in ten lies above its upper end and one in ten below its lower end. Fewer
than nine peers have no such quantiles; their band is their whole range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np

MOST_PEERS = 12
FEWEST_PEERS = 3
FEWEST_FOR_TENTHS = 9
_TENTH = 0.1
_ALIKE_IN_SIZE = 1.25
_TENFOLD = 10

Side = Literal["above", "below", "within", "unsure"]


@dataclass(frozen=True, slots=True)
class Group:
    """A group with what makes others alike: how large it is, and its traits, each in words."""

    value: str
    size: float
    traits: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Peer:
    """A group that is like another: how much, from 0 to 1, and why."""

    value: str
    likeness: float
    reasons: tuple[str, ...]


def peers(group: Group, others: Sequence[Group], most: int = MOST_PEERS) -> list[Peer]:
    """The groups most like one, the most alike first; of equally alike ones the larger first."""
    known = [other for other in others if other.value != group.value and other.size > 0]
    if not known or group.size <= 0:
        return []
    logs = [log(one.size) for one in (group, *known)]
    span = max(logs) - min(logs)
    found = [(_likeness(group, other, span), other) for other in known]
    found.sort(key=lambda pair: (-pair[0], -pair[1].size, pair[1].value))
    return [Peer(o.value, likeness, _reasons(group, o)) for likeness, o in found[:most]]


def _likeness(group: Group, other: Group, span: float) -> float:
    by_size = max(0.0, 1 - abs(log(group.size / other.size)) / span) if span else 1.0
    both = group.traits.keys() & other.traits.keys()
    same = sum(group.traits[name] == other.traits[name] for name in both)
    return (by_size + same) / (1 + len(both))


def _reasons(group: Group, other: Group) -> tuple[str, ...]:
    shared = [said for name, said in group.traits.items() if other.traits.get(name) == said]
    ratio = other.size / group.size
    is_alike = 1 / _ALIKE_IN_SIZE <= ratio <= _ALIKE_IN_SIZE
    times = f"{ratio:.0f}" if ratio >= _TENFOLD else f"{ratio:.2g}"
    return (*shared, "about as large" if is_alike else f"{times}× as large")


@dataclass(frozen=True, slots=True)
class Band:
    """Where the peers lie. `chance` is that of a group like them to lie outside of it."""

    low: float
    median: float
    high: float
    count: int

    @property
    def is_of_tenths(self) -> bool:
        return self.count >= FEWEST_FOR_TENTHS

    @property
    def chance(self) -> float:
        return 2 * _TENTH if self.is_of_tenths else 2 / (self.count + 1)


def band(values: Sequence[float | None]) -> Band | None:
    """The band of what peers measured; None of fewer than three that measured anything."""
    known = np.sort([float(v) for v in values if v is not None and np.isfinite(v)])
    if len(known) < FEWEST_PEERS:
        return None
    median = float(np.median(known))
    if len(known) < FEWEST_FOR_TENTHS:
        return Band(float(known[0]), median, float(known[-1]), len(known))
    low, high = np.quantile(known, (_TENTH, 1 - _TENTH), method="weibull")
    return Band(float(low), median, float(high), len(known))


def standing(value: float, low: float | None, high: float | None, among: Band) -> Side:
    """Where a group stands: outside or within only with its whole interval, else unsure.

    Without an interval its value decides.
    """
    first, last = (value, value) if low is None or high is None else (low, high)
    if first > among.high:
        return "above"
    if last < among.low:
        return "below"
    return "within" if among.low <= first and last <= among.high else "unsure"
