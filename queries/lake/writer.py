"""Data files of one table: rows in, sorted and conformed to the contract; and files rewritten.

Files are immutable. Dropping rows writes a file again without them, under a new name.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from queries.lake import contract, delta
from queries.lake.errors import BadRows
from queries.lake.storage import Storage

FILE_ROWS = 4_000_000


class Writer:
    """Writes the files of one commit to one table. `prefix` starts with the commit's number."""

    def __init__(self, storage: Storage, table: str, prefix: str, day: str = "") -> None:
        self._storage = storage
        self._table = table
        self._prefix = prefix
        self._day = day
        self._written = 0
        self.schema: pa.Schema | None = None

    def registered(self, file: str) -> delta.Added:
        """Take a Parquet file that the caller wrote to its place in the table's folder."""
        path = Path(file)
        if path != self._storage.place(self._inside(path.name)):
            raise BadRows(f"{path.name} does not lie in the folder of table “{self._table}”.")
        schema = pq.read_schema(path)
        contract.accepts(self._table, schema)
        self._agree(contract.canonical(schema))
        self._storage.publish(self._inside(path.name))
        return delta.added(self._storage, self._table, path.name)

    def rows(self, rows: pl.DataFrame | pa.Table) -> list[delta.Added]:
        """Write rows, sorted by day so that a period touches few row groups."""
        given = rows.to_arrow() if isinstance(rows, pl.DataFrame) else rows
        whole = contract.conformed(self._table, given)
        self._agree(whole.schema)
        if self._day in whole.column_names:
            whole = whole.sort_by([(self._day, "ascending")])
        return [self._write(part) for part in _parts(whole)]

    def without(
        self, base: delta.Files, leaving: pl.DataFrame
    ) -> tuple[list[str], list[delta.Added]]:
        """Files that lose rows equal to a row of `leaving`, and what is left of them."""
        removed: list[str] = []
        kept: list[delta.Added] = []
        for path in base.rows:
            stay = self._staying(path, leaving)
            if stay.all():
                continue
            removed.append(path)
            if stay.any():
                whole = self._storage.read(self._inside(path))
                kept.append(self._write(whole.filter(stay.to_arrow())))
        return removed, kept

    def _staying(self, path: str, leaving: pl.DataFrame) -> pl.Series:
        keys = pl.from_arrow(self._storage.read(self._inside(path), leaving.columns))
        assert isinstance(keys, pl.DataFrame)  # noqa: S101 - a table, not a column, was read
        typed = leaving.select(pl.col(n).cast(keys.schema[n]) for n in leaving.columns)
        marked = typed.unique().with_columns(__stay=pl.lit(value=False))
        joined = keys.join(
            marked, on=leaving.columns, how="left", nulls_equal=True, maintain_order="left"
        )
        return joined.get_column("__stay").fill_null(value=True)

    def _agree(self, schema: pa.Schema) -> None:
        if self.schema is not None and self.schema != schema:
            raise BadRows(f"Files and rows of table “{self._table}” differ in their columns.")
        self.schema = schema

    def _write(self, rows: pa.Table) -> delta.Added:
        path = f"{self._prefix}-{self._written}.parquet"
        self._written += 1
        self._storage.write(self._inside(path), rows)
        return delta.added(self._storage, self._table, path)

    def _inside(self, path: str) -> str:
        return f"tables/{self._table}/{path}"


def _parts(rows: pa.Table) -> Iterator[pa.Table]:
    starts: Sequence[int] = range(0, rows.num_rows, FILE_ROWS)
    for start in starts:
        yield rows.slice(start, FILE_ROWS)
