"""Numbers of the end of a period: how many members there are, what they pay a month.

They add over slices and never over time: of each time bucket, or of the whole period, only the last
complete day counts. Rollups keep every day; here the days that count become part of a reduction.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

from queries.dataset import Dataset
from queries.formula import Aggregate
from queries.period import Grain, Period, end_of, start_of
from queries.reduction import Column, Reduction


class Days(Protocol):
    """What of a snapshot tells which days there are."""

    def days(self, table: str) -> tuple[date, date] | None: ...

    def complete_through(self, table: str) -> date | None: ...


def closed(reduction: Reduction, dataset: Dataset, tables: Days) -> Reduction:
    """The reduction with every closing aggregate kept to the last days, under the same names."""
    inner = reduction.source.inner
    if inner is not None:
        source = replace(reduction.source, inner=closed(inner, dataset, tables))
        return replace(reduction, source=source)
    if not any(a.is_closing for a in reduction.aggregates):
        return reduction
    known = tables.days(dataset.table)
    span = None if known is None else _inside(reduction.period, known, dataset, tables)
    grain = _grain(reduction.keys, reduction.time)
    days = () if span is None else tuple(last_days(span, grain, dataset.smallest_grain))
    texts = ", ".join(f"CAST('{day}' AS DATE)" for day in days)
    condition = f"{reduction.time} IN ({texts})" if days else "FALSE"
    return replace(
        reduction,
        aggregates=tuple(_kept(a, condition) if a.is_closing else a for a in reduction.aggregates),
    )


def last_days(period: Period, grain: Grain | None, smallest: Grain) -> Iterable[date]:
    """The last day of each bucket of the period, as rows are dated; of the whole without a grain.

    Rows of a dataset of months are dated by the first day of a month.
    """
    day = period.start
    while grain is not None and end_of(day, grain) < period.end:
        yield start_of(end_of(day, grain), smallest)
        day = end_of(day, grain) + timedelta(1)
    yield start_of(period.end, smallest)


def _inside(
    period: Period | None, known: tuple[date, date], dataset: Dataset, tables: Days
) -> Period | None:
    """The days asked for that the table has completely; None where it has none of them."""
    complete = tables.complete_through(dataset.table)
    first, last = known[0], end_of(min(known[1], complete or known[1]), dataset.smallest_grain)
    if period is not None:
        first, last = max(first, period.start), min(last, period.end)
    return Period(first, last) if first <= last else None


def _grain(keys: Iterable[Column], time: str | None) -> Grain | None:
    of_time = next((k for k in keys if k.expression == time), None)
    return None if of_time is None else of_time.grain or Grain.DAY


def _kept(aggregate: Aggregate, condition: str) -> Aggregate:
    where = f"({aggregate.where}) AND {condition}" if aggregate.where else condition
    return replace(aggregate, where=where, alias=aggregate.key, is_closing=False)
