"""Cohorts of members: the triangle of who is still there, and who leaves by tenure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.cohort_options import MONTHS, censored, span_of, unit, until
from portal.tiles.figure import Layout, Trace, band, figure, rounded, value_axis
from portal.tiles.heat import cell
from queries.analyses.censoring import (
    SURVIVAL,
    followed,
    is_mature,
    reached,
    with_survival_of_any_cohort,
)
from queries.condition import Filter, conjunction
from queries.dataset import Key, TimeBucket
from queries.model import Query, Result
from queries.period import Grain, end_of

_FEWEST_SHOWN = 10
_ROW_HEIGHT, _KEY_HEIGHT = 26, 56


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTriangle:
    """Cohorts down, months since joining across, as the view cuts and observes them.

    Cells without full follow-up stay empty.
    """

    metric: str = SURVIVAL
    cohorts: int = 18
    months: int = 12
    place: Place = field(default_factory=lambda: Place(span=12, height=480, dataset="cohorts"))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, "reached")

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Calendar months are asked as the metric is; other cohorts, or an earlier day, by rows."""
        since = context.dataset.dimension("months_since")
        asked = context.question(self.metrics, by=(_key(context), since))
        few = conjunction(asked.where, Filter(since, "at most", (self.months,)))
        asked = replace(asked, compare=None, with_total=False, period=None, where=few)
        name, day = unit(context)[0], until(context)[0]
        if (name == MONTHS and day is None) or self.metric in context.withheld:
            return (asked,)
        dataset, metric = with_survival_of_any_cohort(asked.dataset)
        metrics = (metric, *asked.metrics[1:])
        if day is not None:
            dataset, seen = reached(dataset, day)
            few = conjunction(few, seen)
        return (replace(asked, dataset=dataset, metrics=metrics, where=few),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        metric, key = context.metric(self.metric), _key(context)
        known = results[0].frame.drop_nulls(key.name).filter(pl.col("reached") >= _FEWEST_SHOWN)
        cells: dict[tuple[Any, int], dict[str, Any]] = {
            (row[key.name], int(row["months_since"])): cell(row, metric)
            | {"n": _count(row)}
            | _whose(row, key)
            for row in known.iter_rows(named=True)
            if row[metric.name] is not None and self._is_mature(row, results[0], context)
        }
        if not cells:
            return no_rows(context)
        down = _down(cells, key, known)[: self.cohorts]
        if isinstance(key, TimeBucket):
            down = down[::-1]
        across = list(range(max(n for c, n in cells if c in down) + 1))
        seen = {(c, n) for c in down for n in across if (c, n) in cells}
        shown = [cells[place] for place in seen]
        rest = [c for c in shown if c["value"] < 1] or shown
        is_filter = not isinstance(key, TimeBucket)
        content = {
            "rows": [
                {"label": _label(c, key, cells), "filter": str(c) if is_filter else None}
                for c in down
            ],
            "columns": [{"label": str(n), "filter": None} for n in across],
            "row_label": key.label if is_filter else "Joined",
            "column_label": "Months since joining",
            "row_filter": key.name if is_filter else "",
            "column_filter": "",
            "cells": [[cells.get((c, n)) for n in across] for c in down],
            "with_text": True,
            "from": min(c["value"] for c in rest),
            "to": 1.0,
            "low": min(rest, key=lambda c: c["value"])["text"],
            "high": "100%",
            "height": _ROW_HEIGHT * len(down) + _KEY_HEIGHT,
        }
        places = known.select(key.name, pl.col("months_since").cast(pl.Int64)).iter_rows()
        is_seen = pl.Series([place in seen for place in places], dtype=pl.Boolean)
        return Drawing(
            kind="heat", content=content, notes=_notes(context), seen=(known.filter(is_seen),)
        )

    def _is_mature(self, row: dict[str, Any], result: Result, context: Context) -> bool:
        grain = span_of(unit(context)[0])
        last = until(context)[0] or result.complete_through
        if grain is None or last is None:
            return True
        joined = end_of(row[context.dataset.time.name], grain)
        return is_mature(joined, int(row["months_since"]), last)


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
        asked = replace(asked, compare=None, with_total=False, period=None, where=few)
        day = until(context)[0]
        if day is None:
            return (asked,)
        dataset, seen = followed(asked.dataset, day)
        return (replace(asked, dataset=dataset, where=conjunction(few, seen)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        metric = context.metric(self.metric)
        frame = results[0].frame.drop_nulls([metric.name]).sort("months_since")
        frame = frame.filter(pl.col("at_risk") >= _FEWEST_SHOWN)
        if frame.is_empty():
            return no_rows(context)
        months = [int(n) + 1 for n in frame["months_since"]]
        ends = (rounded(frame[f"{metric.name}__low"]), rounded(frame[f"{metric.name}__high"]))
        said = [
            f"{written.interval(row, metric)}), {written.count(row['at_risk'])} at risk"
            for row in frame.iter_rows(named=True)
        ]
        marks = [[None, [["months_since", str(month - 1)]]] for month in months]
        traces = [
            *band(months, *ends, "@accent"),
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": months,
                "y": rounded(frame[metric.name]),
                "line": {"color": "@accent", "width": 2.25},
                "marker": {"size": 5, "color": "@accent"},
                "text": said,
                "customdata": marks,
                "hovertemplate": "Month %{x}: <b>%{y:.2%}</b> leave (%{text}<extra></extra>",
            },
        ]
        traces.append(_at_risk(frame, months))
        title = {"text": "Month of membership, of 30 days; at risk above it"}
        layout: Layout = {
            "xaxis": {"title": title, "dtick": 3, "anchor": "y2"},
            "yaxis": value_axis(metric) | {"domain": [0.16, 1]},
            "yaxis2": {
                "domain": [0, 0.1], "range": [-1, 1], "showgrid": False, "zeroline": False,
                "showticklabels": False, "fixedrange": True,
            },
        }  # fmt: skip
        notes = (
            "All memberships since the first; a month that is not over yet counts for nobody.",
            *censored(context),
        )
        return replace(figure(traces, layout, notes=notes), seen=(frame,))


def _at_risk(frame: pl.DataFrame, months: Sequence[int]) -> Trace:
    """How many reach a month, under it: every third, so that numbers do not touch."""
    shown = [(m, n) for m, n in zip(months, frame["at_risk"], strict=True) if not m % 3]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [m for m, _ in shown],
        "y": [0] * len(shown),
        "yaxis": "y2",
        "text": [written.count(n) for _, n in shown],
        "textfont": {"color": "@muted", "size": 11},
        "hoverinfo": "skip",
    }


def _key(context: Context) -> Key:
    name = unit(context)[0]
    grain = span_of(name)
    return (
        context.dataset.dimension(name)
        if grain is None
        else TimeBucket(context.dataset.time, grain)
    )


def _down(cells: dict[tuple[Any, int], dict[str, Any]], key: Key, frame: pl.DataFrame) -> list[Any]:
    """Spans of time the newest first, values of a dimension in its order or the largest first."""
    found = {cohort for cohort, _ in cells}
    if isinstance(key, TimeBucket):
        return sorted(found, reverse=True)
    sizes = dict(frame.group_by(key.name).agg(pl.col("reached").max()).iter_rows())
    order = {value: n for n, value in enumerate(key.values_order)}
    return sorted(found, key=lambda v: (order.get(str(v), len(order)), -sizes[v], str(v)))


def _label(cohort: Any, key: Key, cells: dict[tuple[Any, int], dict[str, Any]]) -> str:  # noqa: ANN401  # a value of any dimension
    """The cohort with how many are at risk from its first month on."""
    if not isinstance(key, TimeBucket):
        name = written.value_label(cohort, key)
    elif key.grain is Grain.WEEK:
        name = written.day(cohort)
    elif key.grain is Grain.QUARTER:
        name = written.bucket(cohort, key.grain)
    else:
        name = f"{cohort:%b %Y}"
    first = cells.get((cohort, 0))
    return f"{name} · {first['n']}" if first else name


def _whose(row: dict[str, Any], key: Key) -> dict[str, Any]:
    """The rows behind a cell: the days on which its cohort joined, or its value, and the month."""
    month = ["months_since", str(int(row["months_since"]))]
    if not isinstance(key, TimeBucket):
        return {"mark": [[key.name, str(row[key.name])], month]}
    first = row[key.name]
    return {"mark": [month], "days": [str(first), str(end_of(first, key.grain))]}


def _notes(context: Context) -> tuple[str, ...]:
    name = unit(context)[0]
    grain = span_of(name)
    who = "Beside each cohort its memberships. Months of 30 days since joining, returns included."
    if grain is None:
        return (who, "Each cell is of all who joined so long ago.", *censored(context))
    week = ("Weeks begin on Monday.",) if grain is Grain.WEEK else ()
    empty = "Empty: not all of the cohort was followed so long, so nobody counts."
    return (who, empty, *week, *censored(context))


def _count(row: dict[str, Any]) -> str:
    return written.count(row["reached"])
