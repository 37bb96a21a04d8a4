"""NumPy columns as Arrow tables of the contract, and Parquet files of them by span of days."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from queries.lake import contract
from queries.lake.demo.clock import DAY_S, Clock
from queries.lake.lake import Change, Lake

FEED = "demo"
Columns = Mapping[str, Any]

_REPETITIVE = (
    pa.types.is_dictionary,
    pa.types.is_date32,
    pa.types.is_int8,
    pa.types.is_int16,
    pa.types.is_int32,
)


def coded(codes: np.ndarray, values: Sequence[str | None]) -> pa.DictionaryArray:
    """Text as indices into its values; a negative index is missing."""
    indices = pa.array(codes, mask=codes < 0) if len(codes) else pa.array(codes)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string()))


def constant(value: str, n: int) -> pa.DictionaryArray:
    return coded(np.zeros(n, np.int8), (value,))


def known(values: np.ndarray, where: np.ndarray) -> pa.Array:
    """Numbers that are missing except `where`."""
    return pa.array(values, mask=~where)


def lists(offsets: np.ndarray, values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def maps(keys: Sequence[str], values: np.ndarray, where: np.ndarray | None = None) -> pa.MapArray:
    """One map a row from a matrix with one column a key; missing except `where`."""
    rows, width = values.shape
    present = np.ones(rows, bool) if where is None else where
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(present * width, out=offsets[1:])
    kept = values[present].astype(np.float64).ravel()
    names = np.tile(np.arange(width, dtype=np.int8), int(present.sum()))
    flat = pa.DictionaryArray.from_arrays(pa.array(names), pa.array(keys, pa.string()))
    missing = pa.array(np.append(~present, False)) if where is not None else None
    starts = pa.array(offsets, mask=None if missing is None else np.append(~present, [False]))
    return pa.MapArray.from_arrays(starts, flat, pa.array(kept))


def table(name: str, columns: Columns) -> pa.Table:
    """Columns of one table of the contract, in its order; those not given are missing."""
    declared = contract.table(name)
    if declared is None:
        raise KeyError(name)
    rows = len(next(iter(columns.values())))
    if unknown := set(columns) - set(declared.names):
        raise KeyError(f"{name}: {sorted(unknown)}")
    made = [
        _column(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in declared.schema
    ]
    return pa.Table.from_arrays(made, names=list(declared.names))


def plain(rows: pa.Table) -> pa.Table:
    """Text as text: the lake writes these tables itself."""
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in rows.columns]
    return pa.table(dict(zip(rows.column_names, columns, strict=True)))


def days(clock: Clock, numbers: np.ndarray) -> pa.Array:
    """Day numbers of the world as dates."""
    return pa.array((numbers + clock.epoch_day).astype(np.int32)).view(pa.date32())


def times(clock: Clock, seconds: np.ndarray) -> pa.Array:
    """UTC seconds of the world as timestamps."""
    micro = (seconds.astype(np.int64) + clock.epoch_day * DAY_S) * 1_000_000
    return pa.array(micro).view(pa.timestamp("us"))


def taken(values: Any, order: np.ndarray) -> Any:  # noqa: ANN401 - NumPy or Arrow
    """Rows of a column by their indices."""
    if isinstance(values, np.ndarray):
        return values[order]
    if not isinstance(values, pa.Array):
        raise TypeError(type(values))
    return values.take(pa.array(order))


def _column(values: Any, kind: pa.DataType) -> pa.Array:  # noqa: ANN401 - NumPy, Arrow or a list
    if isinstance(values, np.ndarray):
        return pa.array(values).cast(kind)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        if pa.types.is_dictionary(values.type) or pa.types.is_map(kind):
            return values
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind)


class Files:
    """Parquet files of one table, a file a span of days, appended to block after block.

    Rows of a block must be sorted by day; a block's share of a file is one row group.
    """

    def __init__(self, lake: Lake, name: str, file_days: int) -> None:
        self._lake = lake
        self._name = name
        self._file_days = file_days
        self._writers: dict[int, pq.ParquetWriter] = {}
        self._paths: dict[int, str] = {}
        self.rows = 0

    def append(self, rows: pa.Table, day: np.ndarray) -> None:
        """Write a block of rows; `day` numbers their days and is ascending."""
        self.rows += rows.num_rows
        if not rows.num_rows:
            return
        spans = range(int(day[0]) // self._file_days, int(day[-1]) // self._file_days + 1)
        for span in spans:
            start, end = np.searchsorted(
                day, [span * self._file_days, (span + 1) * self._file_days]
            )
            if end > start:
                self._writer(span, rows.schema).write_table(rows.slice(start, end - start))

    def close(self) -> Change:
        """Finish the files; the change that makes them the table."""
        for writer in self._writers.values():
            writer.close()
        return Change(
            table=self._name, fresh=True, files=tuple(self._paths[s] for s in sorted(self._paths))
        )

    def _writer(self, span: int, schema: pa.Schema) -> pq.ParquetWriter:
        if span not in self._writers:
            self._paths[span] = self._lake.new_file(self._name)
            self._writers[span] = pq.ParquetWriter(
                self._paths[span],
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=list(_repetitive(schema)),  # pyright: ignore[reportArgumentType]  # its stub knows no lists
                write_page_checksum=True,
                store_schema=False,
            )
        return self._writers[span]


def _repetitive(schema: pa.Schema) -> Iterator[str]:
    """Paths of the columns whose values come again and again: neither ids, moments nor measures."""
    for field in schema:
        kind = field.type
        if pa.types.is_map(kind):
            yield f"{field.name}.key_value.key"
        elif pa.types.is_list(kind):
            yield f"{field.name}.list.element"
            yield f"{field.name}.list.element.kind"
        elif any(is_kind(kind) for is_kind in _REPETITIVE):
            yield field.name
