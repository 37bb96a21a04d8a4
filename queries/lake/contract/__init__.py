"""What every table of the lake holds: one YAML file a table beside this module.

A lake may hold some of the tables only. Column types are DuckDB's; `required` columns are never
null; a check is a row predicate that must not be false, with the reason given to the row's owner.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated

import duckdb
import pyarrow as pa
import yaml
from deltalake import Schema
from pydantic import BaseModel, ConfigDict, Field

from queries.lake.errors import BadRows

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `values` lists its domain where that is closed; empty means open.

    A `personal` one tells whose a row is, or which rows are of one account (a visit, a search that
    led to another): it clusters and is counted, but nobody is shown it.
    """

    name: str
    type: str
    required: bool = False
    unit: str = ""
    about: str = ""
    values: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A predicate over one row. Null counts as kept: what is not recorded cannot be wrong."""

    code: str
    holds: str
    reason: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """Columns of the three clocks, and of the feed that keeps them. A published table has `day`."""

    day: str = ""
    event: str = ""
    arrival: str = ""
    feed: str = ""


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Of two rows with one key the one of the later `edition` stays, or without such a column the one
    that arrived later.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    clocks: Clocks = Clocks()
    checks: tuple[Check, ...] = ()
    description: str = ""
    load_hint: str = ""
    edition: str = ""

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema that every file of the table has."""
        return pa.schema([(c.name, arrow_type(c.type)) for c in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@cache
def arrow_type(sql_type: str) -> pa.DataType:
    """The Arrow type that Delta and DuckDB agree on for a DuckDB type."""
    with duckdb.connect() as connection:
        answer = connection.sql(f"SELECT CAST(NULL AS {sql_type}) AS x").to_arrow_table()
    return canonical(answer.schema).field("x").type


def canonical(schema: pa.Schema) -> pa.Schema:
    """The same schema as Delta spells it: one text type, one name for list elements."""
    plain = [pa.field(f.name, _decoded(f.type)) for f in schema]
    return pa.schema(Schema.from_arrow(pa.schema(plain)).to_arrow())


def tables() -> Mapping[str, Table]:
    """Every table of the contract, by name."""
    return _tables()


def table(name: str) -> Table | None:
    """The contract of a table; None for tables of the portal's own or of a `file` dataset."""
    return _tables().get(name)


def conformed(name: str, rows: pa.Table) -> pa.Table:
    """Rows with exactly the columns and types of their table. Missing optional columns are null.

    Raises BadRows for an unknown column or a value that does not fit its type.
    """
    declared = table(name)
    if declared is None:
        return rows.cast(canonical(rows.schema))
    if unknown := sorted(set(rows.column_names) - set(declared.names)):
        raise BadRows(f"Table “{name}” has no column {', '.join(unknown)}.")
    arrays: list[pa.ChunkedArray | pa.Array] = []
    for field in declared.schema:
        if field.name not in rows.column_names:
            arrays.append(pa.nulls(rows.num_rows, field.type))
            continue
        try:
            arrays.append(_cast(rows.column(field.name), field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise BadRows(f"Column {name}.{field.name}: {error}") from error
    whole = pa.Table.from_arrays(arrays, schema=declared.schema)
    for column in declared.columns:
        if column.required and whole.column(column.name).null_count:
            raise BadRows(f"Column {name}.{column.name} is required and has missing values.")
    return whole


def accepts(name: str, schema: pa.Schema) -> None:
    """Raise BadRows where a Parquet file's schema is not that of its table."""
    declared = table(name)
    if declared is None:
        return
    found = canonical(schema)
    wrong = [
        f"{f.name} is {found.field(f.name).type if f.name in found.names else 'missing'}, "
        f"not {f.type}"
        for f in declared.schema
        if f.name not in found.names or found.field(f.name).type != f.type
    ]
    wrong += [f"{n} is unknown" for n in found.names if n not in declared.names]
    if wrong:
        raise BadRows(f"File of table “{name}”: {'; '.join(wrong)}.")


def _decoded(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cast, also from the lists of key and value pairs that data frames hold for a map."""
    if not pa.types.is_map(kind) or pa.types.is_map(column.type):
        return column.cast(kind)
    pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
    lists = column.cast(pa.list_(pair))
    return pa.chunked_array([_mapped(c, kind) for c in lists.chunks], kind)


def _mapped(lists: pa.ListArray, kind: pa.DataType) -> pa.Array:
    keys, values = lists.values.flatten()
    mask = lists.is_null() if lists.null_count else None
    return pa.MapArray.from_arrays(lists.offsets, keys, values, mask=mask).cast(kind)


@cache
def _tables() -> Mapping[str, Table]:
    texts = sorted(files("queries.lake.contract").iterdir(), key=lambda f: f.name)
    found = [parse(f.read_text("utf-8")) for f in texts if f.name.endswith(".yaml")]
    return {t.name: t for t in found}


class _Column(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: str
    required: bool = False
    unit: str = ""
    about: str = ""
    values: tuple[str, ...] = ()
    personal: bool = False


class _Check(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: Name
    holds: str
    reason: str


class _Clocks(BaseModel):
    model_config = ConfigDict(extra="forbid")
    day: str = ""
    event: str = ""
    arrival: str = ""
    feed: str = ""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name
    grain: str
    key: tuple[Name, ...] = Field(min_length=1)
    description: str = ""
    load_hint: str = ""
    edition: str = ""
    clocks: _Clocks = _Clocks()
    columns: dict[Name, _Column] = Field(min_length=1)
    checks: tuple[_Check, ...] = ()


def parse(text: str) -> Table:
    """Read one contract. Raises ValueError where the file contradicts itself."""
    read = _Table.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    made = Table(
        name=read.name,
        grain=read.grain,
        key=read.key,
        columns=tuple(Column(name, **dict(c)) for name, c in read.columns.items()),
        clocks=Clocks(**dict(read.clocks)),
        checks=tuple(Check(**dict(c)) for c in read.checks),
        description=read.description,
        load_hint=read.load_hint,
        edition=read.edition,
    )
    named = {
        *made.key,
        made.clocks.day,
        made.clocks.event,
        made.clocks.arrival,
        made.clocks.feed,
    } - {""}
    if missing := sorted(named - set(made.names)):
        raise ValueError(f"{made.name}: key or clock names unknown columns {missing}")
    return made
