"""SQL that scans a table's Parquet files, and what is known of their columns.

Matching columns by name over files that may differ makes DuckDB open every file before it starts,
so it is asked for only where files do differ.
"""

from threading import Lock

import duckdb

from queries.engines.sql import text
from queries.errors import NotLoaded
from queries.reduction import Part

_NUMBER = "file_row_number"

_COLUMNS = """
SELECT file_name, hash(list(described ORDER BY described))
FROM (SELECT file_name, (name, type, type_length, repetition_type, converted_type, logical_type)
                        AS described
      FROM parquet_schema([{files}]))
GROUP BY file_name
"""


class Columns:
    """What columns files have. Each is looked at once: files of a lake never change."""

    def __init__(self) -> None:
        self._kinds: dict[str, int] = {}
        self._names: dict[int, frozenset[str]] = {}
        self._looking = Lock()

    def are_alike(self, files: tuple[str, ...], cursor: duckdb.DuckDBPyConnection) -> bool:
        """Whether all have the same columns."""
        return len(self._kinds_of(files, cursor)) == 1

    def have(
        self, files: tuple[str, ...], columns: frozenset[str], cursor: duckdb.DuckDBPyConnection
    ) -> bool:
        """Whether each of these columns is in one of the files at least."""
        kinds = self._kinds_of(files, cursor)
        for kind, file in kinds.items():
            if kind not in self._names:
                self._names[kind] = frozenset(cursor.sql(f"FROM {files_sql((file,))}").columns)
        return columns <= frozenset[str]().union(*(self._names[kind] for kind in kinds))

    def _kinds_of(
        self, files: tuple[str, ...], cursor: duckdb.DuckDBPyConnection
    ) -> dict[int, str]:
        """One file for each set of columns that there is among them."""
        with self._looking:
            if new := [f for f in files if f not in self._kinds]:
                listed = ", ".join(text(f) for f in new)
                self._kinds |= dict(cursor.execute(_COLUMNS.format(files=listed)).fetchall())
            return {self._kinds[f]: f for f in files}


def part_sql(files: tuple[str, ...], part: Part, *, are_alike: bool = False) -> str:
    """A scan of a part of their rows: row groups of other rows are not read."""
    listed = files_sql(files, are_alike=are_alike).removesuffix(")")
    return (
        f"(SELECT * EXCLUDE ({_NUMBER}) FROM {listed}, {_NUMBER} = true)"
        f" WHERE {_NUMBER} < {part.of_each(len(files))})"
    )


def files_sql(files: tuple[str, ...], *, are_alike: bool = False) -> str:
    """A scan of exactly these files. Raises NotLoaded where there are none to scan."""
    if not files:
        raise NotLoaded("The table is there, but has no rows.", "Load a file that holds some.")
    listed = ", ".join(text(f) for f in files)
    by_name = "" if are_alike else ", union_by_name = true"
    return f"read_parquet([{listed}]{by_name})"
