"""Reductions that differ by their period alone, in one scan.

A period and the one it is held against are mostly neighbours: reading both at once costs what a
scan costs by itself once less, and look-ups are made once.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import polars as pl

from queries.period import Period
from queries.reduction import Column, Reduction

PART = "__part"
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


def _span(periods: Sequence[Period]) -> Period | None:
    """From the first day to the last, where periods do not overlap and leave few days out."""
    ordered = sorted(periods, key=lambda p: p.start)
    if len(ordered) < 2 or any(a.end >= b.start for a, b in pairwise(ordered)):  # noqa: PLR2004  # two or more
        return None
    span = Period(ordered[0].start, ordered[-1].end)
    return span if span.days <= MOST_READ * sum(p.days for p in ordered) else None
