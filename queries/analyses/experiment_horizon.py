"""An experiment as it stood so many days after it began, whole and in its segments.

Day one is the first on which an account met its cell. Only what happened by the end of the last of
the days counts, of the accounts exposed by then, so that experiments of different lengths can be
held to the same one and an effect of the first days told from a lasting one. The horizon has to be
chosen before the result is seen: an interval of one look holds on that day alone (Kohavi, Tang & Xu
2020, Trustworthy Online Controlled Experiments, ch. 23).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from polars import selectors

from queries.analyses.account_moments import Moments, moments
from queries.analyses.experiment import FEWEST_ACCOUNTS, days_of_newest
from queries.estimators.effect import Effect, effect, levels, shared_alpha


@dataclass(frozen=True, slots=True)
class Part:
    """A segment: the accounts exposed in all of its cells, and each treatment's effect, by name."""

    value: Any
    accounts: float
    effects: tuple[tuple[str, Effect], ...]


@dataclass(frozen=True, slots=True)
class Horizon:
    """`until` is the last day that counts, `small` how many segments had a cell of under 200."""

    until: date
    parts: tuple[Part, ...]
    small: int


def last_day(frame: pl.DataFrame, days: int) -> date | None:
    """The last of so many days of the newest experiment in an answer to `days_question`."""
    first = days_of_newest(frame)["date"].min()
    return first + timedelta(days - 1) if isinstance(first, date) else None


def segments_after(
    frame: pl.DataFrame, by: str, days: int, *, adjusted: bool = True
) -> Horizon | None:
    """The newest experiment's primary metric in the segments of `by`, after so many days.

    `frame` answers `days_question` by `by` too. A segment of which a cell has fewer than
    `FEWEST_ACCOUNTS` accounts is counted in `small` alone.
    """
    own, until = days_of_newest(frame), last_day(frame, days)
    if until is None:
        return None
    names = own["cell"].unique(maintain_order=True).to_list()
    counted = own.filter(pl.col("date") <= until).drop_nulls([by])
    counted = counted.filter(pl.col(by).cast(pl.String) != "")
    parts: list[Part] = []
    small = 0
    for segment in counted.partition_by(by, maintain_order=True):
        cells = {name: _added(segment.filter(pl.col("cell") == name)) for name in names}
        if min(cell.count for cell in cells.values()) < FEWEST_ACCOUNTS:
            small += 1
            continue
        planned = float(segment["planned_accounts"][0] or 0)
        effects = _effects(cells, planned, adjusted=adjusted)
        accounts = sum(cell.count for cell in cells.values())
        parts.append(Part(segment[by][0], accounts, effects))
    return Horizon(until, tuple(parts), small)


def _added(rows: pl.DataFrame) -> Moments:
    """Moments of a cell: what its days added, added up."""
    total = rows.select(selectors.numeric().sum()).row(0, named=True)
    return moments(total, "", float(total.get("newly_exposed") or 0))


def _effects(
    cells: dict[str, Moments], planned: float, *, adjusted: bool
) -> tuple[tuple[str, Effect], ...]:
    control, *treated = levels(list(cells.values()), adjusted=adjusted)
    alpha = shared_alpha(len(treated))
    found: Sequence[Effect] = [effect(level, control, planned, alpha) for level in treated]
    return tuple(zip([*cells][1:], found, strict=True))
