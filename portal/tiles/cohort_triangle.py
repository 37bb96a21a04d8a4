"""Cohorts of members: the triangle of who is still there, and who leaves by tenure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, band, figure, rounded, value_axis
from portal.tiles.heat import cell
from queries.condition import Filter, conjunction
from queries.dataset import TimeBucket
from queries.model import Query, Result
from queries.period import Grain

_FEWEST_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTriangle:
    """Months of joining down, months since across. Cells without full follow-up stay empty."""

    metric: str = "cohort_survival"
    cohorts: int = 18
    months: int = 12
    place: Place = field(default_factory=lambda: Place(span=12, height=480, dataset="cohorts"))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, "reached")

    def questions(self, context: Context) -> tuple[Query, ...]:
        since = context.dataset.dimension("months_since")
        keys = (TimeBucket(context.dataset.time, Grain.MONTH), since)
        asked = context.question(self.metrics, by=keys)
        few = conjunction(asked.where, Filter(since, "at most", (self.months,)))
        return (replace(asked, compare=None, with_total=False, period=None, where=few),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        metric = context.metric(self.metric)
        frame = results[0].frame.drop_nulls("joined")
        frame = frame.filter(pl.col("reached") >= _FEWEST_SHOWN)
        cells: dict[tuple[date, int], dict[str, Any]] = {
            (row["joined"], int(row["months_since"])): cell(row, metric) | {"n": _count(row)}
            for row in frame.iter_rows(named=True)
            if row[metric.name] is not None
        }
        if not cells:
            return no_rows(context)
        down = sorted({cohort for cohort, _ in cells}, reverse=True)[: self.cohorts][::-1]
        across = list(range(self.months + 1))
        shown = [cells[c, n] for c in down for n in across if (c, n) in cells]
        rest = [c for c in shown if c["value"] < 1] or shown
        content = {
            "rows": [{"label": f"{c:%b %Y}", "filter": None} for c in down],
            "columns": [{"label": str(n), "filter": None} for n in across],
            "row_label": "Joined",
            "column_label": "Months since joining",
            "row_filter": "",
            "column_filter": "",
            "cells": [[cells.get((c, n)) for n in across] for c in down],
            "with_text": True,
            "from": min(c["value"] for c in rest),
            "to": 1.0,
            "low": min(rest, key=lambda c: c["value"])["text"],
            "high": "100%",
        }
        notes = (
            "Months of 30 days since joining, returns included.",
            "Hatched: not all of the cohort was followed so long, so nobody counts.",
        )
        return Drawing(kind="heat", content=content, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Of those who reach a month since joining, the share that leaves in it."""

    metric: str = "monthly_hazard"
    months: int = 24
    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="cohorts"))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, "at_risk")

    def questions(self, context: Context) -> tuple[Query, ...]:
        since = context.dataset.dimension("months_since")
        asked = context.question(self.metrics, by=(since,))
        few = conjunction(asked.where, Filter(since, "at most", (self.months - 1,)))
        return (replace(asked, compare=None, with_total=False, period=None, where=few),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        metric = context.metric(self.metric)
        frame = results[0].frame.drop_nulls([metric.name]).sort("months_since")
        frame = frame.filter(pl.col("at_risk") >= _FEWEST_SHOWN)
        if frame.is_empty():
            return no_rows(context)
        months = [int(n) + 1 for n in frame["months_since"]]
        ends = (rounded(frame[f"{metric.name}__low"]), rounded(frame[f"{metric.name}__high"]))
        texts = [
            [written.interval(row, metric), written.count(row["at_risk"])]
            for row in frame.iter_rows(named=True)
        ]
        traces = [
            *band(months, *ends, "@accent"),
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": months,
                "y": rounded(frame[metric.name]),
                "line": {"color": "@accent", "width": 2.25},
                "marker": {"size": 5, "color": "@accent"},
                "customdata": texts,
                "hovertemplate": "Month %{x}: <b>%{y:.2%}</b> leave (%{customdata[0]}), "
                "%{customdata[1]} at risk<extra></extra>",
            },
        ]
        layout: Layout = {
            "xaxis": {"title": {"text": "Month of membership, of 30 days"}, "dtick": 3},
            "yaxis": value_axis(metric),
        }
        notes = (
            "All memberships since the first; a month that is not over yet counts for nobody.",
        )
        return figure(traces, layout, notes=notes)


def _count(row: dict[str, Any]) -> str:
    return written.count(row["reached"])
