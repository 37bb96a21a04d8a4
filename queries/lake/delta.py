"""One Delta table of the lake: its files at a version, and commits of files written elsewhere.

Commits never retry: a table that moved on since it was read means that somebody else is writing.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from queries.lake.errors import LeaseHeld
from queries.lake.storage import Storage
from queries.reduction import Days


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a table at one version: path inside the table -> rows and bytes.

    `days` has the first and the last day of each file, by column of days, as far as known.
    """

    version: int
    rows: Mapping[str, int]
    sizes: Mapping[str, int]
    days: Mapping[str, Mapping[str, tuple[date, date]]] = field(
        default_factory=dict[str, Mapping[str, tuple[date, date]]]
    )

    def holding(self, days: Days | None) -> tuple[str, ...]:
        """Paths of the files that may have rows of some days; where none may, of one of them."""
        paths = tuple(self.sizes)
        if days is None:
            return paths
        known = self.days.get(days.column, {})
        start, end = days.period.start, days.period.end
        return (
            tuple(
                path
                for path in paths
                if path not in known or (known[path][0] <= end and known[path][1] >= start)
            )
            or paths[:1]
        )


@dataclass(frozen=True, slots=True)
class Added:
    """A Parquet file that is to become part of a table."""

    path: str
    rows: int
    action: AddAction


def open_table(storage: Storage, table: str, version: int | None = None) -> DeltaTable | None:
    """The table at a version, or None where it does not exist."""
    location = storage.table(table)
    with storage.reaching():
        try:
            return DeltaTable(location, version=version, storage_options=storage.delta_options)
        except TableNotFoundError:
            return None


def files_at(storage: Storage, table: str, version: int) -> Files:
    opened = open_table(storage, table, version)
    return Files(version, {}, {}) if opened is None else files_of(opened)


def files_of(opened: DeltaTable) -> Files:
    actions = pa.table(opened.get_add_actions(flatten=True))
    dated = [
        n.removeprefix("min.")
        for n in actions.column_names
        if n.startswith("min.") and pa.types.is_date(actions.schema.field(n).type)
    ]
    ends = [f"{end}.{n}" for n in dated for end in ("min", "max")]
    listed = actions.select(["path", "num_records", "size_bytes", *ends])
    rows = sorted(listed.to_pylist(), key=lambda f: f["path"])
    return Files(
        int(opened.version()),
        {f["path"]: f["num_records"] or 0 for f in rows},
        {f["path"]: f["size_bytes"] for f in rows},
        {
            n: {
                f["path"]: (f[f"min.{n}"], f[f"max.{n}"])
                for f in rows
                if f[f"min.{n}"] is not None and f[f"max.{n}"] is not None
            }
            for n in dated
        },
    )


def added(storage: Storage, table: str, path: str) -> Added:
    """Describe a Parquet file written to its place, with the statistics that prune it."""
    inside = f"tables/{table}/{path}"
    place = storage.place(inside)
    footer = pq.read_metadata(place)
    size = place.stat().st_size
    action = AddAction(path, size, {}, int(time.time() * 1000), True, json.dumps(_stats(footer)))
    return Added(path, footer.num_rows, action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What one commit does to one table. `replace` also replaces its columns.

    `alone` refuses even where a commit without files came between: what `fence` makes.
    """

    table: str
    schema: pa.Schema
    add: Sequence[Added]
    remove: Sequence[str]
    base: Files | None
    replace: bool = False
    alone: bool = False


def commit(storage: Storage, edit: Edit, source: str, number: int) -> int:
    """Commit files to a table, tagged with the source; gives the table's new version."""
    properties = CommitProperties(
        max_commit_retries=0, app_transactions=[Transaction(source, number)]
    )
    schema = Schema.from_arrow(edit.schema)
    adds: list[AddAction | RemoveAction] = [a.action for a in edit.add]
    try:
        if edit.base is None:
            create_table_with_add_actions(
                storage.table(edit.table),
                schema,
                [a.action for a in edit.add],
                mode="error",
                storage_options=storage.delta_options,
                commit_properties=properties,
            )
            return 0
        opened = open_table(storage, edit.table)
        if opened is None or _has_moved(opened, edit):
            raise _moved(edit.table)
        opened.create_write_transaction(
            adds if edit.replace else [*adds, *_removals(edit.base, edit.remove)],
            "overwrite" if edit.replace else "append",
            schema,
            commit_properties=properties,
        )
    except (CommitFailedError, FileExistsError) as error:
        raise _moved(edit.table) from error
    return int(opened.version()) + 1


def _has_moved(opened: DeltaTable, edit: Edit) -> bool:
    if edit.base is None or files_of(opened).rows != edit.base.rows:
        return True
    return edit.alone and opened.version() != edit.base.version


def fence(storage: Storage, table: str, schema: pa.Schema) -> None:
    """Commit nothing to a table, so that a commit begun before fails. Raises LeaseHeld."""
    properties = CommitProperties(max_commit_retries=0)
    fields = Schema.from_arrow(schema)
    opened = open_table(storage, table)
    try:
        if opened is not None:
            opened.create_write_transaction([], "append", fields, commit_properties=properties)
            return
        create_table_with_add_actions(
            storage.table(table),
            fields,
            [],
            mode="error",
            storage_options=storage.delta_options,
            commit_properties=properties,
        )
    except (CommitFailedError, FileExistsError) as error:
        raise _moved(table) from error


def _moved(table: str) -> LeaseHeld:
    return LeaseHeld(f"Table “{table}” changed while it was written.", "Run again.")


def settle(storage: Storage, table: str, version: int | None) -> None:
    """Undo commits that no snapshot names: they are of a writer that died before it was done."""
    opened = open_table(storage, table)
    if opened is None or opened.version() == version:
        return
    if version is None:
        storage.remove_folder(f"tables/{table}")
    elif files_at(storage, table, version).rows != files_at(storage, table, opened.version()).rows:
        opened.restore(version, commit_properties=CommitProperties(max_commit_retries=0))


def _removals(base: Files, paths: Iterable[str]) -> list[RemoveAction]:
    now = int(time.time() * 1000)
    return [RemoveAction(p, True, now, base.sizes[p], {}) for p in paths]


def _stats(footer: pq.FileMetaData) -> dict[str, Any]:
    """Delta's statistics from a Parquet footer, for the types that prune: numbers and times."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for name, found in _column_statistics(footer).items():
        if all(s is not None and s.has_min_max for s in found):
            low[name] = _plain(min(s.min for s in found))
            high[name] = _plain(max(s.max for s in found))
    return {"numRecords": footer.num_rows, "minValues": low, "maxValues": high}


def _column_statistics(footer: pq.FileMetaData) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for group in range(footer.num_row_groups):
        for index in range(footer.num_columns):
            chunk = footer.row_group(group).column(index)
            if "." not in chunk.path_in_schema and _prunes(footer.schema.column(index)):
                columns.setdefault(chunk.path_in_schema, []).append(chunk.statistics)
    return columns


def _prunes(column: Any) -> bool:  # noqa: ANN401 - pyarrow does not export the type
    kind = str(column.logical_type.type)
    return kind in {"DATE", "TIMESTAMP"} or (
        kind in {"NONE", "INT"} and column.physical_type in {"INT32", "INT64"}
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - a Parquet statistic
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return naive.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
