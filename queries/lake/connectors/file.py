"""Any table in a file becomes a dataset of its own, explorable at once.

Types, time, dimensions and metrics are inferred and written down as a dataset like those of the
catalog, for people to mend. Numbers that look additive can be summed; rates and ids cannot, because
their sums mean nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import yaml

from queries.lake import contract
from queries.lake.columns import Columns
from queries.lake.connector import Connector, Option, Reading, Request
from queries.lake.errors import LakeError, RefusedFile
from queries.lake.identity import bucketed
from queries.lake.inference import slug, slugs, typed
from queries.lake.rows import ROW, Rows, read_sheets

ENTITY = re.compile(r"^(account|user|customer|member|viewer|subscriber|household|profile)_?id$")
TIME = re.compile(r"date|day|time|week|month|_ts$|_at$")
NOT_ADDITIVE = re.compile(
    r"(^|_)(id|ids|key|code|zip|postcode|fips|year|month|week|day|hour|quarter|qtr|rank|index|idx|"
    r"rate|ratio|share|pct|percent|percentage|ctr|cvr|avg|average|mean|median|p\d\d|score|rating|"
    r"prob|probability|propensity|significance|lat|latitude|lon|lng|longitude|version|level|position|pos|"
    r"min|max|std|age|temperature|speed|price|duration_avg)(_|$)"
)
KINDS = {"Boolean": "boolean", "String": "text", "Date": "date", "Int64": "number"}
FEW = 50
WIDE = 1_000
MOST = 300


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    label: str
    values: pl.Series


def read(request: Request, rows: Rows) -> Reading:
    name = _name(request.options["name"])
    columns = Columns(rows)
    frame = typed(rows, columns)
    if not frame.width:
        raise RefusedFile(
            f"“{request.delivery.name}” has no column to ask about.", code="no_content"
        )
    names = slugs(frame.columns)
    labels = [" ".join(c.split())[:80] for c in frame.columns]
    frame.columns = names
    fields = [_Field(n, x, frame[n]) for n, x in zip(names, labels, strict=True)]
    clock = _clock(fields)
    frame = frame.with_columns(columns.row.alias(ROW), _day(clock))
    entity = next((f.name for f in fields if ENTITY.match(f.name)), "")
    if entity:
        frame = bucketed(frame.with_columns(pl.col(entity).cast(pl.String)), entity, ROW)
    table = f"file_{name}"
    return Reading(
        rows=rows,
        tables={table: frame},
        rejected=columns.rejected,
        notes=_notes(request, rows),
        fresh=frozenset({table}),
        days={table: "date"},
        datasets={name: _dataset(request, fields, clock, entity)},
    )


def _notes(request: Request, rows: Rows) -> tuple[str, ...]:
    notes: list[str] = []
    if nested := [c for c in rows.columns if rows.frame[c].dtype.is_nested()]:
        notes.append(f"Nested columns are not used: {', '.join(nested)}.")
    if request.delivery.format == "xlsx":
        used, *others = [name for name, _ in read_sheets(request.delivery)]
        notes += [f"Only the sheet “{used}” is read, not {', '.join(others)}."] if others else []
    return tuple(notes)


def _name(given: str) -> str:
    name = slug(given)
    if name != given:
        raise LakeError(
            f"“{given}” cannot be the name of a dataset.",
            f"Write it like {name or 'my_sales'}.",
            code="bad_name",
        )
    if name in contract.tables() or name in {"bucket", "incomplete", "small", "value"}:
        raise LakeError(
            f"“{name}” is a name of the portal's own.", "Choose another.", code="bad_name"
        )
    return name


def _clock(fields: list[_Field]) -> _Field | None:
    """The column that says when: one whose name says so, else the first date or time."""
    times = [f for f in fields if f.values.dtype.is_temporal() and f.values.dtype != pl.Time]
    return next((f for f in times if TIME.search(f.name)), times[0] if times else None)


def _day(clock: _Field | None) -> pl.Expr:
    if clock is None:
        return pl.lit(datetime.now(UTC).date()).alias("date")
    return pl.col(clock.name).cast(pl.Date).alias("date")


def _dataset(request: Request, fields: list[_Field], clock: _Field | None, entity: str) -> str:
    name = request.options["name"]
    described = "The day of delivery; the file has no date." if clock is None else ""
    written: dict[str, Any] = {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "table": f"file_{name}",
        "description": f"From the file {request.delivery.name[:100]}.",
        "row_label": "rows",
        "grain": "one row of the file",
        "entity": entity,
        "load_hint": f"playhead ingest file FILE --name {name}",
        "time": {
            "name": "date",
            "label": clock.label if clock else "Delivered",
            "column": '"date"',
            "description": described,
        },
        "dimensions": [d for f in fields if f is not clock and (d := _dimension(f))][:MOST],
    }
    taken = {"date", *(d["name"] for d in written["dimensions"])}
    written["metrics"] = _metrics(fields, entity, taken)[:MOST]
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100)


def _dimension(field: _Field) -> Mapping[str, Any] | None:
    values = field.values
    kind = KINDS.get(str(values.dtype))
    distinct = values.n_unique()
    is_amount = kind == "number" and distinct > FEW and not NOT_ADDITIVE.search(field.name)
    if kind is None or is_amount:
        return None
    found = {
        "name": field.name,
        "label": field.label,
        "expression": f'"{field.name}"',
        "kind": kind,
    }
    return found | ({"wide": True} if distinct > WIDE else {})


def _metrics(fields: list[_Field], entity: str, taken: set[str]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = [
        {"name": "rows", "label": "Rows", "formula": "count(*)", "description": "Rows of the file."}
    ]
    if entity:
        [units] = slugs([f"{entity.removesuffix('_id')}s"], taken | {"rows"})
        formula = f'count(distinct "{entity}")'
        found.append({"name": units, "label": units.capitalize(), "formula": formula})
        taken.add(units)
    amounts = [f for f in fields if f.values.dtype.is_numeric() and f.name != entity]
    amounts = [f for f in amounts if not NOT_ADDITIVE.search(f.name)]
    names = slugs([f"sum_{f.name}" for f in amounts], taken | {"rows"})
    for metric, field in zip(names, amounts, strict=True):
        is_whole = field.values.dtype == pl.Int64
        found.append(
            {
                "name": metric,
                "label": field.label,
                "formula": f'sum("{field.name}")',
                "format": "number" if is_whole else "decimal",
            }
        )
    return found


CONNECTOR = Connector(
    "file",
    "any CSV, TSV, Parquet, JSON lines or XLSX table: a dataset of its own",
    read,
    (Option("name", "the name of the dataset, in lower_snake_case", required=True),),
    single=True,
)
