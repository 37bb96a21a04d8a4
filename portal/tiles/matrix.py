"""Matrix: a metric by one dimension down and two across, the largest rows only.

A cell under 200 accounts is grey, and one under 10 is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.heat import cell
from queries.condition import Dimension, Scalar
from queries.dataset import Metric
from queries.model import Query, Result

FEWEST_ACCOUNTS, FEWEST_SHOWN = 200, 10
_ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Columns are pairs, the first dimension within the second; a click filters to all three."""

    metric: str
    rows: str
    columns: tuple[str, str]
    most_rows: int = 14
    place: Place = field(default_factory=lambda: Place(span=12, height=420))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        keys = (self.rows, *self.columns)
        names = [self.metric]
        if _ACCOUNTS not in context.withheld:
            names.append(_ACCOUNTS)
        question = context.without(*keys).question(names, by=keys)
        return (replace(question, compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        metric = context.metric(self.metric)
        rows, outer, inner = (
            context.dataset.dimension(n) for n in (self.rows, self.columns[1], self.columns[0])
        )
        if results[0].frame.is_empty():
            return no_rows(context)
        frame = results[0].frame.drop_nulls([rows.name, outer.name, inner.name, metric.name])
        frame = frame.filter(_people(frame) >= FEWEST_SHOWN)
        if frame.is_empty():
            names = ", ".join(written.lowered(d.label) for d in (rows, outer, inner))
            return empty(
                "not_defined",
                f"No cell of {names} with {FEWEST_SHOWN} accounts.",
                "The log may not name them; or take a filter away, or choose a longer period.",
            )
        sizes = frame.group_by(rows.name).agg(pl.col(f"{metric.name}__n").sum())
        ordered = sizes.sort(f"{metric.name}__n", rows.name, descending=[True, False])
        down = ordered[rows.name].head(self.most_rows).to_list()
        content: dict[str, Any] = {
            "rows": [_head(value, rows) for value in down],
            "columns": [_column(pair, outer, inner) for pair in _pairs(frame, outer, inner)],
            "row_label": rows.label,
            "column_label": f"{outer.label} and {written.lowered(inner.label)}",
            "row_filter": rows.name,
            "column_filter": inner.name,
            "with_text": True,
            **_cells(frame, metric, down, (rows, outer, inner)),
        }
        left = ordered.height - len(down)
        notes = [f"Hatched: under {FEWEST_ACCOUNTS} accounts; blank: under {FEWEST_SHOWN} or none."]
        if left:
            notes.append(f"The {len(down)} largest of {ordered.height}.")
        return Drawing(kind="heat", content=content, notes=tuple(notes))


def _cells(
    frame: pl.DataFrame,
    metric: Metric,
    down: Sequence[Scalar],
    of: tuple[Dimension, Dimension, Dimension],
) -> dict[str, Any]:
    """The cells of these rows, and the ends of their colours, which grey ones do not set."""
    rows, outer, inner = of
    found = {
        (row[rows.name], row[outer.name], row[inner.name]): cell(row, metric)
        | {"few": (row.get(_ACCOUNTS) or row[f"{metric.name}__n"]) < FEWEST_ACCOUNTS}
        for row in frame.iter_rows(named=True)
    }
    shown = [c for (row, _, _), c in found.items() if row in down]
    known = [c for c in shown if not c["few"]] or shown
    low, high = (end(known, key=lambda c: c["value"]) for end in (min, max))
    across = _pairs(frame, outer, inner)
    return {
        "cells": [[found.get((value, *pair)) for pair in across] for value in down],
        "from": low["value"],
        "to": high["value"],
        "low": low["text"],
        "high": high["text"],
    }


def _people(frame: pl.DataFrame) -> pl.Expr:
    """Accounts of a cell, or rows where the rows are nobody's."""
    if _ACCOUNTS not in frame.columns:
        return pl.lit(FEWEST_SHOWN)
    rows = next(c for c in frame.columns if c.endswith("__n"))
    return pl.when(pl.col(_ACCOUNTS) > 0).then(pl.col(_ACCOUNTS)).otherwise(pl.col(rows))


def _pairs(frame: pl.DataFrame, outer: Dimension, inner: Dimension) -> list[tuple[Scalar, Scalar]]:
    pairs = frame.select(outer.name, inner.name).unique().rows()
    order = {value: i for i, value in enumerate(outer.values_order)}
    return sorted(pairs, key=lambda p: (order.get(str(p[0]), len(order)), str(p[0]), str(p[1])))


def _column(pair: tuple[Scalar, Scalar], outer: Dimension, inner: Dimension) -> dict[str, Any]:
    named = zip(pair, (outer, inner), strict=True)
    return {
        "label": " · ".join(written.value_label(value, dimension) for value, dimension in named),
        "filter": str(pair[1]),
        "also": [[outer.name, str(pair[0])]],
    }


def _head(value: Scalar, dimension: Dimension) -> dict[str, str]:
    return {"label": written.value_label(value, dimension), "filter": str(value)}
