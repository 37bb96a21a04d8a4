"""How small an effect so many accounts can find: looked at once, and looked at all the time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import experiment as shared
from portal.tiles.figure import Layout, Trace, figure, rounded
from queries.analyses.experiment import Experiment
from queries.estimators.effect import Level
from queries.estimators.power import curve, detectable
from queries.model import Query, Result

_STEPS = 40
_SPAN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPower:
    """Of the metric that the page is about, as varied as it is in these cells."""

    place: Place = field(default_factory=lambda: Place(span=5, height=340))
    metrics: tuple[str, ...] = ("detectable_effect", "hours_per_account")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a number of accounts."""
        found = shared.chosen(results)
        cells = None if found is None else _cells(found, context)
        frame = pl.DataFrame() if found is None or cells is None else _curve(found, cells)
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        instead = shared.withheld(found, context)
        if found is None or instead is not None:
            return instead or shared.no_rows(context)
        cells = _cells(found, context)
        if cells is None:
            return empty("no_rows", "Too few accounts to say how varied they are.")
        metric = shared.about(found, context)
        frame = _curve(found, cells)
        now = sum(cell.count for cell in cells)
        least = detectable(cells, now, found.alpha)
        always = detectable(cells, now, found.alpha, found.planned)
        traces = [
            _line(frame, "sequential", "Looked at all the time", "@before"),
            _line(frame, "fixed", "Looked at once", "@accent"),
            {
                "type": "scatter",
                "mode": "markers",
                "x": [now, now],
                "y": [least, always],
                "marker": {"color": "@ink", "size": 8},
                "hoverinfo": "skip",
                "showlegend": False,
            },
        ]
        layout: Layout = {
            "xaxis": {
                "type": "log",
                "tickformat": ",.2~s",
                "title": {"text": "Accounts in both cells"},
                "dtick": "D2",
            },
            "yaxis": {
                "tickformat": ",.3~p",
                "rangemode": "tozero",
                "title": {"text": "Smallest effect, of the control"},
            },
            "showlegend": True,
        }
        says = f"{least:.1%} looked at once, {always:.1%} looked at all the time."
        of = written.lowered(metric.label)
        note = f"With the {written.count(now)} accounts of now; power 80 %, {of}."
        return figure(traces, layout, says=says, notes=(note,))


def _cells(found: Experiment, context: Context) -> tuple[Level, Level] | None:
    """Control and first treatment."""
    if not found.treatments:
        return None
    name = shared.about(found, context).name
    control, treated = found.levels(name, adjusted=shared.is_adjusted(context))[:2]
    known = all(c.count > 1 and c.value > 0 and math.isfinite(c.error) for c in (control, treated))
    return (control, treated) if known else None


def _curve(found: Experiment, cells: tuple[Level, Level]) -> pl.DataFrame:
    now = sum(cell.count for cell in cells)
    ratio = _SPAN ** (2 / (_STEPS - 1))
    accounts = [now / _SPAN * ratio**step for step in range(_STEPS)]
    return curve(cells, found.alpha, found.planned, accounts)


def _line(frame: pl.DataFrame, column: str, name: str, colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": rounded(frame["accounts"]),
        "y": rounded(frame[column]),
        "line": {"color": colour, "width": 2.25},
        "hovertemplate": "%{x:,.3~s} accounts find <b>%{y:.1%}</b><extra>%{fullData.name}</extra>",
    }
