"""Sheet: several metrics by one or two keys as a table that can be sorted, its totals on top.

Totals are asked for, never summed; where groups overlap there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from portal.components import format as written
from portal.components.table import key_label
from portal.explore.askable import adds_up, overlaps
from portal.explore.choices import Choices
from portal.explore.leaderboard import url_text
from queries.dataset import Key, Metric, TimeBucket
from queries.model import Calculation, Query, Result

Cell = dict[str, Any]


def shares(choices: Choices, keys: Sequence[Key]) -> tuple[Calculation, ...]:
    """The share of the whole, of the metrics that have one."""
    return tuple(
        Calculation("share", metric.name)
        for metric in choices.metrics
        if adds_up(metric, keys, choices.dataset)
    )


def sheet(result: Result, choices: Choices) -> dict[str, Any]:
    """The content of a drawing of the kind `sheet`: every row of the answer."""
    query = result.query
    rows = list(result.frame.iter_rows(named=True))
    scales = {m.name: _largest(rows, m.name) for m in query.metrics}
    total = result.total.row(0, named=True) if result.total.height else None
    if overlaps(query.by, choices.dataset):
        total = None
    return {
        "columns": list(_columns(query)),
        "rows": [[*_keys(row, query), *_cells(row, query, scales)] for row in rows],
        "total": list(_cells(total, query, {})) if total else None,
        "shown": len(rows),
        "first": choices.skip + 1,
        "step": choices.limit,
        "more": len(rows) >= choices.limit,
        "order": query.order_by,
        "descending": query.descending,
    }


def paged(results: Sequence[Result], choices: Choices) -> tuple[Result, ...]:
    """The answers with the rows of the page that the view is at: the first one has them."""
    first, *rest = results
    return (replace(first, frame=first.frame.slice(choices.skip)), *rest)


def _columns(query: Query) -> Iterator[dict[str, Any]]:
    for key in query.by:
        name = "" if isinstance(key, TimeBucket) else key.name
        yield {"label": key.label, "is_text": True, "order": key.name, "filters": name}
    shared = {c.metric for c in query.calculations}
    for metric in query.metrics:
        yield {"label": metric.label, "unit": written.unit(metric), "order": metric.name}
        if metric.name in shared:
            yield {"label": "Share"}
        if query.compare is not None:
            part = "delta" if metric.format == "percent" else "relative"
            yield {"label": "Change", "order": f"{metric.name}__{part}"}


def _keys(row: dict[str, Any], query: Query) -> Iterator[Cell]:
    for key in query.by:
        value = row[key.name]
        cell: Cell = {"text": key_label(value, key)}
        if not isinstance(key, TimeBucket):
            cell["filter"] = None if value is None else url_text(value)
        yield cell


def _cells(row: dict[str, Any], query: Query, scales: dict[str, float]) -> Iterator[Cell]:
    shared = {c.metric for c in query.calculations}
    for metric in query.metrics:
        yield _value(row, metric, scales.get(metric.name, 0.0))
        if metric.name in shared:
            share = row.get(f"{metric.name}__share")
            yield {"text": "" if share is None else f"{share * 100:.1f}%"}
        if query.compare is not None:
            yield change_cell(row, metric)


def _value(row: dict[str, Any], metric: Metric, largest: float) -> Cell:
    value = row[metric.name]
    cell: Cell = {
        "text": written.exact(value, metric),
        "note": written.interval(row, metric),
        "tip": basis(row, metric),
        "few": written.is_few(row),
    }
    if value is not None and largest > 0:
        cell["bar"] = round(max(0.0, value / largest), 4)
    return cell


def change_cell(row: dict[str, Any], metric: Metric) -> Cell:
    """How a value moved: the size, its tone, and the interval below it."""
    if row.get(f"{metric.name}__previous") is None:
        return {"text": written.NOTHING}
    delta = written.delta(row, metric)
    before = written.exact(row[f"{metric.name}__previous"], metric)
    return {
        "text": delta.text,
        "tone": delta.tone,
        "note": delta.interval,
        "tip": f"{before} before",
    }


def basis(row: dict[str, Any], metric: Metric) -> str:
    """What a value rests on: its interval and the rows behind it."""
    around = written.interval(row, metric)
    n = row.get(f"{metric.name}__n")
    said = (f"95 % {around}" if around else "no interval", f"n {written.count(n)}")
    return " · ".join(said)


def _largest(rows: Sequence[dict[str, Any]], name: str) -> float:
    return max((abs(row[name]) for row in rows if row[name] is not None), default=0.0)
