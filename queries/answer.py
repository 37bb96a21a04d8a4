"""An answer in plain form: what the API and the command line say of a result.

Numbers stay numbers, missing values and what is not a number are null, dates are ISO texts.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from queries.dataset import SMALL, Access, Dataset, Metric, PageMetric
from queries.errors import QueryError
from queries.fingerprint import fingerprint
from queries.model import Query, Result
from queries.period import Period
from queries.reduction import Tables

ZONES = {"local": "the viewer's local time", "utc": "UTC"}
_SUFFIXES = {
    "low": "lower end of 95 %",
    "high": "upper end of 95 %",
    "n": "rows behind it",
    "previous": "before",
    "delta": "change",
    "delta_low": "change, lower end of 95 %",
    "delta_high": "change, upper end of 95 %",
    "relative": "relative change",
    "relative_low": "relative change, lower end of 95 %",
    "relative_high": "relative change, upper end of 95 %",
    "share": "share of total",
    "rank": "rank",
    "running": "running total",
    "rolling": "rolling total",
}


def plain(result: Result) -> dict[str, Any]:
    """The answer as a mapping that any JSON writer takes."""
    query = result.query
    frame = result.frame
    return {
        "columns": frame.columns,
        "rows": [[_plain(v) for v in row] for row in frame.iter_rows()],
        "total": _row(result.total),
        **provenance(result),
        "took_ms": round(result.took_ms, 3),
        "source": result.source,
        "table": result.table,
        "notes": [*result.doubts, *result.notes],
        "labels": {c: label(query, c) for c in frame.columns},
        "definitions": {m.name: definition(m, query.dataset) for m in query.metrics},
    }


def provenance(result: Result) -> dict[str, Any]:
    """What the numbers are of: dates, zone, filters, data version."""
    query = result.query
    compare = query.compare
    complete = result.complete_through
    return {
        "dataset": query.dataset.name,
        "data_version": result.data_version,
        "period": _days(query.period),
        "zone": ZONES[query.dataset.clock],
        "compare": {"kind": compare.kind, **(_days(compare.period) or {})} if compare else None,
        "where": query.where.sentence if query.where else "",
        "having": [f"{t.metric} {t.operation} {t.value:g}" for t in query.thresholds],
        "complete_through": complete.isoformat() if complete else None,
    }


def definition(metric: Metric, dataset: Dataset) -> dict[str, Any]:
    """What a metric means, for somebody who sees only its number.

    Numbers of one fingerprint are of one definition, whatever it is called.
    """
    return {
        "fingerprint": fingerprint(metric, dataset),
        "label": metric.label,
        "formula": metric.formula.sql,
        "unit": metric.unit,
        "format": metric.format,
        "better": metric.better,
        "class": metric.kind,
        "description": metric.description,
        "convention": metric.convention,
        "source": metric.source,
        "owner": metric.owner,
        "status": metric.status,
    }


def page_metric(metric: PageMetric) -> dict[str, Any]:
    """One that cannot be asked: what it means, and the page that shows it."""
    return {
        "name": metric.name,
        "label": metric.label,
        "page": metric.page,
        "unit": metric.unit,
        "better": metric.better,
        "description": metric.description,
        "convention": metric.convention,
        "source": metric.source,
        "owner": metric.owner,
    }


def dataset_line(dataset: Dataset, tables: Tables) -> dict[str, Any]:
    """A dataset, and what the lake holds of it."""
    is_loaded = tables.has(dataset.table)
    complete = tables.complete_through(dataset.table) if is_loaded else None
    return {
        "name": dataset.name,
        "label": dataset.label,
        "description": " ".join(dataset.description.split()),
        "loaded": is_loaded,
        "rows": tables.rows(dataset.table) if is_loaded else 0,
        "complete_through": complete.isoformat() if complete else None,
        "load_hint": dataset.load_hint,
    }


def dataset_list(
    datasets: Iterable[Dataset], left_out: Mapping[str, tuple[str, str]], tables: Tables
) -> dict[str, Any]:
    """Every dataset that can be asked of, and why those of a lake that cannot are left out."""
    return {
        "datasets": [dataset_line(dataset, tables) for dataset in datasets],
        "left_out": [
            {"name": name, "message": message, "hint": hint}
            for name, (message, hint) in left_out.items()
        ],
        "data_version": tables.data_version,
    }


def dataset_card(dataset: Dataset, access: Access) -> dict[str, Any]:
    """Everything that somebody with `access` may ask of a dataset."""
    return {
        "name": dataset.name,
        "label": dataset.label,
        "description": " ".join(dataset.description.split()),
        "row": dataset.row_label,
        "owner": dataset.owner,
        "zone": ZONES[dataset.clock],
        "time": dataset.time.name,
        "smallest_grain": dataset.smallest_grain.value,
        "load_hint": dataset.load_hint,
        "dimensions": [
            {"name": d.name, "label": d.label, "kind": d.kind, "description": d.description}
            for d in (dataset.time, *dataset.dimensions)
        ],
        "metrics": [
            {
                "name": m.name,
                **definition(m, dataset),
                "parameters": sorted(m.parameters),
                "defaults": dict(m.defaults),
                "dimensions": list(m.dimensions),
            }
            for m in dataset.metrics
            if not access.hides(m, dataset)
        ],
        "page_metrics": [page_metric(m) for m in dataset.page_metrics],
    }


def refusal(error: QueryError) -> dict[str, Any]:
    """Why there is no answer, and what to ask instead."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}


def label(query: Query, column: str) -> str:
    """What a column of the answer is called by people: `Hours viewed, change`."""
    name, _, suffix = column.partition("__")
    if column == "incomplete":
        return "Incomplete"
    if column == SMALL:
        return "Few accounts"
    key = next((k for k in query.by if k.name == name), None)
    if key is not None:
        return key.label
    metric = next((m for m in query.metrics if m.name == name), None)
    title = metric.label if metric else name
    return f"{title}, {_SUFFIXES.get(suffix, suffix)}" if suffix else title


def _days(period: Period | None) -> dict[str, str] | None:
    if period is None:
        return None
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _row(total: pl.DataFrame) -> dict[str, Any]:
    rows = total.to_dicts()
    return {name: _plain(value) for name, value in rows[0].items()} if rows else {}


def _plain(value: Any) -> Any:  # noqa: ANN401  # any scalar of a frame
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value.isoformat() if isinstance(value, date) else value
