"""Which days of a dataset are complete, and a question held to them.

A change never holds complete days against a part of a day's data.
"""

from dataclasses import replace
from datetime import date, timedelta

from queries.dataset import Dataset
from queries.errors import UnsafeQuestion
from queries.lake.snapshot import Snapshot
from queries.model import Comparison, Query
from queries.period import Grain, Period, end_of, last_year, previous, whole_buckets

_CUT = (Grain.MONTH, Grain.QUARTER)


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
    """The question, cut to complete days where it compares, and what is to be said of that.

    Of a dataset of months or quarters, whose rows stand under the first day, it is cut to whole
    ones: raises UnsafeQuestion where the period holds none.
    """
    query, cut = _of_whole_buckets(query)
    kept, said = _of_complete_days(query, complete)
    return kept, (*cut, *said)


def has_whole_buckets(query: Query) -> bool:
    """Whether a question is of a period that holds what its dataset has numbers of."""
    grain, period = query.dataset.smallest_grain, query.period
    return grain not in _CUT or period is None or whole_buckets(period, grain) is not None


def _of_whole_buckets(query: Query) -> tuple[Query, tuple[str, ...]]:
    grain, period, compare = query.dataset.smallest_grain, query.period, query.compare
    if grain not in _CUT or period is None:
        return query, ()
    whole = whole_buckets(period, grain)
    if whole is None:
        raise UnsafeQuestion(
            f"No whole {grain} lies in this period.",
            f"{query.dataset.label}: a number for each {grain}. Choose whole ones, as in "
            f"“last 2 {grain}s”.",
            code="no_whole_bucket",
        )
    against = None if compare is None else _against(compare, period, whole, grain)
    said = () if whole == period else (f"Whole {grain}s: {whole}.",)
    return replace(query, period=whole, compare=against), said


def _against(compare: Comparison, period: Period, whole: Period, grain: Grain) -> Comparison | None:
    """As many buckets before, or a year ago; of a period named by hand those that it holds."""
    earlier = whole_buckets(compare.period, grain)
    if whole != period and compare.kind == "previous":
        earlier = previous(whole)
    if whole != period and compare.kind == "last year":
        earlier = last_year(whole, grain)
    return None if earlier is None else replace(compare, period=earlier)


def _of_complete_days(query: Query, complete: date | None) -> tuple[Query, tuple[str, ...]]:
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
