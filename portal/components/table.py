"""Any answer as a table: the same rows in the same order as the drawing, and as the export."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from portal.components import format as written
from portal.drawing import Drawing
from queries.dataset import Key, Metric, TimeBucket
from queries.model import Query, Result

MOST_ROWS = 500


def table(results: Sequence[Result]) -> Drawing:
    """The answers one below the other, values written exactly."""
    return Drawing(kind="table", content={"tables": [_one(result) for result in results]})


def _one(result: Result) -> dict[str, Any]:
    query = result.query
    if not all(metric.name in result.frame.columns for metric in query.metrics):
        return _plain(result.frame)
    keys = [k for k in query.by if k.name in result.frame.columns]
    columns = [
        *({"label": k.label, "is_text": True} for k in keys),
        *(c for metric in query.metrics for c in _metric_columns(metric, result.frame)),
    ]
    rows = [
        [
            *({"text": key_label(row[k.name], k)} for k in keys),
            *(cell for metric in query.metrics for cell in _metric_cells(metric, row, query)),
        ]
        for row in result.frame.head(MOST_ROWS).iter_rows(named=True)
    ]
    return {"columns": columns, "rows": rows, "more": max(0, result.frame.height - MOST_ROWS)}


def _plain(frame: pl.DataFrame) -> dict[str, Any]:
    """What an analysis made of an answer: its own columns, as they are called."""
    shown = frame.head(MOST_ROWS)
    columns = [
        {"label": written.readable(name), "is_text": not kind.is_numeric()}
        for name, kind in frame.schema.items()
    ]
    rows = [[{"text": written.plain(value)} for value in row] for row in shown.iter_rows()]
    return {"columns": columns, "rows": rows, "more": max(0, frame.height - MOST_ROWS)}


def key_label(value: Any, key: Key) -> str:  # noqa: ANN401  # whatever the frame holds
    if isinstance(key, TimeBucket):
        return written.bucket(value, key.grain) if isinstance(value, date) else "All"
    return written.value_label(value, key)


def _metric_columns(metric: Metric, frame: pl.DataFrame) -> list[dict[str, Any]]:
    name = metric.name
    unit = written.unit(metric)
    columns = [{"label": metric.label, "unit": unit}]
    if f"{name}__low" in frame.columns:
        columns.append({"label": "95 % interval", "unit": unit})
    columns.append({"label": "n"})
    if f"{name}__delta" in frame.columns:
        columns += [{"label": "Before"}, {"label": "Change"}, {"label": "95 % interval"}]
    return columns


def _metric_cells(metric: Metric, row: dict[str, Any], query: Query) -> list[dict[str, Any]]:
    """A metric's cells, grey where they are of few accounts."""
    return [cell | {"few": written.is_few(row)} for cell in _written(metric, row, query)]


def _written(metric: Metric, row: dict[str, Any], query: Query) -> list[dict[str, Any]]:
    name = metric.name
    cells = [{"text": written.exact(row[name], metric)}]
    if f"{name}__low" in row:
        cells.append({"text": written.interval(row, metric)})
    cells.append({"text": written.count(row.get(f"{name}__n"))})
    if query.compare is not None and f"{name}__delta" in row:
        delta = written.delta(row, metric)
        cells += [
            {"text": written.exact(row[f"{name}__previous"], metric)},
            {"text": delta.text, "tone": delta.tone},
            {"text": delta.interval},
        ]
    return cells
