"""Peak concurrency: how many streams were open at once, hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.rankers import scope
from queries.analyses import concurrency
from queries.model import Query, Result

_NOT_RECORDED = empty(
    "not_defined",
    "These plays do not say how long they were open.",
    "Open streams can be counted where a log has both ends of a play.",
)
_WITHHELD = empty(
    "not_defined",
    "Fewer than ten streams were open at any time, so they are withheld.",
    "Take a filter away.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakConcurrency:
    """The fullest minute of each UTC hour; a maximum over time, never a sum of slices."""

    place: Place = field(default_factory=lambda: Place(span=8, height=260))
    metrics: tuple[str, ...] = ("plays",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return concurrency.questions(scope(context))

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = _found(results, context)
        return (replace(results[0], frame=pl.DataFrame() if found is None else found.hours),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = _found(results, context)
        if all(result.frame.is_empty() for result in results) and context.condition is not None:
            return no_rows(context)
        if found is None:
            return _WITHHELD if _counted(results, context) else _NOT_RECORDED
        at = f"{found.peak_at:%Y-%m-%d %H:%M}"
        line: Trace = {
            "type": "scatter",
            "mode": "lines",
            "x": [f"{hour:%Y-%m-%d %H:%M}" for hour in found.hours["hour"]],
            "y": found.hours["streams"].to_list(),
            "line": {"color": "@accent", "width": 1.5},
            "hovertemplate": "<b>%{y:,}</b> streams at the fullest minute<extra></extra>",
        }
        mark: Trace = {
            "type": "scatter",
            "mode": "markers",
            "x": [at],
            "y": [found.peak],
            "marker": {"color": "@bad", "size": 8},
            "hoverinfo": "skip",
        }
        layout: Layout = {
            "xaxis": {
                "type": "date",
                "tickformat": "%-d %b",
                "hoverformat": "%a %-d %b, %H:%M UTC",
                "nticks": 7,
            },
            "yaxis": {"rangemode": "tozero", "title": {"text": "Open streams"}},
            "hovermode": "x",
        }
        peak_at = f"{written.day(found.peak_at.date())}, {found.peak_at:%H:%M} UTC"
        between = "between two of them a few more may be open"
        notes = (f"Counted at every full minute: {between}. A count, so without an interval.",)
        says = f"Peak {written.grouped(found.peak)} streams on {peak_at}."
        return replace(figure([line, mark], layout, says=says, notes=notes), clock="utc")


def _found(results: Sequence[Result], context: Context) -> concurrency.Concurrency | None:
    found = _counted(results, context)
    return None if found is None else found.told


def _counted(results: Sequence[Result], context: Context) -> concurrency.Concurrency | None:
    return concurrency.concurrency(results[0].frame, results[1].frame, context.period)
