"""Heat map: a metric over two dimensions, as cells from pale to strong.

Cells with too few rows to read a rate from are left grey, with their count in the tip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_values
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from queries.condition import Dimension, Scalar
from queries.dataset import Metric
from queries.model import Query, Result

FEWEST_ROWS = 200
_DAYS_A_WEEK = 7
_UTC = {"hour": "utc_hour"}

Value = Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Rows and columns are dimensions; a click on a cell filters to both values.

    A drag over columns of hours filters to those from the first to the last; all stay in sight.
    With `clock=utc` in the view the hour is that of UTC instead of the viewer's own. Of more values
    than there is room for, those with the most rows are shown.
    """

    metric: str
    rows: str
    columns: str
    most_rows: int = 24
    most_columns: int = 24
    with_text: bool = False
    place: Place = field(default_factory=lambda: Place(span=12, height=240))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        keys = self._keys(context)
        question = looking_through(context, keys).question(self.metrics, by=keys)
        return (replace(question, compare=None, with_total=False),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric = context.metric(self.metric)
        rows, columns = self._keys(context)
        frame, notes = result.frame, list(_notes(context, rows, columns))
        for key, most in ((rows, self.most_rows), (columns, self.most_columns)):
            frame, count = _most_rows(frame, key.name, f"{metric.name}__n", most)
            if count > most:
                notes.append(f"{key.label}: the {most} of {count} with the most rows.")
        cells = {
            (row[rows.name], row[columns.name]): cell(row, metric)
            for row in frame.iter_rows(named=True)
            if row[metric.name] is not None
        }
        if not cells:
            return no_values(result, metric, context)
        return heat(cells, (rows, columns), self, notes, written.unit(metric))

    def _keys(self, context: Context) -> tuple[Dimension, Dimension]:
        names = (self.rows, self.columns)
        if context.view.clock == "utc":
            names = tuple(_UTC.get(name, name) for name in names)
        rows, columns = (context.dataset.dimension(name) for name in names)
        return rows, columns


def looking_through(context: Context, keys: Sequence[Dimension]) -> Context:
    """The view before values or a span of these were picked, so that the others stay in sight."""
    names = {key.name for key in keys}
    kept = tuple(
        choice
        for choice in context.view.choices
        if choice.name not in names or choice.operation != "between"
    )
    return replace(context, view=replace(context.view, choices=kept)).without(*names)


def cell(row: Mapping[str, Any], metric: Metric) -> dict[str, Any]:
    """A cell of an answer: its value, and what is said of it."""
    count = row.get(f"{metric.name}__n")
    is_few = metric.kind != "additive" and count is not None and count < FEWEST_ROWS
    is_few = is_few or written.is_few(row)
    return {
        "value": row[metric.name],
        "text": written.number(row[metric.name], metric),
        "exact": f"{written.exact(row[metric.name], metric)} {written.unit(metric)}".strip(),
        "interval": written.interval(row, metric),
        "n": written.count(count),
        "few": is_few,
    }


def heat(
    cells: Mapping[tuple[Value, Value], dict[str, Any]],
    keys: tuple[Dimension, Dimension],
    options: Heat,
    notes: Sequence[str] = (),
    unit: str = "",
) -> Drawing:
    """Lay cells out by their two values, each in the order of its dimension.

    `unit` is said beside the legend, where values do not carry it.
    """
    rows, columns = keys
    down = _ordered({row for row, _ in cells}, rows)[: options.most_rows]
    across = _ordered({column for _, column in cells}, columns)[: options.most_columns]
    shown = [cells[row, c] for row in down for c in across if (row, c) in cells]
    known = [c for c in shown if not c["few"]] or shown
    content = {
        "rows": [_head(value, rows) for value in down],
        "columns": [_head(value, columns) for value in across],
        "row_label": rows.label,
        "column_label": columns.label,
        "row_filter": rows.name,
        "column_filter": columns.name,
        "brush": columns.role == "hour",
        "cells": [[cells.get((row, column)) for column in across] for row in down],
        "with_text": options.with_text,
        "unit": unit,
        "from": min(0.0, *(c["value"] for c in known)),
        "to": max(c["value"] for c in known),
        "lowest": min(c["value"] for c in known),
        "low": min(known, key=lambda c: c["value"])["text"],
        "high": max(known, key=lambda c: c["value"])["text"],
    }
    return Drawing(kind="heat", content=content, notes=tuple(notes))


def _most_rows(frame: pl.DataFrame, key: str, count: str, most: int) -> tuple[pl.DataFrame, int]:
    """The rows of the values with the highest counts, and how many values there are."""
    counts = frame.drop_nulls(key).group_by(key).agg(pl.col(count).sum())
    kept = counts.sort(count, key, descending=[True, False]).head(most)
    return frame.join(kept.select(key), on=key, how="semi"), counts.height


def _head(value: Value, dimension: Dimension) -> dict[str, Any]:
    label = written.value_label(value, dimension)
    return {"label": label, "filter": None if value is None else str(value)}


def _ordered(values: set[Value], dimension: Dimension) -> list[Value]:
    order = {value: i for i, value in enumerate(dimension.values_order)}
    known = [value for value in values if value is not None]
    if order:
        return sorted(known, key=lambda v: (order.get(str(v), len(order)), str(v)))
    if dimension.kind == "number":
        return sorted(known, key=lambda v: float(str(v)))
    return sorted(known, key=str)


def _notes(context: Context, *keys: Dimension) -> tuple[str, ...]:
    period = context.period
    if period is None or not any(k.role == "weekday" for k in keys):
        return ()
    if period.days % _DAYS_A_WEEK:
        return (f"{period.days} days: some weekdays come up more often than others.",)
    return ()
