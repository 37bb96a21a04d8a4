"""The lake as it will be once the commit in hand is made: what was built so far, over a snapshot.

So a rollup can be built of a derived table, and both become visible at once.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from queries.lake.lake import Change
from queries.lake.snapshot import Snapshot
from queries.reduction import Days


class Underway:
    """A snapshot and the changes to come. Implements `queries.reduction.Tables`.

    Versions are those of the snapshot: what is built goes by the versions of its sources, not by
    its own. `written` is what the record's details are to say anew.
    """

    def __init__(self, before: Snapshot) -> None:
        self.before = before
        self._files: dict[str, tuple[str, ...]] = {}
        self._changed: dict[str, Change] = {}
        self.data_version = before.data_version
        self.changes: list[Change] = []
        self.written: dict[str, dict[str, Any]] = {}

    def take(self, change: Change) -> None:
        """Add a change. A table that is built whole can be read from now on."""
        self.changes.append(change)
        if change.fresh:
            self._files[change.table] = change.files
        else:
            self._changed[change.table] = change

    def changed(self, table: str) -> Change | None:
        """What is to come of a table of which only some days are built: `files` are from before."""
        return self._changed.get(table)

    def write_down(self, kind: str, name: str, what: Mapping[str, Any]) -> None:
        """Say in the record's details what something was built from."""
        kept = self.written.setdefault(kind, dict(self.before.details.get(kind, {})))
        kept[name] = what

    @property
    def versions(self) -> Mapping[str, int]:
        return self.before.versions

    @property
    def details(self) -> Mapping[str, Any]:
        return {**self.before.details, **self.written}

    def files(self, table: str, days: Days | None = None) -> tuple[str, ...]:
        return self._files[table] if table in self._files else self.before.files(table, days)

    def has(self, table: str) -> bool:
        return table in self._files or self.before.has(table)

    def is_whole(self, table: str) -> bool:
        """Whether all rows that the table will have can be read: none of it was built by days."""
        return table in self._files or all(c.table != table for c in self.changes)

    def hold(self, tables: Iterable[str]) -> bool:
        """Whether every one of the tables is there and has a row."""
        return all(self.has(name) and self.files(name) for name in tables)

    def rows(self, table: str) -> int:
        return self.before.rows(table)

    def complete_through(self, table: str) -> date | None:
        return self.before.complete_through(table)
