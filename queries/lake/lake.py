"""The lake: read a snapshot of it, or commit changes to several tables at once.

A commit writes data files, commits each table, then appends one record that names a version of
every table. Before that last step readers see nothing of it; a writer that dies before it leaves
only files and table versions that no record names, and the next writer clears them away.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from uuid import uuid4

import polars as pl
import pyarrow as pa

from queries.lake import contract, delta
from queries.lake.contract import Clocks
from queries.lake.copies import Copies
from queries.lake.errors import BadRows, LeaseHeld, UnknownVersion
from queries.lake.freshness import reach
from queries.lake.habit import arrivals, past_arrivals
from queries.lake.lease import Lease
from queries.lake.shared_lease import TERM_S, SharedLease
from queries.lake.snapshot import EMPTY, Record, Snapshot, TableState
from queries.lake.storage import Storage
from queries.lake.writer import Writer
from queries.reduction import Days

RECORDS = "snapshots"
STAGING = "staging"
RECORD_SCHEMA = pa.schema(
    [("number", pa.int64()), ("data_version", pa.string()), ("record", pa.string())]
)
RECHECK_S = 1.0
RECHECK_STORE_S = 5.0
LEASE_TIMEOUT_S = 600.0
FENCE_ATTEMPTS = 5
HABIT_RECORDS = 300


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a commit does to one table.

    First the rows whose columns equal a row of `without` leave (a frame with one column
    `local_date` drops whole days, one with the key drops those rows), or with `fresh` all rows,
    and the columns with them. Then `rows` come in, sorted by the table's day, and the Parquet
    `files` that the caller wrote to names from `Lake.new_file`. `day` names the column of the
    table's day where no contract does; `complete_through` is its last complete day where the rows
    alone cannot tell.
    """

    table: str
    rows: pl.DataFrame | pa.Table | None = None
    files: tuple[str, ...] = ()
    without: pl.DataFrame | None = None
    fresh: bool = False
    day: str = ""
    complete_through: date | None = None


class Lake:
    """Tables in a local folder, or in an object store with its options and a place for copies."""

    def __init__(
        self,
        url: str | Path,
        storage_options: Mapping[str, str] | None = None,
        copies: Copies | None = None,
        *,
        term_s: float = TERM_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.storage = Storage(str(url).removeprefix("file://"), storage_options or {}, copies)
        local = self.storage.is_local
        self._recheck_s = RECHECK_S if local else RECHECK_STORE_S
        self._lease: Lease | SharedLease = (
            Lease(self.storage.location("lease"))
            if local
            else SharedLease(self.storage, self._fence, term_s)
        )
        self._clock = clock
        self._lock = Lock()
        self._newest: Record | None = None
        self._checked = -RECHECK_STORE_S
        self._snapshots: dict[int, Snapshot] = {}
        self._records: dict[str, Record] = {EMPTY: Record.empty()}
        self._files: dict[tuple[str, int], delta.Files] = {}

    def snapshot(self, version: str | None = None) -> Snapshot:
        """The newest snapshot, at most a second old, or the one with this data version.

        In an object store it may be five seconds old. Raises UnknownVersion. An empty lake has a
        snapshot too, without tables.
        """
        record = self._current() if version is None else self._named(version)
        with self._lock:
            if record.number not in self._snapshots:
                self._snapshots[record.number] = Snapshot(record, self._open_files)
            return self._snapshots[record.number]

    def snapshot_now(self) -> Snapshot:
        """The newest snapshot this very moment: what a writer that holds the lease builds on."""
        return Snapshot(self._latest(), self._open_files)

    def staging(self) -> Path | None:
        """A folder for work in progress that the next writer clears; None for an object store."""
        if not self.storage.is_local:
            return None
        folder = Path(self.storage.location(STAGING))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def history(self, limit: int = 100) -> list[Record]:
        """The newest records first."""
        names = reversed(self._record_names()[-limit:])
        return [self._read_record(n) for n in names]

    @contextmanager
    def lease(self, timeout_s: float = LEASE_TIMEOUT_S) -> Generator[None]:
        """Hold the right to write, for several files or commits. Raises LeaseHeld.

        `commit` takes it by itself; whoever calls `new_file` holds it from there to the commit.
        """
        with self._lease.held(timeout_s) as fresh:
            if fresh:
                self._settle(self._latest())
            yield

    def new_file(self, table: str) -> str:
        """Where to write the next Parquet file of a table, for `Change.files`.

        A file that is never committed is swept away by the next writer.
        """
        number = self._latest().number + 1
        name = f"{number:06d}-{uuid4().hex[:12]}.parquet"
        return str(self.storage.place(f"tables/{table}/{name}"))

    def changed_files(self, table: str, earlier: str, later: Snapshot) -> tuple[str, ...]:
        """Files of a table that only one of two versions of the lake has."""
        states = (self._named(earlier).tables.get(table), later.record.tables.get(table))
        before, after = (self._inside(table, s.version).items() if s else () for s in states)
        return self.storage.files(dict(sorted({*before} ^ {*after})))

    def addresses(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Paths inside the lake of every file of a snapshot."""
        tables = snapshot.record.tables.items()
        return tuple(path for name, state in tables for path in self._inside(name, state.version))

    def commit(
        self,
        changes: Sequence[Change],
        source: str,
        *,
        datasets: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
        is_news: bool = True,
    ) -> str:
        """Apply all changes or none, and give the new data version.

        `source` says where the rows are from; they are no news where they only derive from what
        the lake has. `datasets` and `details` are laid over those of the
        newest snapshot; a value of None removes a detail. Raises BadRows and LeaseHeld.
        """
        if len({c.table for c in changes}) != len(changes):
            raise BadRows("A commit changes each table once.")
        with self.lease():
            opened = delta.open_table(self.storage, RECORDS)
            records = delta.files_of(opened) if opened else None
            before = self._with_habits(self._latest())
            self._lease.confirm()
            tables = dict(before.tables)
            for change in changes:
                state = self._change(before, change, source)
                if is_news:
                    earlier, now = before.tables.get(change.table), self._clock()
                    moments = arrivals(earlier, state.complete_through, now)
                    state = replace(state, arrivals=moments)
                tables[change.table] = state
            merged = {**before.details, **(details or {})}
            record = Record(
                number=before.number + 1,
                created_at=self._clock(),
                source=source,
                tables=tables,
                datasets={**before.datasets, **(datasets or {})},
                details={k: v for k, v in merged.items() if v is not None},
            )
            self._append(record, records)
            return record.data_version

    def _with_habits(self, newest: Record) -> Record:
        """With the moments of news off older records, of tables loaded before they were kept."""
        lacking = [n for n, t in newest.tables.items() if not t.arrivals and contract.table(n)]
        if not lacking:
            return newest
        past = self.history(HABIT_RECORDS)[::-1]
        learnt = {n: replace(newest.tables[n], arrivals=past_arrivals(past, n)) for n in lacking}
        return replace(newest, tables={**newest.tables, **learnt})

    def _change(self, before: Record, change: Change, source: str) -> TableState:
        state = before.tables.get(change.table)
        clocks = self._clocks(change, state)
        base = delta.files_at(self.storage, change.table, state.version) if state else None
        tag = sha256(source.encode()).hexdigest()[:12]
        prefix = f"{before.number + 1:06d}-{tag}{self.storage.attempt}"
        writer = Writer(self.storage, change.table, prefix, clocks.day)
        new = [writer.registered(f) for f in change.files]
        if change.rows is not None:
            new += writer.rows(change.rows)
        removed: list[str] = []
        if base is not None and change.without is not None and not change.fresh:
            removed, kept = writer.without(base, change.without)
            new += kept
        edit = delta.Edit(
            table=change.table,
            schema=writer.schema or self._schema(change.table, state),
            add=new,
            remove=removed,
            base=base,
            replace=change.fresh,
        )
        version = delta.commit(self.storage, edit, tag, before.number + 1)
        return self._state(change, version, clocks)

    def _state(self, change: Change, version: int, clocks: Clocks) -> TableState:
        found = delta.files_at(self.storage, change.table, version)
        sizes = {f"tables/{change.table}/{path}": size for path, size in found.sizes.items()}
        days = reach(self.storage.files(sizes), clocks)
        rows = sum(found.rows.values())
        return TableState(
            version=version,
            rows=rows,
            first_day=days.first,
            last_day=days.last,
            complete_through=change.complete_through or days.complete,
            day=clocks.day,
            written_at=self._clock().isoformat(),
            feeds=days.feeds if len(days.feeds) > 1 else {},
        )

    def _clocks(self, change: Change, state: TableState | None) -> Clocks:
        declared = contract.table(change.table)
        if declared is not None:
            return declared.clocks
        return Clocks(day=change.day or (state.day if state and not change.fresh else ""))

    def _schema(self, table: str, state: TableState | None) -> pa.Schema:
        declared = contract.table(table)
        if declared is not None:
            return declared.schema
        opened = delta.open_table(self.storage, table, state.version) if state else None
        if opened is None:
            raise BadRows(f"Table “{table}” is new: it needs rows or files.")
        return pa.schema(opened.schema().to_arrow())

    def _append(self, record: Record, before: delta.Files | None) -> None:
        """Write the record; the commit exists from here on."""
        path = f"{record.number:06d}-{record.data_version}.parquet"
        row = {
            "number": record.number,
            "data_version": record.data_version,
            "record": record.to_json(),
        }
        self.storage.write(
            f"tables/{RECORDS}/{path}", pa.Table.from_pylist([row], schema=RECORD_SCHEMA)
        )
        edit = delta.Edit(
            table=RECORDS,
            schema=RECORD_SCHEMA,
            add=[delta.added(self.storage, RECORDS, path)],
            remove=[],
            base=before,
            alone=True,
        )
        delta.commit(self.storage, edit, RECORDS, record.number)
        with self._lock:
            self._newest, self._checked = record, monotonic()
            self._records[record.data_version] = record

    def _settle(self, newest: Record) -> None:
        """Undo what a writer left behind that died before it wrote its record."""
        if STAGING in self.storage.folders(""):
            self.storage.remove_folder(STAGING)
        for table in self.storage.folders("tables"):
            if table != RECORDS:
                state = newest.tables.get(table)
                delta.settle(self.storage, table, state.version if state else None)
            for name in self.storage.names(f"tables/{table}"):
                if name[:6].isdigit() and int(name[:6]) > newest.number:
                    self.storage.remove(f"tables/{table}/{name}")

    def _current(self) -> Record:
        with self._lock:
            if self._newest is not None and monotonic() - self._checked < self._recheck_s:
                return self._newest
        return self._latest()

    def _latest(self) -> Record:
        names = self._record_names()
        newest = self._read_record(names[-1]) if names else Record.empty()
        with self._lock:
            self._newest, self._checked = newest, monotonic()
        return newest

    def _named(self, version: str) -> Record:
        with self._lock:
            if version in self._records:
                return self._records[version]
        wanted = next((n for n in self._record_names() if n[7:-8] == version), None)
        if wanted is None:
            raise UnknownVersion(
                f"The lake has no version “{version}”.",
                f"The newest is {self._latest().data_version}.",
            )
        return self._read_record(wanted)

    def _record_names(self) -> list[str]:
        opened = delta.open_table(self.storage, RECORDS)
        return sorted(Path(f).name for f in opened.file_uris()) if opened else []

    def _read_record(self, name: str) -> Record:
        version = name[7:-8]
        with self._lock:
            if version in self._records:
                return self._records[version]
        row = self.storage.read(f"tables/{RECORDS}/{name}", ["record"])
        record = Record.from_json(row.column("record")[0].as_py())
        with self._lock:
            self._records[version] = record
        return record

    def _open_files(self, table: str, version: int, days: Days | None) -> tuple[str, ...]:
        return self.storage.files(self._inside(table, version, days))

    def _inside(self, table: str, version: int, days: Days | None = None) -> Mapping[str, int]:
        """Paths inside the lake of the files of a table at a version, and their sizes in bytes."""
        key = (table, version)
        with self._lock:
            found = self._files.get(key)
        if found is None:
            found = delta.files_at(self.storage, table, version)
            with self._lock:
                self._files[key] = found
        return {f"tables/{table}/{path}": found.sizes[path] for path in found.holding(days)}

    def _fence(self) -> None:
        """Make a record that another writer may be about to append fail."""
        for _ in range(FENCE_ATTEMPTS - 1):
            with suppress(LeaseHeld):
                delta.fence(self.storage, RECORDS, RECORD_SCHEMA)
                return
        delta.fence(self.storage, RECORDS, RECORD_SCHEMA)
