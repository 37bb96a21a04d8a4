"""Reduce with SQL, in DuckDB, straight from the lake's Parquet files."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Lock

import duckdb
import polars as pl

from queries.cancellation import check, stopped_by
from queries.condition import Scalar
from queries.dataset import BUCKET, BUCKETS, DerivedTable, OptionalInput
from queries.engines.fold import Folding
from queries.engines.scan import Columns, files_sql, part_sql
from queries.engines.sql import (
    Relation,
    Scanned,
    quoted,
    readable,
    render,
    render_rows,
    render_sets,
    text,
)
from queries.engines.together import told_apart
from queries.engines.two_steps import in_two_steps
from queries.errors import InvalidQuery, QueryTimeout
from queries.progress import scanning
from queries.reduction import Days, Reduction, Selection, Tables

SETTINGS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET parquet_metadata_cache = true",
)
PROGRESS = "SET enable_progress_bar = true; SET enable_progress_bar_print = false"
EVERY_BUCKET = range(BUCKETS)
PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 131072)"


class DuckDBEngine:
    """One in-memory database a process; one cursor a call, since a shared one mixes up rows.

    Opens on first use, so that a server may fork before it (DuckDB does not survive a fork).
    """

    name = "duckdb"

    def __init__(
        self, *, memory: str = "4GB", seconds: int = 60, spill: Path | None = None
    ) -> None:
        self._memory = memory
        self._seconds = seconds
        self._spill = spill
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._columns = Columns()
        self._opening = Lock()

    def reduce(self, reduction: Reduction, tables: Tables) -> pl.DataFrame:
        """One row a group. Raises QueryTimeout when the time budget is spent."""
        steps = in_two_steps(reduction, tables)
        frame = self._answer(*render(steps, self._scans(tables), self._rows_of(tables)))
        counts = (a.key for a in reduction.aggregates if a.operation == "count")
        return frame if steps is reduction else frame.with_columns(pl.col(counts).fill_null(0.0))

    def reduce_each(
        self, reductions: Sequence[Reduction], tables: Tables
    ) -> Sequence[pl.DataFrame]:
        """The same of reductions that read the same rows, in one scan of these."""
        sql = render_sets(reductions, self._scans(tables), self._rows_of(tables))
        return told_apart(self._answer(*sql), reductions)

    def select(self, selection: Selection, tables: Tables) -> pl.DataFrame:
        """Rows as they stand in the lake. Raises QueryTimeout like `reduce`."""
        sql = render_rows(selection, self._scans(tables), self._rows_of(tables))
        return self._answer(*sql)

    def columns(self, table: str, tables: Tables, days: Days | None = None) -> tuple[str, ...]:
        """Every column that a table's files have; with `days`, those that may have rows of them."""
        with self._open().cursor() as cursor:
            return tuple(cursor.sql(f"FROM {files_sql(tables.files(table, days))}").columns)

    def _scans(self, tables: Tables) -> Relation:
        """How a table of the snapshot is scanned."""

        def scan(table: str) -> str:
            files = tables.files(table)
            if not files:
                return files_sql(files)
            return files_sql(files, are_alike=self._are_alike(files))

        return scan

    def _rows_of(self, tables: Tables) -> Scanned:
        """How the rows of a reduction are scanned: no file is opened that has none of its days.

        Where those lack a column that is read, all files are: another one may have it.
        """

        def scan(reduction: Reduction, columns: frozenset[str]) -> str:
            table = reduction.source.table
            files = tables.files(table, reduction.days)
            if files and reduction.days and not self._have(files, columns):
                files = tables.files(table)
            are_alike = bool(files) and self._are_alike(files)
            if reduction.part is not None and files:
                return part_sql(files, reduction.part, are_alike=are_alike)
            return files_sql(files, are_alike=are_alike)

        return scan

    def _are_alike(self, files: tuple[str, ...]) -> bool:
        with self._open().cursor() as cursor:
            return self._columns.are_alike(files, cursor)

    def _have(self, files: tuple[str, ...], columns: frozenset[str]) -> bool:
        with self._open().cursor() as cursor:
            return self._columns.have(files, columns, cursor)

    def _answer(self, sql: str, values: list[Scalar]) -> pl.DataFrame:
        with self._stoppable() as cursor, scanning(cursor.query_progress):
            # Progress is a setting of a cursor: what the database says does not reach it.
            cursor.execute(PROGRESS)
            answer = cursor.sql(sql, params=values)
            check()
            return answer.pl()

    def explain(self, work: Reduction | Selection, tables: Tables) -> str:  # noqa: ARG002  # one protocol
        """The SELECT over the lake's table names, values written in."""
        rendered = (
            render_rows(work, quoted) if isinstance(work, Selection) else render(work, quoted)
        )
        return readable(*rendered)

    def write(self, reduction: Reduction, tables: Tables, path: str, order_by: str) -> None:
        """Reduce into a Parquet file, ordered so that it can be pruned by a column."""
        sql, values = render(reduction, self._scans(tables))
        order = quoted(order_by)
        with self._stoppable() as cursor:
            check()
            cursor.execute(
                f"COPY (FROM ({readable(sql, values)}) ORDER BY {order}) TO {text(path)} {PARQUET}"
            )

    def derive(
        self,
        derived: DerivedTable,
        tables: Tables,
        path: str,
        complete_through: date | None,
        buckets: range = EVERY_BUCKET,
    ) -> None:
        """Run a derived table's SELECT over its inputs into a Parquet file, ordered by its day.

        Of those that may be sliced it reads these buckets; rows without any go with the first.
        """
        complete = f"DATE {text(str(complete_through))}" if complete_through else "NULL::DATE"
        order = f" ORDER BY {quoted(derived.day)}" if derived.day else ""
        with self._stoppable() as cursor:
            for name in derived.inputs:
                scan = f"FROM {self._scans(tables)(name)}"
                if name in derived.sliced:
                    cursor.execute(f"CREATE TEMP VIEW {quoted(f'whole_{name}')} AS {scan}")
                    scan += _slice(buckets)
                cursor.execute(f"CREATE TEMP VIEW {quoted(name)} AS {scan}")
            for spared in derived.optional:
                files = tables.files(spared.name) if tables.has(spared.name) else ()
                rows = f"FROM {files_sql(files)}" if files else _no_rows(spared)
                cursor.execute(f"CREATE TEMP VIEW {quoted(spared.name)} AS {rows}")
            cursor.execute(f"SET VARIABLE complete_through = {complete}")
            check()
            cursor.execute(f"COPY (FROM ({derived.select}){order}) TO {text(path)} {PARQUET}")

    def fold(
        self,
        folding: Folding,
        files: tuple[str, ...],
        without: Sequence[date],
        more: tuple[str, ...],
        path: str,
    ) -> None:
        """Fold the rows of files, but those of some days, and of more files into a Parquet file."""
        gone = ", ".join(f"DATE {text(str(day))}" for day in without)
        kept = f" WHERE day IS NULL OR day NOT IN ({gone})" if gone else ""
        scans = [f"SELECT * FROM {files_sql(files)}{kept}"] if files else []
        scans += [f"SELECT * FROM {files_sql(more)}"] if more else []
        rows = f"({' UNION ALL BY NAME '.join(scans)})"
        with self._stoppable() as cursor:
            check()
            cursor.execute(f"COPY ({folding.sql(rows)}) TO {text(path)} {PARQUET}")

    def count(self, select: str, inputs: Sequence[str], tables: Tables) -> int:
        """How many rows a SELECT over whole tables gives.

        Raises InvalidQuery where the tables lack what it reads, QueryTimeout like `reduce`.
        """
        return int(self._over(f"SELECT count(*) FROM ({select})", inputs, tables).item())

    def rows(self, select: str, inputs: Sequence[str], tables: Tables, limit: int) -> pl.DataFrame:
        """The first rows of such a SELECT. Raises like `count`."""
        return self._over(f"FROM ({select}) LIMIT {limit}", inputs, tables)

    def _over(self, sql: str, inputs: Sequence[str], tables: Tables) -> pl.DataFrame:
        with self._stoppable() as cursor:
            try:
                for name in inputs:
                    scan = self._scans(tables)(name)
                    cursor.execute(f"CREATE TEMP VIEW {quoted(name)} AS FROM {scan}")
                check()
                return cursor.sql(sql).pl()
            except duckdb.InterruptException:
                raise
            except duckdb.Error as error:
                raise InvalidQuery(str(error).splitlines()[0]) from error

    def days(self, expression: str, files: tuple[str, ...]) -> list[date]:
        """The days that files hold rows of."""
        sql = f"SELECT DISTINCT {expression} AS day FROM {files_sql(files)} ORDER BY 1"
        with self._stoppable() as cursor:
            found = cursor.sql(sql)
            check()
            return found.pl()["day"].drop_nulls().to_list()

    @contextmanager
    def _stoppable(self) -> Generator[duckdb.DuckDBPyConnection]:
        """A cursor whose query ends when whoever asked has left, or its time budget is spent."""
        with self._open().cursor() as cursor, stopped_by(cursor.interrupt):
            try:
                yield cursor
            except duckdb.InterruptException as error:
                check()
                raise QueryTimeout(
                    f"The question took longer than {self._seconds} s.",
                    "Narrow the period or remove a breakdown.",
                ) from error

    def close(self) -> None:
        """Let the database go; the next question opens another."""
        with self._opening:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> duckdb.DuckDBPyConnection:
        with self._opening:
            if self._connection is None:
                if self._spill is not None:
                    # DuckDB makes the last folder of the path only, and only when it spills.
                    self._spill.mkdir(parents=True, exist_ok=True)
                self._connection = duckdb.connect()
                for setting in SETTINGS:
                    self._connection.execute(setting)
                self._connection.execute(f"SET memory_limit = {text(self._memory)}")
                self._connection.execute(f"SET temp_directory = {text(str(self._spill or ''))}")
                self._connection.execute(f"SET GLOBAL max_execution_time = {self._seconds * 1000}")
            return self._connection


def _slice(buckets: range) -> str:
    """The WHERE of a span of buckets; of all of them, none."""
    if buckets == EVERY_BUCKET:
        return ""
    nobody = f" OR {BUCKET} IS NULL" if buckets.start == 0 else ""
    return f" WHERE {BUCKET} % {BUCKETS} BETWEEN {buckets.start} AND {buckets.stop - 1}{nobody}"


def _no_rows(spared: OptionalInput) -> str:
    """A table with its columns and nothing in it."""
    empty = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in spared.columns)
    return f"SELECT {empty} LIMIT 0"
