"""Forecasts at greenlight drawn: all countries with the break-even line, each country, by cost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.countries import names
from portal.drawing import Drawing
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.greenlight import NOT_ENOUGH, USD, GreenlightTile, read_plan, said_chance
from queries.analyses import greenlight
from queries.model import Result

_LEAST = 0.1
_MOST_COUNTRIES = 16
_COSTS = 81
_MOST_DIGITS = 12
_LOG: Layout = {"type": "log", "tickformat": ",.3~s", "showgrid": True, "dtick": 1}
_NAMES = ("p10", "p25", "p50", "p75", "p90")


class GreenlightForecast(GreenlightTile):
    """Quantiles of the model and of the comparables alone, with what break-even takes."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        near = plan.comparables()
        if near.is_empty():
            return NOT_ENOUGH
        rows = [
            ("Comparables alone", greenlight.views(plan.lesson.by_comparables(near))),
            ("Forecast", greenlight.views(plan.quantiles())),
        ]
        traces = ranges([(name, *at) for name, at in rows], context)
        shown: Trace = {
            "type": "scatter",
            "mode": "markers",
            "x": [max(v, _LEAST) for v in near["views"].to_list()],
            "y": ["Comparables alone"] * near.height,
            "marker": {"symbol": "line-ns-open", "size": 11, "color": "@muted"},
            "customdata": near["title"].to_list(),
            "hovertemplate": "%{customdata}: %{x:,.3~s} views<extra></extra>",
        }
        line = plan.wanted
        said = written.number(line, context.metric("views"))
        layout: Layout = {
            "xaxis": views_axis("Views in the first 91 days, log scale"),
            "yaxis": {"type": "category", "automargin": True},
            "hovermode": "closest",
            "shapes": [{"type": "line", "x0": line, "x1": line, "y0": 0, "y1": 1, "yref": "paper",
                        "line": {"color": "@bad", "width": 1.5, "dash": "5px,4px"}}],
            "annotations": [{"x": float(np.log10(line)), "y": 1, "yref": "paper",
                             "yanchor": "bottom", "text": f"break-even {said}", "showarrow": False,
                             "font": {"color": "@bad", "size": 11}}],
            "margin": {"t": 22},
        }  # fmt: skip
        by_hand = " Some were left out by hand: no coverage is promised." if plan.without else ""
        notes = [
            "Thin: P10 to P90. Thick: P25 to P75. Dot: P50. Ticks: what the comparables brought.",
            (
                f"Comparables alone: mean log views of {near.height}, with the errors of past "
                f"launches against theirs.{by_hand}"
            ),
        ]
        return figure([shown, *traces], layout, notes=notes)


class GreenlightCountries(GreenlightTile):
    """The audience by country: each country's own quantiles."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        found = plan.lesson.by_country(plan.programme)
        shown = found.head(_MOST_COUNTRIES).reverse()
        rows = [(names().get(r["country"], r["country"]), *(r[n] for n in _NAMES))
                for r in shown.to_dicts()]  # fmt: skip
        layout: Layout = {
            "xaxis": views_axis("Views in the first 91 days, log scale"),
            "yaxis": {"type": "category", "dtick": 1, "automargin": True},
            "hovermode": "closest",
        }
        more = found.height - shown.height
        rest = f" {more} smaller countries are in the table." if more > 0 else ""
        notes = [
            (
                "Each country's interval covers by itself; P50s of countries do not add up to "
                f"that of all.{rest}"
            ),
        ]
        return figure(ranges(rows, context), layout, notes=notes)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a country."""
        plan = read_plan(results, context)
        frame = plan.lesson.by_country(plan.programme) if plan else pl.DataFrame()
        return (replace(results[0], frame=frame),)


class GreenlightCost(GreenlightTile):
    """At which cost it is worth it: P(success) had the same programme cost less or more."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        budget, at = plan.programme.budget_usd, plan.quantiles()
        costs = budget * np.exp(np.linspace(np.log(1 / 30), np.log(30), _COSTS))
        chances = [greenlight.chance_of(at, cost / plan.worth) for cost in costs]
        here = greenlight.chance_of(at, plan.wanted)
        even = float(greenlight.views(at[2:3])[0]) * plan.worth
        trace: Trace = {
            "type": "scatter",
            "mode": "lines",
            "x": [float(f"{c:.4g}") for c in costs],
            "y": [float(f"{c:.4g}") for c in chances],
            "line": {"color": "@accent", "width": 2},
            "hovertemplate": "At %{x:$,.3~s}: %{y:.0%}<extra></extra>",
        }
        mark: Trace = {
            "type": "scatter",
            "mode": "markers",
            "x": [budget],
            "y": [here],
            "marker": {"color": "@accent", "size": 10},
            "hovertemplate": "The budget: %{x:$,.3~s}, %{y:.0%}<extra></extra>",
        }
        layout: Layout = {
            "xaxis": {**_LOG, "tickformat": "$,.3~s", "title": {"text": "Cost, log scale"}},
            "yaxis": {"tickformat": ".0%", "range": [0, 1], "title": {"text": "P(success)"}},
            "hovermode": "closest",
        }
        worth = written.number(plan.worth, USD)
        notes = [
            (
                f"At {written.number(budget, USD)}: {said_chance(here)}. Even odds at "
                f"{written.number(even, USD)}. Success is views × {worth} of at least the cost."
            ),
            "Views are held as forecast for the budget; under 10% and over 90% no more is known.",
        ]
        return figure([trace, mark], layout, notes=notes)


def views_axis(title: str) -> Layout:
    """Views on a log scale: a tenth is written 0.1, where SI letters would say 100m."""
    ends = range(round(np.log10(_LEAST)), _MOST_DIGITS)
    ticks = [float(f"1e{power}") for power in ends]
    return {
        "type": "log",
        "showgrid": True,
        "tickvals": ticks,
        "ticktext": [_tick(tick) for tick in ticks],
        "title": {"text": title},
    }


def ranges(rows: Sequence[tuple[Any, ...]], context: Context) -> list[Trace]:
    """A row each of name and P10 to P90: a thin line, a thick one, a dot."""
    metric = context.metric("views")
    labels = [r[0] for r in rows]
    texts = [
        f"{r[0]}: {written.number(r[3], metric)}, 80 % {written.number(r[1], metric)} to "
        f"{written.number(r[5], metric)}"
        for r in rows
    ]
    traces: list[Trace] = []
    for low, high, width, colour in ((1, 5, 2, "@accent/0.55"), (2, 4, 7, "@accent/0.45")):
        x: list[float | None] = []
        y: list[str | None] = []
        for row, label in zip(rows, labels, strict=True):
            x += [_shown(row[low]), _shown(row[high]), None]
            y += [label, label, None]
        line: Trace = {"type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip"}
        traces.append(line | {"line": {"color": colour, "width": width}})
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [_shown(r[3]) for r in rows],
        "y": labels,
        "marker": {"color": "@accent", "size": 9},
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    return [*traces, dots]


def _shown(value: float) -> float:
    return float(f"{max(float(value), _LEAST):.4g}")


def _tick(value: float) -> str:
    """`1k` as on other axes."""
    for scale, letter in ((1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:g}{letter}"
    return f"{value:g}"
