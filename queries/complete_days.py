"""Which days of a dataset are complete, and a question held to them.

A change never holds complete days against a part of a day's data.
"""

from dataclasses import replace
from datetime import date, timedelta

from queries.dataset import Dataset
from queries.lake.snapshot import Snapshot
from queries.model import Query
from queries.period import Period, end_of


def complete_through(dataset: Dataset, tables: Snapshot) -> date | None:
    """The last day that is complete: of a dataset of quarters, the last day of the last quarter."""
    complete = tables.complete_through(dataset.table)
    return None if complete is None else end_of(complete, dataset.smallest_grain)


def covered(dataset: Dataset, tables: Snapshot, complete: date | None) -> Period | None:
    """The days whose data is all there, as far as anybody knows."""
    if complete is None:
        return None
    days = tables.days(dataset.table)
    first = days[0] if days is not None else date.min
    return Period(min(first, complete), complete)


def clipped(query: Query, complete: date | None) -> tuple[Query, tuple[str, ...]]:
    """The question, cut to complete days where it compares, and what is to be said of that."""
    period, compare = query.period, query.compare
    if compare is None or period is None or complete is None or period.end <= complete:
        return query, ()
    if query.time_key is not None or period.start > complete:
        return query, (f"Complete through {complete}; later buckets have no change.",)
    kept = Period(period.start, complete)
    end = min(compare.period.end, compare.period.start + timedelta(kept.days - 1))
    return (
        replace(
            query, period=kept, compare=replace(compare, period=Period(compare.period.start, end))
        ),
        (f"Cut to {kept}: complete through {complete}.",),
    )
