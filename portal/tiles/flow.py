"""The flow of work: how much of it is where, how long it takes, what is getting old."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, figure, rounded
from portal.tiles.rankers import scope
from portal.tiles.trend import time_axis
from queries.analyses import flow
from queries.condition import Filter, conjunction
from queries.dataset import TimeBucket
from queries.model import Query, Result
from queries.period import Grain, Period

_COLOURS = (*SERIES, "@ink")
_AGREES = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativeFlow:
    """Work in each stage at the end of each day, on top of all that left the last stage."""

    place: Place = field(default_factory=lambda: Place(span=8, height=340))
    metrics: tuple[str, ...] = ("work_in_progress", "finished", "flow_residual")

    def questions(self, context: Context) -> tuple[Query, ...]:
        day = TimeBucket(context.dataset.time, Grain.DAY)
        plain = context.without("stage").question(self.metrics, by=(day, "stage"))
        return (
            replace(plain, compare=None, interval=False, limit=100_000),
            flow.question(scope(context.without("stage"))),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn."""
        stages = _stages(results[0].frame, context)
        frame = flow.cumulative(results[0].frame, context.dataset.time.name, stages)
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        time, counted = context.dataset.time.name, results[0].frame
        stages = _stages(counted, context)
        if not stages:
            return no_rows(context)
        frame = flow.cumulative(counted, time, stages)
        dimension = context.dataset.dimension("stage")
        days = [str(d) for d in frame[time]]
        bands = [("out", "Left the last stage", "@line-strong")]
        bands += [
            (s, written.value_label(s, dimension), colour)
            for s, colour in reversed(list(zip(stages, _COLOURS, strict=False)))
        ]
        traces: list[Trace] = [
            {
                "type": "scatter",
                "mode": "lines",
                "stackgroup": "all",
                "name": label,
                "x": days,
                "y": rounded(frame[name].cast(pl.Float64)),
                "line": {"width": 0.5, "color": colour},
                "fillcolor": f"{colour}/0.6",
                "hovertemplate": "%{fullData.name}: %{y:,.0f}<extra></extra>",
            }
            for name, label, colour in bands
        ]
        layout: Layout = {
            "xaxis": time_axis(context, frame),
            "yaxis": {"title": {"text": "Tasks"}, "rangemode": "tozero"},
            "showlegend": True,
            "legend": {"traceorder": "reversed"},
        }
        notes = _checked(results[1].frame, context.period, frame.height)
        return figure(traces, layout, brush=True, grain=context.grain, notes=notes)


def _stages(frame: pl.DataFrame, context: Context) -> list[str]:
    there = set(frame["stage"].drop_nulls().to_list())
    order = context.dataset.dimension("stage").values_order
    return [*(s for s in order if s in there), *sorted(there - set(order))]


def _checked(tasks: pl.DataFrame, period: Period | None, days: int) -> list[str]:
    """Little's law as the check of the data that it is."""
    found = flow.little(tasks, period.days if period else days)
    said = (
        f"On average {found.in_system:.1f} tasks in the system = {found.rate:.2f} a day × "
        f"{found.days:.1f} days each in the period."
    )
    if math.isnan(found.residual):
        return [said]
    if abs(found.residual) <= _AGREES:
        return [f"{said} Little’s law holds, so no task day is missing or counted twice."]
    gap = f"{found.residual:+.2%}"
    return [f"{said} Little’s law is off by {gap}: task days are missing or counted twice."]


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleTimes:
    """Finished tasks by day and cycle time, with the 50th and 85th percentile of all work."""

    place: Place = field(default_factory=lambda: Place(span=8, height=340))
    metrics: tuple[str, ...] = ("cycle_time_p85", "cycle_time_median")

    def questions(self, context: Context) -> tuple[Query, ...]:
        finished = Filter(context.dataset.dimension("is_finished"), "in", (True,))
        day = TimeBucket(context.dataset.time, Grain.DAY)
        dots = context.question(("age",), by=(day, "stage", "vendor", "production", "task_id"))
        dots = replace(dots, compare=None, interval=False, limit=100_000)
        return (
            replace(dots, where=conjunction(context.condition, finished)),
            flow.question(scope(context)),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        time, dots, tasks = context.dataset.time.name, results[0].frame, results[1].frame
        if tasks.is_empty():
            return no_rows(context)
        curve = flow.cycle_time(tasks)
        lines = [(share, flow.percentile(curve, share)) for share in (0.5, 0.85)]
        dimension = context.dataset.dimension("stage")
        traces = [
            _dots(dots.filter(pl.col("stage") == stage), time, label, colour)
            for stage, colour in zip(_stages(dots, context), _COLOURS, strict=False)
            for label in (written.value_label(stage, dimension),)
        ]
        known = [(share, found) for share, found in lines if not math.isnan(found.value)]
        layout: Layout = {
            "xaxis": time_axis(context, dots),
            "yaxis": {"title": {"text": "Days from the queue to the end"}, "rangemode": "tozero"},
            "hovermode": "closest",
            "showlegend": True,
            "shapes": [_level(found.value, share) for share, found in known],
            "annotations": [_said_at(found.value, share) for share, found in known],
        }
        says, *notes = _percentiles(lines, tasks)
        return figure(traces, layout, filters="stage", says=says, notes=notes)


def _dots(frame: pl.DataFrame, time: str, label: str, colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label,
        "x": [str(d) for d in frame[time]],
        "y": rounded(frame["age"]),
        "customdata": frame.select("stage", "production", "vendor").rows(),
        "marker": {"color": colour, "size": 5, "opacity": 0.65},
        "hovertemplate": "%{customdata[1]}, %{customdata[2]}<br>%{fullData.name}: "
        "<b>%{y:.1f} days</b><extra></extra>",
    }


def _level(value: float, share: float) -> Layout:
    dash = "dot" if share <= 0.5 else "dash"  # noqa: PLR2004 - the median
    line = {"color": "@ink-soft", "width": 1.25, "dash": dash}
    return {
        "type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": value, "y1": value, "line": line,
    }  # fmt: skip


def _said_at(value: float, share: float) -> Layout:
    return {
        "x": 1, "xref": "paper", "y": value, "text": f"{share:.0%}: {value:.1f} days",
        "showarrow": False, "xanchor": "right", "yanchor": "bottom",
        "font": {"size": 11, "color": "@ink"}, "bgcolor": "@surface",
    }  # fmt: skip


def _percentiles(lines: Sequence[tuple[float, Any]], tasks: pl.DataFrame) -> list[str]:
    opened = int((tasks["finished"] == 0).sum())
    said = [
        f"Not yet known when {share:.0%} are done."
        if math.isnan(found.value)
        else f"{share:.0%} are done within {found.value:.1f} days (95 % {_ends(found)})."
        for share, found in lines
    ]
    return [
        " ".join(said),
        (
            f"Lines are Kaplan-Meier over {written.grouped(tasks.height)} tasks: the {opened} that "
            "are open are kept in at their age. Choose a stage for its own."
        ),
    ]


def _ends(found: Any) -> str:  # noqa: ANN401 - an Estimate
    low, high = (f"{v:.1f}" if not math.isnan(v) else "?" for v in (found.high, found.low))
    low, high = sorted((low, high), key=lambda t: math.inf if t == "?" else float(t))
    return f"{low} to {high}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingWork:
    """Open tasks at the end of the period by stage and age, against what tasks there take."""

    place: Place = field(default_factory=lambda: Place(span=4, height=340))
    metrics: tuple[str, ...] = ("age_p85", "work_in_progress")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (flow.question(scope(context)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        tasks = results[0].frame
        if tasks.is_empty():
            return no_rows(context)
        still = tasks.filter(pl.col("finished") == 0)
        if still.is_empty():
            return empty("no_rows", "No work is open at the end of the period.")
        dimension = context.dataset.dimension("stage")
        stages = _stages(tasks, context)
        names = [written.value_label(s, dimension) for s in stages]
        usual = {
            stage: flow.percentile(flow.cycle_time(tasks.filter(pl.col("stage") == stage)), 0.85)
            for stage in stages
        }
        limit = {s: found.value for s, found in usual.items()}
        over = still.filter(
            pl.col("age") > pl.col("stage").replace_strict(limit, default=None).fill_nan(None)
        )
        traces = [_open(still, stages, names, over), _usual(stages, names, limit)]
        layout: Layout = {
            "xaxis": {"title": {"text": "Age, days"}, "rangemode": "tozero", "showgrid": True},
            "yaxis": {
                "categoryorder": "array",
                "categoryarray": names[::-1],
                "ticklabelstandoff": 8,
                "type": "category",
                "dtick": 1,
            },
            "hovermode": "closest",
        }
        age = float(still["age"].quantile(0.85, "linear") or 0)
        says = f"{over.height} of {still.height} open tasks are old."
        said = (
            "Old, in red: longer than 85% of work at their stage takes (the mark). 85% of all are "
            f"younger than {age:.1f} days: counted, so without an interval."
        )
        return figure(traces, layout, filters="stage", says=says, notes=[said])


def _open(still: pl.DataFrame, stages: list[str], names: list[str], over: pl.DataFrame) -> Trace:
    label, late = dict(zip(stages, names, strict=True)), set(over["task_id"].to_list())
    ordered = still.sort("age")
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(ordered["age"]),
        "y": [label.get(s, str(s)) for s in ordered["stage"]],
        "customdata": ordered.select("stage", "production", "vendor", "episode").rows(),
        "marker": {
            "size": 8,
            "opacity": 0.7,
            "color": ["@bad" if t in late else "@accent" for t in ordered["task_id"]],
        },
        "hovertemplate": "%{customdata[1]}, episode %{customdata[3]}<br>%{y} at %{customdata[2]}: "
        "<b>%{x:.1f} days</b><extra></extra>",
    }


def _usual(stages: list[str], names: list[str], limit: dict[str, float]) -> Trace:
    known = [(n, limit[s]) for s, n in zip(stages, names, strict=True) if limit[s] == limit[s]]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [value for _, value in known],
        "y": [name for name, _ in known],
        "marker": {"symbol": "line-ns", "size": 18, "line": {"width": 2, "color": "@ink-soft"}},
        "hovertemplate": "85% of work at %{y} is done in <b>%{x:.1f} days</b><extra></extra>",
    }
