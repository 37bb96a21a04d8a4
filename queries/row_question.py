"""A question for rows in plain words, for the command line and the API; and its answer as JSON."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import polars as pl

from queries.answer import ZONES
from queries.dataset import Access
from queries.errors import InvalidQuery
from queries.listing import DEEPEST, Listing, Rows
from queries.question import read_period
from queries.warehouse import Warehouse
from queries.where import parse_where


@dataclass(frozen=True, slots=True, kw_only=True)
class RowQuestion:
    """What rows are asked for, unread; the words are those of `Question`."""

    dataset: str
    where: str = ""
    period: str = "all"
    limit: int = 100
    skip: int = 0
    version: str | None = None


def list_rows(question: RowQuestion, warehouse: Warehouse, access: Access) -> Rows:
    """Read and answer, at one data version. Raises the errors of `queries.errors`."""
    version = warehouse.snapshot(question.version).data_version
    dataset = warehouse.dataset(question.dataset, version, access)
    if not 1 <= question.limit <= DEEPEST:
        raise InvalidQuery(f"The limit is {question.limit}; it is from 1 to {DEEPEST}.")
    where = parse_where(dataset, question.where)
    if where.thresholds:
        raise InvalidQuery(
            f"A row has no {where.thresholds[0].metric}: that is a number of many rows.",
            "Filter by dimensions.",
        )
    listing = Listing(
        dataset=dataset,
        where=where.condition,
        period=read_period(question.period, lambda: warehouse.span(dataset, version)),
        limit=question.limit,
        skip=question.skip,
    )
    return warehouse.rows(listing, access, version)


def plain_rows(rows: Rows) -> dict[str, Any]:
    """The rows as a mapping that any JSON writer takes."""
    return {
        "columns": [{"name": c.name, "unit": c.unit, "about": c.about} for c in rows.columns],
        "rows": [[_plain(value) for value in row] for row in rows.frame.iter_rows()],
        **provenance(rows),
        "took_ms": round(rows.took_ms, 3),
    }


def provenance(rows: Rows) -> dict[str, Any]:
    """What the rows are of: dates, zone, filters, data version, how many, what is left out."""
    listing = rows.listing
    period = listing.period
    return {
        "dataset": listing.dataset.name,
        "data_version": rows.data_version,
        "period": {"start": str(period.start), "end": str(period.end)} if period else None,
        "zone": ZONES[listing.dataset.clock],
        "where": listing.where.sentence if listing.where else "",
        "complete_through": str(rows.complete_through) if rows.complete_through else None,
        "count": rows.count,
        "skip": listing.skip,
        "withheld": list(rows.withheld),
        "personal": list(rows.personal),
    }


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists and structures as JSON texts, for forms that hold plain values only."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.with_columns(
        pl.Series(name, [_text(value) for value in frame[name].to_list()], pl.String)
        for name in nested
    )


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:  # noqa: ANN401  # any value of a frame
    match value:
        case float() if not abs(value) < float("inf"):
            return None
        case dict():
            fields = cast("dict[str, Any]", value)
            return {name: _plain(held) for name, held in fields.items()}
        case list():
            return [_plain(held) for held in cast("list[Any]", value)]
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            return value
