"""Pivot: one metric by rows and columns. Right: every total is its own question.

The cells are asked for once the rows and columns that fit are known, and for those alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.table import key_label
from portal.context import Context
from portal.explore.askable import overlaps
from portal.explore.choices import Choices
from portal.explore.leaderboard import url_text
from portal.explore.sheet import basis
from queries.condition import Condition, Dimension, Either, Filter, conjunction
from queries.dataset import Key, Metric, TimeBucket
from queries.model import Query, Result

MOST_COLUMNS = 12
MOST_BUCKETS = 60
_CELLS = 10_000

Row = Mapping[str, Any]
Cells = Mapping[tuple[Any, ...], Row]


def questions(context: Context, choices: Choices) -> tuple[Query, ...]:
    """The totals of the rows and of the columns; the one of everything comes with them."""
    by, across = choices.by, _across(choices)
    names = tuple(dict.fromkeys((choices.metric.name, choices.size)))
    rows = context.question(names, by=by)
    columns = context.question(names, by=(across,))
    return (
        _largest(rows, by, choices, choices.skip + choices.limit),
        _largest(columns, (across,), choices, _most(across)),
    )


def following(results: Sequence[Result], context: Context, choices: Choices) -> tuple[Query, ...]:
    """The cells of the rows and columns that are shown."""
    rows, columns = results
    across = _across(choices)
    question = context.question((choices.metric.name,), by=(*choices.by, across))
    shown = [(key, rows.frame[key.name].to_list()) for key in choices.by]
    shown.append((across, columns.frame[across.name].to_list()))
    kept = (_only(key, values) for key, values in shown)
    kept_cells = conjunction(context.condition, *kept)
    return (replace(question, where=kept_cells, limit=_CELLS, with_total=False),)


def cells(result: Result) -> Cells:
    """The rows of an answer by their keys."""
    names = [key.name for key in result.query.by]
    rows = result.frame.iter_rows(named=True)
    return {tuple(row[name] for name in names): row for row in rows}


def pivot(totals: Sequence[Result], crossed: Cells, choices: Choices) -> dict[str, Any]:
    """The content of a drawing of the kind `pivot`."""
    rows, columns = totals
    metric, across = choices.metric, _across(choices)
    dataset = choices.dataset
    lines = list(rows.frame.iter_rows(named=True))
    heads = list(columns.frame.iter_rows(named=True))
    largest = max((_size(row, metric) for row in crossed.values()), default=0.0)
    whole = rows.total.row(0, named=True) if rows.total.height else None
    has_row_totals = not overlaps((across,), dataset)
    has_column_totals = not overlaps(choices.by, dataset)
    return {
        "metric": metric.label,
        "unit": written.unit(metric),
        "rows_by": [{"label": k.label, "filters": _filters(k)} for k in choices.by],
        "columns_by": {"label": across.label, "filters": _filters(across)},
        "heads": [_named(row, across) for row in heads],
        "column_totals": [_cell(row, metric) for row in heads] if has_column_totals else None,
        "total": _cell(whole, metric) if whole and has_row_totals and has_column_totals else None,
        "rows": [
            {
                "names": [_named(line, key) for key in choices.by],
                "total": _cell(line, metric) if has_row_totals else None,
                "cells": [
                    _shaded(crossed.get(_address(line, head, choices)), metric, largest)
                    for head in heads
                ],
            }
            for line in lines
        ],
        "more": len(lines) >= choices.limit,
        "more_columns": len(heads) >= _most(across),
        "shown": len(lines),
        "first": choices.skip + 1,
        "step": choices.limit,
    }


def matrix(results: Sequence[Result], choices: Choices) -> Result:
    """The pivot as one answer: the rows' keys, their total, then a column for each column."""
    rows, columns, crossed = results
    metric, across = choices.metric.name, _across(choices)
    found = cells(crossed)
    frame = rows.frame.select([*(key.name for key in choices.by), metric])
    lines = list(frame.iter_rows(named=True))
    for head in columns.frame.iter_rows(named=True):
        label, number = key_label(head[across.name], across), 2
        name = label
        while name in frame.columns:
            name, number = f"{label} ({number})", number + 1
        held = (found.get(_address(line, head, choices)) for line in lines)
        values = [None if row is None else row[metric] for row in held]
        frame = frame.with_columns(pl.Series(name, values, pl.Float64))
    return replace(rows, frame=frame)


def _across(choices: Choices) -> Key:
    assert choices.pivot is not None  # noqa: S101  # a pivot is drawn only where it is chosen
    return choices.pivot


def _most(across: Key) -> int:
    return MOST_BUCKETS if isinstance(across, TimeBucket) else MOST_COLUMNS


def _largest(question: Query, keys: Sequence[Key], choices: Choices, limit: int) -> Query:
    """The largest by the metric; buckets of time in their own order."""
    time = next((k for k in keys if isinstance(k, TimeBucket)), None)
    if time is not None and len(keys) == 1:
        return replace(question, order_by=time.name, descending=False, limit=limit)
    ordered = {k.name for k in keys} | {choices.metric.name}
    return replace(choices.order.of(question, choices.size, ordered), limit=limit)


def _only(key: Key, values: Sequence[Any]) -> Condition | None:
    if isinstance(key, TimeBucket):
        return None
    known = tuple(dict.fromkeys(v for v in values if v is not None))
    some = Filter(key, "in", known) if known else None
    if None not in values:
        return some
    missing = Filter(key, "missing")
    return Either((some, missing)) if some else missing


def _address(line: Row, head: Row, choices: Choices) -> tuple[Any, ...]:
    across = _across(choices)
    return (*(line[key.name] for key in choices.by), head[across.name])


def _filters(key: Key) -> str:
    return key.name if isinstance(key, Dimension) else ""


def _named(row: Row, key: Key) -> dict[str, Any]:
    value = row[key.name]
    named: dict[str, Any] = {"text": key_label(value, key)}
    if isinstance(key, Dimension):
        named["filter"] = None if value is None else url_text(value)
    return named


def _size(row: Row, metric: Metric) -> float:
    value = row[metric.name]
    return 0.0 if value is None else abs(value)


def _cell(row: Row, metric: Metric) -> dict[str, Any]:
    cell = {"text": written.number(row[metric.name], metric), "tip": basis(dict(row), metric)}
    cell |= {"few": written.is_few(row)}
    if row.get(f"{metric.name}__previous") is None:
        return cell
    delta = written.delta(row, metric)
    return cell | {"delta": delta.text, "delta_interval": delta.interval, "tone": delta.tone}


def _shaded(row: Row | None, metric: Metric, largest: float) -> dict[str, Any]:
    if row is None or row[metric.name] is None:
        return {"text": ""}
    return _cell(row, metric) | {"shade": round(_size(row, metric) / largest, 3) if largest else 0}
