"""Trend: one metric over time with its interval, beside the period it is compared with.

Incomplete buckets are drawn apart, dotted, so that nobody reads one as a fall: the last, whose days
are not all there yet, and those that the period cuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_values
from portal.components.target import aimed_at
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Trace, band, figure, rounded, value_axis
from queries.dataset import Metric
from queries.model import Query, Result
from queries.period import Grain, Period, end_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A line over time. A drag across it sets the period."""

    metric: str
    from_zero: bool = True
    place: Place = field(default_factory=lambda: Place(span=8, height=280))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (context.question(self.metrics, by=(context.time,)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric, time = context.metric(self.metric), context.time
        frame = result.frame.drop_nulls(time.name).sort(time.name)
        if frame.drop_nulls(metric.name).is_empty():
            return no_values(result, metric, context)
        traces = [
            *_before(frame, metric, context),
            *_target(frame, metric, context),
            *_line(frame, metric, context),
        ]
        low = "tozero" if self.from_zero else "normal"
        layout = {
            "xaxis": time_axis(context, frame),
            "yaxis": value_axis(metric, rangemode=low),
        }
        return figure(traces, layout, brush=True, grain=context.grain, notes=_key(traces, context))


def _key(traces: Sequence[Trace], context: Context) -> tuple[str, ...]:
    """What is dashed and what is shaded, in words: a line alone needs no legend."""
    said: list[str] = []
    if context.compare is not None and any(trace.get("name") == "Before" for trace in traces):
        said.append(f"Dashed: {written.period(context.compare.period)}.")
    if any("fill" in trace for trace in traces):
        said.append("Band: 95 % interval.")
    return (" ".join(said),) if said else ()


def time_axis(context: Context, frame: pl.DataFrame) -> dict[str, Any]:
    """A date axis that holds the buckets of the view and nothing beside them."""
    name = context.time.name
    first, last = frame[name].min(), frame[name].max()
    half = timedelta(hours=12) if context.grain is Grain.DAY else timedelta(days=1)
    edges: dict[str, Any] = {}
    if isinstance(first, date) and isinstance(last, date):
        edges = {"range": [str(first - half), str(last + half)]} if first != last else {}
        if context.grain is Grain.DAY and last.toordinal() - first.toordinal() < _MOST_DAYS_NAMED:
            edges["dtick"] = _DAY_MS
    ticks = "%b %Y" if context.grain in (Grain.MONTH, Grain.QUARTER) else _TICKS[context.grain]
    return {
        "type": "date",
        "hoverformat": _HOVER[context.grain],
        "tickformat": ticks,
        "nticks": 7,
        **_few_months(context, frame),
        **edges,
    }


def _few_months(context: Context, frame: pl.DataFrame) -> dict[str, Any]:
    """A tick a bucket where there are few: else one month is written at several of its days."""
    days = frame[context.time.name].unique().sort()
    if context.grain in (Grain.DAY, Grain.WEEK) or len(days) > _FEW_TICKS:
        return {}
    return {"tickvals": [str(day) for day in days]}


_FEW_TICKS = 7
_DAY_MS = 86_400_000
_MOST_DAYS_NAMED = 7
_TICKS = {Grain.DAY: "%-d %b", Grain.WEEK: "%-d %b", Grain.YEAR: "%Y"}
_HOVER = {
    Grain.DAY: "%a %-d %b %Y",
    Grain.WEEK: "Week of %-d %b %Y",
    Grain.MONTH: "%B %Y",
    Grain.QUARTER: "Quarter from %-d %b %Y",
    Grain.YEAR: "%Y",
}


def _line(frame: pl.DataFrame, metric: Metric, context: Context) -> list[Trace]:
    name, time = metric.name, context.time.name
    is_part = frame["incomplete"].fill_null(value=False) if "incomplete" in frame.columns else None
    whole = frame if is_part is None else frame.filter(~is_part)
    days = [str(d) for d in whole[time]]
    traces: list[Trace] = []
    if f"{name}__low" in whole.columns and whole[f"{name}__low"].null_count() < whole.height:
        low, high = rounded(whole[f"{name}__low"]), rounded(whole[f"{name}__high"])
        traces += band(days, low, high, "@accent")
    traces.append(
        {
            "type": "scatter",
            "mode": "lines" if whole.height > 1 else "markers",
            "name": metric.label,
            "x": days,
            "y": rounded(whole[name]),
            "line": {"color": "@accent", "width": 2.25},
            "text": _texts(whole, metric),
            "hovertemplate": "<b>%{text}</b><extra></extra>",
        }
    )
    if is_part is not None and is_part.any():
        traces.append(_parts(frame, is_part.to_list(), metric, context))
    return traces


def _texts(frame: pl.DataFrame, metric: Metric) -> list[str]:
    unit = written.unit(metric)
    texts: list[str] = []
    for row in frame.iter_rows(named=True):
        value = f"{written.exact(row[metric.name], metric)} {unit}".strip()
        around = written.interval(row, metric)
        texts.append(f"{value}</b>  ({around})<b>" if around else value)
    return texts


def _parts(frame: pl.DataFrame, is_part: list[bool], metric: Metric, context: Context) -> Trace:
    """The incomplete buckets, each tied to its neighbours."""
    is_shown = [any(is_part[max(0, i - 1) : i + 2]) for i in range(len(is_part))]
    values = rounded(frame[metric.name])
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Incomplete",
        "x": [str(d) for d in frame[context.time.name]],
        "y": [v if shown else None for v, shown in zip(values, is_shown, strict=True)],
        "line": {"color": "@accent", "width": 1.5, "dash": "dot"},
        "marker": {"size": [7 if part else 0 for part in is_part], "symbol": "circle-open"},
        "hovertemplate": "%{y} so far, incomplete<extra></extra>",
    }


def _before(frame: pl.DataFrame, metric: Metric, context: Context) -> list[Trace]:
    earlier = f"{metric.name}__previous"
    if context.compare is None or earlier not in frame.columns:
        return []
    texts = [written.exact(value, metric) for value in frame[earlier]]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Before",
            "x": [str(d) for d in frame[context.time.name]],
            "y": rounded(frame[earlier]),
            "line": {"color": "@before", "width": 1.5, "dash": "4px,3px"},
            "text": texts,
            "hovertemplate": f"{written.period(context.compare.period)}: %{{text}}<extra></extra>",
        }
    ]


def _target(frame: pl.DataFrame, metric: Metric, context: Context) -> list[Trace]:
    """What was aimed at in each bucket; of one that the period cuts, in the days it has of it."""
    aims: list[float | None] = []
    texts: list[str] = []
    for first in frame[context.time.name]:
        start, end = first, end_of(first, context.grain)
        if context.period is not None:
            start, end = max(start, context.period.start), min(end, context.period.end)
        aim = aimed_at(context.targets, metric, Period(start, max(start, end)))
        aims.append(None if aim is None else aim.value)
        texts.append("" if aim is None else f"{aim.direction} {written.exact(aim.value, metric)}")
    if all(aim is None for aim in aims):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines+text" if len(aims) > 1 else "markers",
            "name": "Target",
            "x": [str(day) for day in frame[context.time.name]],
            "y": aims,
            "line": {"color": "@series-2", "width": 1.25},
            "texttemplate": [""] * (len(aims) - 1) + ["Target"],
            "textposition": "top left",
            "textfont": {"size": 11, "color": "@series-2"},
            "text": texts,
            "hovertemplate": "Target %{text}<extra></extra>",
        }
    ]
