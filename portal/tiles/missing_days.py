"""Missing days: where no row of a country arrived for a day on which there always are some."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.rankers import scope
from queries.analyses import missing_days
from queries.analyses.missing_days import PLACE, ROWS, Missing
from queries.dataset import Dataset
from queries.model import Query, Result
from queries.period import Grain, Period

_ARRIVAL = "arrival_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDays:
    """A row a country that lacks days, of the period of the page."""

    place: Place = field(default_factory=lambda: Place(span=12, height=140))
    metrics: tuple[str, ...] = (ROWS,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        if not may_lack(context):
            return ()
        return tuple(asked for period in spans(context) for asked in questions(context, period))

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a missing day."""
        rows = [
            {PLACE: m.country, "day": day, "usual_rows": m.usual}
            for m in lacking(context, results)
            for day in m.days
        ]
        schema = {PLACE: pl.String, "day": pl.Date, "usual_rows": pl.Float64}
        return (replace(results[0], frame=pl.DataFrame(rows, schema=schema)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = lacking(context, results)
        looked = (
            f"A day counts as missing where a country has no {context.dataset.row_label} and the "
            "chance of that, by its other days, is below one in a hundred over all."
        )
        if not found:
            return empty("nothing", "No country lacks a day.", looked)
        columns = [
            {"label": "Country", "is_text": True},
            {"label": "Without any", "is_text": True},
            {"label": "Days"},
            {"label": "Usual", "unit": f"{context.dataset.row_label} a day"},
        ]
        rows: list[list[dict[str, Any]]] = [
            [
                {"text": _named(m, context.dataset), "filter": m.country},
                {"text": days_of(m)},
                {"text": str(len(m.days)), "tone": "bad"},
                {"text": written.count(m.usual)},
            ]
            for m in found
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, filters=PLACE, notes=(looked,))


_MISLEADING = "Totals with such days are too low, and changes from or to them mislead."


def may_lack(context: Context) -> bool:
    """Whether rows come by day and country and say when they arrived, and may be counted."""
    dataset = context.dataset
    return (
        dataset.has_dimension(PLACE)
        and dataset.has_dimension(_ARRIVAL)
        and dataset.smallest_grain is Grain.DAY
        and ROWS not in context.withheld
    )


def spans(context: Context) -> tuple[Period, ...]:
    """The days of a view and those it is held against, each run of days once."""
    period, compare = context.period, context.compare
    if period is None or context.extent.first is None:
        return ()
    before = compare.period if compare else None
    if before is None or before.start < context.extent.first:
        return (period,)
    if (period.start - before.end).days <= 1 and before.start <= period.start:
        return (Period(before.start, period.end),)
    return (period, before)


def questions(context: Context, period: Period) -> tuple[Query, Query]:
    """Rows of the view's countries, by day and in all: no other filter tells of what arrived."""
    names = [c.name for c in context.view.choices if c.name != PLACE]
    kept = scope(context.without(*names) if names else context)
    return missing_days.question(kept, period), missing_days.told_question(kept, period)


def lacking(context: Context, results: Sequence[Result]) -> list[Missing]:
    """What the answers to a view's questions say is missing, of the view's days only."""
    found: dict[str, Missing] = {}
    for period in spans(context):
        by_day, in_all = (
            [r for r in results if _is_alike(r.query, asked, period)]
            for asked in questions(context, period)
        )
        for one in missing_days.found(by_day[0], in_all[0]) if by_day and in_all else ():
            days = {day for day in one.days if period.start <= day <= period.end}
            days |= {*found[one.country].days} if one.country in found else set()
            if days:
                found[one.country] = replace(one, days=tuple(sorted(days)))
    return [*found.values()]


def _is_alike(query: Query, asked: Query, period: Period) -> bool:
    """The same question to the same day; an answer names the days that it could cover."""
    is_to_the_end = query.period is not None and query.period.end == period.end
    return is_to_the_end and replace(query, period=asked.period) == asked


def said(missing: Sequence[tuple[Missing, Dataset]]) -> Iterator[str]:
    """A sentence a country and its days, whichever tables lack them; the last says what follows."""
    faults: dict[tuple[str, str], list[str]] = {}
    for one, dataset in missing:
        usual = f"{dataset.row_label} (usually {written.count(one.usual)} a day)"
        faults.setdefault((_named(one, dataset), days_of(one)), []).append(usual)
    for number, ((country, days), rows) in enumerate(faults.items(), 1):
        listed = " and ".join(filter(None, (", ".join(rows[:-1]), rows[-1])))
        follows = f" {_MISLEADING}" if number == len(faults) else ""
        yield f"Data fault: for {country} no {listed} arrived for {days}.{follows}"


def days_of(one: Missing) -> str:
    """The days in words, those that follow on each other as one."""
    return ", ".join(
        written.period(run) if run.days > 1 else written.day(run.start) for run in one.runs
    )


def _named(one: Missing, dataset: Dataset) -> str:
    return written.value_label(one.country, dataset.dimension(PLACE))
