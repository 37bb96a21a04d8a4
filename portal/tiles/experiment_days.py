"""The effect as it stood at the end of each day, with what may be read off it on any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.theme import SERIES
from portal.tiles import experiment as shared
from portal.tiles.figure import Layout, Trace, band, figure, rounded
from portal.tiles.rankers import scope
from queries.analyses import experiment, experiment_horizon
from queries.analyses.experiment import Cumulative
from queries.dataset import Metric
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentDays:
    """The outer band holds on all days together; the inner one on one day chosen beforehand."""

    place: Place = field(
        default_factory=lambda: Place(span=7, height=340, dataset="experiment_days")
    )
    metrics: tuple[str, ...] = ("newly_exposed",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (experiment.days_question(scope(context)),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a day and treatment."""
        found = _read(results, context)
        shown = pl.DataFrame() if found is None or found.ratio.is_broken else found.frame
        return (replace(results[0], frame=shown),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = _read(results, context)
        if found is None:
            return no_rows(context)
        if found.ratio.is_broken:
            return shared.BROKEN
        metric = shared.metrics(context).get(found.metric)
        if metric is None or found.frame.is_empty():
            return empty("no_rows", "No day yet on which every cell had 200 accounts.")
        cells = found.frame.partition_by("cell", maintain_order=True)
        traces = [
            trace
            for cell, colour in zip(cells, SERIES, strict=False)
            for trace in _cell(cell, metric, colour, alone=len(cells) == 1)
        ]
        layout: Layout = {
            "xaxis": {"type": "date", "tickformat": "%-d %b", "nticks": 7},
            "yaxis": {
                "tickformat": "+,.3~p",
                "zeroline": False,
                "range": _range(found.frame),
                "title": {"text": "Effect, of the control"},
            },
            "shapes": [_zero()],
            "showlegend": len(cells) > 1,
        }
        says, until = _at_horizon(results, context, found)
        layout["shapes"] += [_upright(until)] if until else []
        adjusted = "adjusted by the 28 days before" if shared.is_adjusted(context) else "as it is"
        notes = (
            (
                f"{metric.label} since exposure, against the control, {adjusted}. Outer band: 95 % "
                "on all days together; inner: on one day chosen beforehand. Days of UTC."
            ),
        )
        return figure(traces, layout, says=says, notes=notes)


def _read(results: Sequence[Result], context: Context) -> Cumulative | None:
    return experiment.cumulative(results[0].frame, adjusted=shared.is_adjusted(context))


def _at_horizon(
    results: Sequence[Result], context: Context, found: Cumulative
) -> tuple[str, date | None]:
    """The effect after the days that were asked for, in words, and the day it stood so."""
    days = shared.horizon(context)
    until = experiment_horizon.last_day(results[0].frame, days) if days else None
    if until is None:
        return "", None
    latest = results[0].complete_through
    if latest is not None and until > latest:
        return f"Day {days} is {written.day(until)}, and not complete yet.", None
    before = found.frame.filter(pl.col("day") <= until).group_by("cell", maintain_order=True)
    metric = shared.metrics(context)[found.metric]
    several = found.frame["cell"].n_unique() > 1
    said = [
        f"{row['cell'] + ': ' if several else ''}{shared.relative(row['effect'], metric)} "
        f"(95 % {shared.between(row['low'], row['high'], metric)})"
        for row in before.last().iter_rows(named=True)
    ]
    return f"After {days} days {'; '.join(said)}." if said else "", until


def _cell(frame: pl.DataFrame, metric: Metric, colour: str, *, alone: bool) -> list[Trace]:
    days = [str(day) for day in frame["day"]]
    traces = band(days, rounded(frame["always_low"]), rounded(frame["always_high"]), colour)
    if alone:
        traces += band(days, rounded(frame["low"]), rounded(frame["high"]), colour)
    texts = [
        f"<b>{shared.relative(row['effect'], metric)}</b><br>all days "
        f"{shared.between(row['always_low'], row['always_high'], metric)}<br>one day "
        f"{shared.between(row['low'], row['high'], metric)}<br>"
        f"{written.grouped(row['accounts'])} accounts"
        for row in frame.iter_rows(named=True)
    ]
    line: Trace = {
        "type": "scatter",
        "mode": "lines",
        "name": frame["cell"][0],
        "x": days,
        "y": rounded(frame["effect"]),
        "line": {"color": colour, "width": 2.25},
        "text": texts,
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
    }
    return [{**trace, "showlegend": False} for trace in traces] + [line]


def _range(frame: pl.DataFrame) -> list[float]:
    """What the second half of the days needs: the first days are too wide to be seen whole."""
    late = frame.filter(pl.col("day") >= frame["day"].median())
    ends = [*late["always_low"].to_list(), *late["always_high"].to_list(), 0.0]
    reach = max(abs(end) for end in ends)
    low, high = min(ends) - reach * 0.4, max(ends) + reach * 0.4
    return [low, high]


def _upright(day: date) -> Layout:
    return {
        "type": "line",
        "x0": str(day),
        "x1": str(day),
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": "@ink", "width": 1, "dash": "dot"},
    }


def _zero() -> Layout:
    return {
        "type": "line",
        "x0": 0,
        "x1": 1,
        "xref": "paper",
        "y0": 0,
        "y1": 0,
        "line": {"color": "@muted", "width": 1, "dash": "dot"},
    }
