"""Failures: attempts that never started or broke off, stacked over time, with their outages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows, not_recorded
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded
from portal.tiles.rankers import scope
from portal.tiles.trend import time_axis
from queries.analyses import outage
from queries.model import Query, Result
from queries.period import Grain, start_of

_STACK = (
    ("start_failure_rate", "Failed to start (VSF)", "@bad"),
    ("abandoned_start_rate", "Left before the start (EBVS)", "@series-3"),
    ("playback_failure_rate", "Failed while playing (VPF)", "@series-5"),
)
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Every part is of all attempts, so that the parts add up to what did not play to its end."""

    place: Place = field(default_factory=lambda: Place(span=8, height=300))
    metrics: tuple[str, ...] = tuple(name for name, _, _ in _STACK)

    def questions(self, context: Context) -> tuple[Query, ...]:
        names = [name for name in (*self.metrics, "plays") if name not in context.withheld]
        question = context.question(names, by=(context.time,))
        asked = [replace(question, compare=None, interval=False)]
        if outage.METRIC not in context.withheld:
            asked += [outage.question(scope(context)), outage.told_question(scope(context))]
        return tuple(asked)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The rates; the cells that outages are looked for in have a tile of their own."""
        return (results[0],)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame, time = results[0].frame.sort(context.time.name), context.time.name
        shown = [(n, label, c) for n, label, c in _STACK if n in frame.columns]
        known = [one for one in shown if frame[one[0]].null_count() < frame.height]
        if frame.is_empty() or not known:
            metric = context.metric(_STACK[0][0])
            return no_rows(context) if frame.is_empty() else not_recorded(metric)
        attempts = float(frame[f"{known[0][0]}__n"].sum())
        if not any(float(frame[name].sum()) for name, _, _ in known):
            said = (
                f"Of {written.count(attempts)} attempts. A log of plays alone has none that failed."
            )
            return empty("nothing", "No attempt failed.", said)
        traces: list[Trace] = [
            {
                "type": "bar",
                "name": label,
                "x": [str(d) for d in frame[time]],
                "y": rounded(_of_attempts(frame, name)),
                "marker": {"color": colour},
                "hovertemplate": f"{label}: <b>%{{y:.2%}}</b><extra></extra>",
            }
            for name, label, colour in known
        ]
        cells = [result.frame for result in results[1:]]
        found = outage.outages(*cells) if cells else pl.DataFrame()
        layout: Layout = {
            "xaxis": time_axis(context, frame) | _whole_bars(frame[time], context),
            "yaxis": {"tickformat": ",.1%", "rangemode": "tozero"},
            "barmode": "stack",
            "bargap": 0.25,
            "showlegend": True,
            "annotations": _named(found, context),
        }
        notes = ("Shares of all attempts.",)
        drawn = figure(traces, layout, brush=True, grain=context.grain, notes=notes)
        return replace(drawn, shows=1)


def _whole_bars(days: pl.Series, context: Context) -> Layout:
    """Room for the halves of the first and the last bar."""
    if context.grain is not Grain.DAY:
        return {}
    first, last = days[0], days[-1]
    return {"range": [f"{first - timedelta(days=1)} 12:00", f"{last} 12:00"]}


def _of_attempts(frame: pl.DataFrame, name: str) -> pl.Series:
    """Failures while playing are a rate of plays in the catalogue: here of attempts."""
    if name != "playback_failure_rate" or "plays" not in frame.columns:
        return frame[name]
    return frame[name] * frame["plays"] / frame[f"{name}__n"]


def _named(found: pl.DataFrame, context: Context) -> list[Layout]:
    """Where outages lie; one mark a bucket, however many places failed in it."""
    if found.is_empty():
        return []
    at: dict[date, list[str]] = {}
    for row in found.sort("failures", descending=True).iter_rows(named=True):
        day = row["date"] if context.grain is Grain.DAY else start_of(row["date"], context.grain)
        at.setdefault(day, []).append(place_label(row, context))
    return [
        {
            "x": str(day),
            "y": 1,
            "yref": "paper",
            "yanchor": "top",
            "text": "Outage: " + places[0] + (f" and {len(places) - 1} more" * (len(places) > 1)),
            "showarrow": False,
            "xanchor": "right",
            "xshift": -4,
            "font": {"size": 11, "color": "@bad"},
        }
        for day, places in list(at.items())[:_MOST_NAMED]
    ]


def place_label(row: dict[str, Any], context: Context) -> str:
    """A country and a delivery network in words."""
    names = [written.value_label(row[n], context.dataset.dimension(n)) for n in outage.PLACE]
    return f"{names[0]}, {names[1]}"
