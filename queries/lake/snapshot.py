"""A version of the lake: one version of every table, which belong together.

A `Record` is what a commit writes down; a `Snapshot` is the same, opened for reading. Readers see
only what a record names, so an unfinished commit does not exist for them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from queries.errors import NotLoaded
from queries.lake import contract
from queries.reduction import Days

EMPTY = "v0-empty"


@dataclass(frozen=True, slots=True)
class TableState:
    """One table in one version of the lake. The days are those of its column `day`.

    `written_at` tells this version from one of the same number in another lake, or in this one
    before it was restored; empty in records from before it was kept. `arrivals` are the moments of
    its last news (`queries.lake.habit`), in seconds since 1970; none of what derives from others.
    `feeds` are the last complete days of the feeds that its rows come by, where there are several.
    """

    version: int
    rows: int
    first_day: date | None = None
    last_day: date | None = None
    complete_through: date | None = None
    day: str = ""
    written_at: str = ""
    arrivals: tuple[int, ...] = ()
    feeds: Mapping[str, date] = field(default_factory=dict[str, date])

    @property
    def behind(self) -> tuple[str, ...]:
        """The feeds that keep the table waiting, where others are further."""
        last = max(self.feeds.values(), default=None)
        return tuple(sorted(f for f, d in self.feeds.items() if d == self.complete_through != last))


@dataclass(frozen=True, slots=True)
class Record:
    """What one commit made of the lake.

    `datasets` are the YAML texts of datasets that came with a file, by name. `details` is for
    what derives from the tables (which rollups exist, of which version); its values are JSON.
    """

    number: int
    created_at: datetime
    source: str
    tables: Mapping[str, TableState] = field(default_factory=dict[str, TableState])
    datasets: Mapping[str, str] = field(default_factory=dict[str, str])
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def data_version(self) -> str:
        """Short, readable and unique: the number of the commit and a fingerprint of it."""
        if self.number == 0:
            return EMPTY
        return f"v{self.number}-{hashlib.sha256(self.to_json().encode()).hexdigest()[:6]}"

    def to_json(self) -> str:
        written = asdict(self)
        for state in written["tables"].values():
            for name in ("written_at", "arrivals", "feeds"):
                if not state[name]:
                    # An older record keeps its fingerprint.
                    del state[name]
        return json.dumps(written, default=str, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Record":
        read = json.loads(text)
        return cls(
            number=read["number"],
            created_at=datetime.fromisoformat(read["created_at"]),
            source=read["source"],
            tables={name: _state(t) for name, t in read["tables"].items()},
            datasets=read["datasets"],
            details=read["details"],
        )

    @classmethod
    def empty(cls) -> "Record":
        return cls(number=0, created_at=datetime(1970, 1, 1, tzinfo=UTC), source="")


OpenFiles = Callable[[str, int, Days | None], tuple[str, ...]]


class Snapshot:
    """The files of each table at one version. Implements `queries.reduction.Tables`.

    Safe to share between threads and to keep as long as one likes: files are never overwritten.
    """

    def __init__(self, record: Record, open_files: OpenFiles) -> None:
        self.record = record
        self.data_version = record.data_version
        self._open_files = open_files
        self.versions: Mapping[str, int] = {n: t.version for n, t in record.tables.items()}
        """The Delta version of each table: two snapshots with the same one share its rows."""

    def contents(self, table: str) -> str:
        """What is in a table, in a word: the same one means the same rows, in whatever lake."""
        state = self._state(table)
        return f"{state.version} {state.written_at}"

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self.record.tables)

    @property
    def datasets(self) -> Mapping[str, str]:
        return self.record.datasets

    @property
    def details(self) -> Mapping[str, Any]:
        return self.record.details

    @property
    def created_at(self) -> datetime:
        return self.record.created_at

    def has(self, table: str) -> bool:
        return table in self.record.tables

    def files(self, table: str, days: Days | None = None) -> tuple[str, ...]:
        """Absolute addresses of the Parquet files of a table, oldest first.

        With `days`, those are left out whose statistics say that they have no row of these days.

        Raises NotLoaded, with how to load it, where the snapshot has no such table. A table that
        lost all its rows has no files.
        """
        return self._open_files(table, self._state(table).version, days)

    def rows(self, table: str) -> int:
        return self._state(table).rows

    def complete_through(self, table: str) -> date | None:
        """The last day that has everything; None for a table without days, or without rows."""
        found = self.record.tables.get(table)
        return found.complete_through if found else None

    def days(self, table: str) -> tuple[date, date] | None:
        """First and last day of a table, whether complete or not."""
        state = self._state(table)
        if state.first_day is None or state.last_day is None:
            return None
        return state.first_day, state.last_day

    def _state(self, table: str) -> TableState:
        if table not in self.record.tables:
            declared = contract.table(table)
            hint = declared.load_hint if declared else ""
            raise NotLoaded(
                f"The lake has no table “{table}” yet.",
                f"Load it with: {hint}" if hint else "Load a file that holds it.",
            )
        return self.record.tables[table]


def _state(read: Mapping[str, Any]) -> TableState:
    first, last, complete = (
        date.fromisoformat(read[k]) if read[k] else None
        for k in ("first_day", "last_day", "complete_through")
    )
    return TableState(
        version=read["version"],
        rows=read["rows"],
        first_day=first,
        last_day=last,
        complete_through=complete,
        day=read["day"],
        written_at=read.get("written_at", ""),
        arrivals=tuple(read.get("arrivals", ())),
        feeds={name: date.fromisoformat(day) for name, day in read.get("feeds", {}).items()},
    )
