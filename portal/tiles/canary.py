"""Canary: what somebody who looked at a release every day would have seen, and when to stop it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import arms, quantiles
from portal.tiles.figure import Layout, Trace, figure, rounded
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The largest distance between two distributions so far, and the most that chance allows."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320))
    metrics: tuple[str, ...] = ("startup_seconds",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return arms.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return quantiles.following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = quantiles.sides(results, context)
        frame = pl.DataFrame() if isinstance(found, Drawing) else found.watch.days
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = quantiles.sides(results, context)
        if isinstance(found, Drawing):
            return found
        days = found.watch.days
        at = [str(day) for day in days["date"]]
        mode = "lines+markers" if days.height < 5 else "lines"  # noqa: PLR2004  # a few points
        threshold = [None if v == float("inf") else round(v, 5) for v in days["threshold"]]
        line: Trace = {"type": "scatter", "mode": mode, "x": at}
        traces: list[Trace] = [
            line
            | {
                "name": "Chance allows",
                "y": threshold,
                "line": {"color": "@before", "dash": "4px,3px", "width": 1.5},
                "hovertemplate": "Chance allows %{y:.1%}<extra></extra>",
            },
            line
            | {
                "name": "Distance so far",
                "y": rounded(days["distance"]),
                "line": {"color": "@accent", "width": 2.25},
                "customdata": days["arm_rows"].to_list(),
                "hovertemplate": "<b>%{y:.1%}</b> after %{customdata:,} plays<extra></extra>",
            },
        ]
        layout: Layout = {
            "xaxis": {"type": "date", "tickformat": "%-d %b", "nticks": 6}
            | ({"tickvals": at} if days.height < 5 else {}),  # noqa: PLR2004  # each by name
            "yaxis": {
                "tickformat": ",.0%",
                "rangemode": "tozero",
                "title": {"text": "Gap in share of plays"},
            },
            "showlegend": True,
        }
        return figure(traces, layout, says=_verdict(found), notes=_limits(found))


def _verdict(found: quantiles.Sides) -> str:
    watch, label = found.watch, found.split.label
    p = "below 0.0001" if watch.p < 1e-4 else f"{watch.p:.2g}"  # noqa: PLR2004  # digits
    if watch.alarm is None:
        return f"No alarm: {label} and the others differ by no more than chance allows ({p})."
    day = watch.days.filter(pl.col("date") == watch.alarm).row(0, named=True)
    return (
        f"Alarm on {written.day(day['date'])}, after {written.count(day['arm_rows'])} plays of "
        f"{label}; always-valid p {p}."
    )


def _limits(found: quantiles.Sides) -> tuple[str, ...]:
    first, second = found.compared.design_effects
    effects = f"{first:.1f} and {second:.1f}"
    notes = [f"Howard & Ramdas 2022, with plays divided by their design effect ({effects})."]
    if found.watch.days.height == 1:
        notes.append("All plays lie on one day: there is one look and no course to watch.")
    return tuple(notes)
