"""Reductions of the same rows in one scan: of two periods, by several keys, or of several amounts.

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
    """A reduction, and those that it answers: of one or of several periods, all or some of it."""

    reduction: Reduction
    parts: tuple[Reduction, ...]

    def answers(self, frame: pl.DataFrame) -> list[pl.DataFrame | None]:
        """What the answer says of each part; None where there was no row of it."""
        is_joint = any(key.name == PART for key in self.reduction.keys)
        periods = list(dict.fromkeys(part.period for part in self.parts))
        spans = [replace(self.parts[0], period=period) for period in periods]
        found = dict(zip(periods, parted(frame, spans) if is_joint else [frame], strict=True))
        return [_asked(found[part.period], part) for part in self.parts]


def _asked(frame: pl.DataFrame | None, part: Reduction) -> pl.DataFrame | None:
    """As much of an answer as a part asks for."""
    if frame is None:
        return None
    return frame.select(*(k.name for k in part.keys), *(a.key for a in part.aggregates))


def scans_of(parts: Sequence[Reduction]) -> list[Scan]:
    """Reductions that differ by their period in one scan, or in a scan each."""
    both = joint(parts) if len(parts) > 1 else None
    return [Scan(part, (part,)) for part in parts] if both is None else [Scan(both, tuple(parts))]


def same_rows(scans: Iterable[Scan]) -> list[tuple[Scan, ...]]:
    """Those that differ by keys or aggregates alone, so that one scan answers all of a group.

    Of other keys, those with the same aggregates; of other aggregates, those by all the same keys.
    Groups of one are left out, and what does not add up: it costs most by itself.
    """
    alike: dict[Reduction, dict[Reduction, Scan]] = {}
    for scan in scans:
        if _adds_up(scan.reduction):
            rows = _without_joins(replace(scan.reduction, keys=()))
            alike.setdefault(rows, {}).setdefault(scan.reduction, scan)
    groups = (group for same in alike.values() for group in _portions(list(same.values())))
    beside: dict[tuple[Reduction, ...], list[tuple[Scan, ...]]] = {}
    for group in groups:
        asked = (replace(scan.reduction, aggregates=()) for scan in group)
        beside.setdefault(tuple(map(_without_joins, asked)), []).append(group)
    found = (each for same in beside.values() for each in _merged(same))
    return [group for group, is_shared in found if is_shared]


def _merged(groups: Sequence[tuple[Scan, ...]]) -> Iterable[tuple[tuple[Scan, ...], bool]]:
    """Groups of the same keys as one, and whether it has several scans.

    As they are where a name stands for different amounts: accounts of other days are told by it.
    """
    asked = {a for group in groups for scan in group for a in scan.reduction.aggregates}
    if len(groups) == 1 or len({a.key for a in asked}) < len(asked):
        return [(group, len(group) > 1) for group in groups]
    return [(tuple(map(_of_all, zip(*groups, strict=True))), True)]


def _of_all(scans: Sequence[Scan]) -> Scan:
    """What is asked of the same groups of the same rows, in one."""
    first, *others = scans
    if not others:
        return first
    joins = dict.fromkeys(j for scan in scans for j in scan.reduction.source.joins)
    every = {a.key: a for scan in scans for a in scan.reduction.aggregates}
    source = replace(first.reduction.source, joins=tuple(joins))
    reduction = replace(first.reduction, source=source, aggregates=tuple(every.values()))
    return Scan(reduction, tuple(part for scan in scans for part in scan.parts))


def _adds_up(reduction: Reduction) -> bool:
    source = reduction.source
    is_plain = source.inner is None and source.counting is None
    return is_plain and bool(reduction.keys) and all(a.is_additive for a in reduction.aggregates)


def _without_joins(reduction: Reduction) -> Reduction:
    """Look-ups add no row, so rows are the same without them."""
    return replace(reduction, source=replace(reduction.source, joins=()))


def _portions(scans: Sequence[Scan]) -> Iterable[tuple[Scan, ...]]:
    starts = range(0, len(scans), MOST_TOGETHER)
    return (tuple(scans[start : start + MOST_TOGETHER]) for start in starts)


def _span(periods: Sequence[Period]) -> Period | None:
    """From the first day to the last, where periods do not overlap and leave few days out."""
    ordered = sorted(periods, key=lambda p: p.start)
    if len(ordered) < 2 or any(a.end >= b.start for a, b in pairwise(ordered)):  # noqa: PLR2004  # two or more
        return None
    span = Period(ordered[0].start, ordered[-1].end)
    return span if span.days <= MOST_READ * sum(p.days for p in ordered) else None
