"""Reductions of the same rows in one scan: of two periods, or by several keys.

A period and the one it is held against are mostly neighbours: reading both at once costs what a
scan costs by itself once less, and look-ups are made once. What explains a change asks the same of
the same rows by one dimension after the other: each row is read, filtered and looked up once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import polars as pl

from queries.period import Period
from queries.reduction import Column, Reduction

PART = "__part"
MOST_TOGETHER = 8
"""By how many keys rows are grouped in one scan: one statement may not take too long."""
MOST_READ = 1.25
"""How many days may be read for each that is asked for: those between two periods are in vain."""


def joint(reductions: Sequence[Reduction]) -> Reduction | None:
    """One that answers all, split by `PART`, their place; None where a scan for each is better."""
    first = reductions[0]
    span = _span([r.period for r in reductions if r.period is not None])
    alike = {replace(r, period=None) for r in reductions}
    if len(alike) > 1 or span is None or first.time is None or first.source.inner is not None:
        return None
    cases = (
        f"WHEN {first.time} BETWEEN CAST('{r.period.start}' AS DATE)"
        f" AND CAST('{r.period.end}' AS DATE) THEN {place}"
        for place, r in enumerate(reductions)
        if r.period is not None
    )
    part = Column(PART, f"CASE {' '.join(cases)} END")
    return replace(first, keys=(part, *first.keys), period=span)


def parted(frame: pl.DataFrame, reductions: Sequence[Reduction]) -> list[pl.DataFrame | None]:
    """The answer to each of them; None where there was no row, and the engine says what that is."""
    found = [frame.filter(pl.col(PART) == n).drop(PART) for n in range(len(reductions))]
    return [None if part.is_empty() and not reductions[0].keys else part for part in found]


@dataclass(frozen=True, slots=True)
class Scan:
    """A reduction, and those that it answers: itself, or one for each of its periods."""

    reduction: Reduction
    parts: tuple[Reduction, ...]


def scans_of(parts: Sequence[Reduction]) -> list[Scan]:
    """Reductions that differ by their period in one scan, or in a scan each."""
    both = joint(parts) if len(parts) > 1 else None
    return [Scan(part, (part,)) for part in parts] if both is None else [Scan(both, tuple(parts))]


def same_rows(scans: Iterable[Scan]) -> list[tuple[Scan, ...]]:
    """Those that differ by their keys alone, so that one scan answers all of a group.

    Groups of one are left out, and what does not add up: it costs most by itself.
    """
    alike: dict[Reduction, dict[Reduction, Scan]] = {}
    for scan in scans:
        reduction = scan.reduction
        source = reduction.source
        adds_up = all(a.is_additive for a in reduction.aggregates)
        if adds_up and reduction.keys and source.inner is None and source.counting is None:
            rows = replace(reduction, source=replace(source, joins=()), keys=())
            alike.setdefault(rows, {}).setdefault(reduction, scan)
    found = [tuple(same.values()) for same in alike.values()]
    portions = (
        same[first : first + MOST_TOGETHER]
        for same in found
        for first in range(0, len(same), MOST_TOGETHER)
    )
    return [portion for portion in portions if len(portion) > 1]


def _span(periods: Sequence[Period]) -> Period | None:
    """From the first day to the last, where periods do not overlap and leave few days out."""
    ordered = sorted(periods, key=lambda p: p.start)
    if len(ordered) < 2 or any(a.end >= b.start for a, b in pairwise(ordered)):  # noqa: PLR2004  # two or more
        return None
    span = Period(ordered[0].start, ordered[-1].end)
    return span if span.days <= MOST_READ * sum(p.days for p in ordered) else None
