"""The rows of a delivered file, as they are: numbered, unparsed, nothing dropped.

Text files give text columns; Parquet keeps its types. A row that does not have the columns of its
header is kept apart with the reason, so rows in are always rows read plus rows rejected.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import fastexcel
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from queries.lake.delivery import UNPACKED_BUDGET, Delivery
from queries.lake.errors import RefusedFile

ROW = "__row"
REJECTED = pl.Schema(
    {ROW: pl.Int64(), "code": pl.String(), "reason": pl.String(), "raw": pl.String()}
)
DELIMITERS = "\t,;|"
MAX_COLUMNS = 5_000
MAX_LINE = 4 << 20


def _none_rejected() -> pl.DataFrame:
    return pl.DataFrame(schema=REJECTED)


@dataclass(frozen=True)
class Rows:
    """Rows of a file. `frame` has the file's columns and `__row`, the number of the row from 1."""

    frame: pl.DataFrame
    rejected: pl.DataFrame = field(default_factory=_none_rejected)

    @property
    def total(self) -> int:
        return self.frame.height + self.rejected.height

    @property
    def columns(self) -> list[str]:
        return [c for c in self.frame.columns if c != ROW]

    def require(self, wanted: Sequence[str], name: str) -> None:
        """Hold the whole file where columns are missing: guessing them would be worse."""
        if missing := [c for c in wanted if c not in self.frame.columns]:
            raise RefusedFile(
                f"“{name}” lacks {', '.join(missing)}.",
                f"It has {', '.join(self.columns[:30])}.",
                code="missing_columns",
            )


def read_rows(delivery: Delivery) -> Rows:
    """Read CSV, TSV, JSON lines or Parquet by content. Raises RefusedFile."""
    match delivery.format:
        case "parquet":
            return numbered(_read_parquet(delivery))
        case "xlsx":
            return numbered(_headed(read_sheets(delivery)[0][1], delivery.name))
        case "text":
            with delivery.path.open("rb") as opened:
                is_json = opened.read(64).lstrip()[:1] == b"{"
            return _read_json_lines(delivery) if is_json else _read_delimited(delivery)


def read_sheets(delivery: Delivery) -> list[tuple[str, pl.DataFrame]]:
    """The sheets of a workbook as text, without any idea of a header."""
    try:
        book = fastexcel.read_excel(delivery.path)
        sheets = [
            (name, book.load_sheet(name, header_row=None, dtypes="string").to_polars())
            for name in book.sheet_names
        ]
    except fastexcel.FastExcelError as error:
        raise RefusedFile(f"“{delivery.name}” cannot be read.", code="unreadable") from error
    filled = [(name, sheet) for name, sheet in sheets if sheet.height]
    if not filled:
        raise RefusedFile(f"“{delivery.name}” has no rows.", code="no_content")
    return filled


def with_header(sheet: pl.DataFrame, at: int) -> pl.DataFrame:
    """The rows below row `at` of a sheet, named by it."""
    names = unique_names([str(v or "") for v in sheet.row(at)])
    body = sheet.slice(at + 1).rename(dict(zip(sheet.columns, names, strict=True)))
    return body.filter(~pl.all_horizontal(pl.all().is_null()))


def unique_names(names: Sequence[str]) -> list[str]:
    """Column names without blanks around them, none empty, none twice."""
    found: list[str] = []
    for position, name in enumerate(names, 1):
        plain = name.strip().strip("\ufeff") or f"column_{position}"
        while plain in found or plain == ROW:
            plain = f"{plain}_{position}"
        found.append(plain)
    return found


def numbered(frame: pl.DataFrame) -> Rows:
    """Rows in order, numbered from 1."""
    rows = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW)
    return Rows(frame.with_columns(rows))


def _headed(sheet: pl.DataFrame, name: str) -> pl.DataFrame:
    """Skip banner rows: the header is the first row with the most filled cells of the first 50."""
    head = sheet.head(50)
    filled = head.select(pl.sum_horizontal(pl.all().is_not_null()).alias("n"))["n"]
    if not (most := filled.max()):
        raise RefusedFile(f"“{name}” has no rows.", code="no_content")
    return with_header(sheet, filled.to_list().index(most))


def _read_parquet(delivery: Delivery) -> pl.DataFrame:
    batches: list[pa.RecordBatch] = []
    held = 0
    try:
        with pq.ParquetFile(delivery.path, page_checksum_verification=True) as file:
            if file.metadata.num_columns > MAX_COLUMNS:
                raise RefusedFile(f"“{delivery.name}” has too many columns.", code="too_large")
            for batch in file.iter_batches():
                held += batch.nbytes
                if held > UNPACKED_BUDGET:
                    raise RefusedFile(
                        f"“{delivery.name}” unpacks to far more than its size.", code="too_large"
                    )
                batches.append(batch)
            schema = file.schema_arrow
        table = pa.Table.from_batches(batches, schema)
        names = unique_names(table.column_names)
        frame = pl.from_arrow(table.rename_columns(names))
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise RefusedFile(
            f"“{delivery.name}” is not a readable Parquet file.", code="unreadable"
        ) from error
    if not isinstance(frame, pl.DataFrame) or not frame.width:
        raise RefusedFile(f"“{delivery.name}” has no columns.", code="no_content")
    return frame


def _read_delimited(delivery: Delivery) -> Rows:
    delimiter, names = _header(delivery)
    quote = "" if delimiter == "\t" else '"'
    with duckdb.connect() as connection:
        try:
            frame = connection.sql(
                """
                SELECT * FROM read_csv($path, header = true, auto_detect = false,
                    delim = $delimiter, quote = $quote, escape = $quote, columns = $columns,
                    store_rejects = true, rejects_limit = 0,
                    max_line_size = $longest, buffer_size = $buffer)
                """,
                params={
                    "path": str(delivery.path),
                    "delimiter": delimiter,
                    "quote": quote,
                    "columns": dict.fromkeys(names, "VARCHAR"),
                    "longest": MAX_LINE,
                    "buffer": 2 * MAX_LINE,
                },
            ).pl()
            rejected = connection.sql(
                """
                SELECT line - 1 AS __row,
                    lower(replace(first(error_type ORDER BY byte_position), ' ', '_')) AS code,
                    first(csv_line ORDER BY byte_position) AS raw
                FROM reject_errors GROUP BY line ORDER BY line
                """
            ).pl()
        except duckdb.Error as error:
            raise RefusedFile(
                f"“{delivery.name}” cannot be read as a table.", code="unreadable"
            ) from error
    return _interleaved(frame, rejected)


def _interleaved(frame: pl.DataFrame, rejected: pl.DataFrame) -> Rows:
    """Number the rows of both: a rejected row keeps its line, the others fill the gaps."""
    total = frame.height + rejected.height
    taken = rejected[ROW].cast(pl.Int64).clip(1, total).to_list()
    for position in range(len(taken) - 2, -1, -1):
        taken[position] = min(taken[position], taken[position + 1] - 1)
    for position in range(len(taken)):
        floor = taken[position - 1] + 1 if position else 1
        taken[position] = max(taken[position], floor)
    numbers = pl.DataFrame({ROW: pl.int_range(1, total + 1, dtype=pl.Int64, eager=True)})
    lost = pl.Series(ROW, taken, dtype=pl.Int64)
    free = numbers.filter(~pl.col(ROW).is_in(lost.implode()))[ROW]
    apart = rejected.with_columns(
        lost,
        raw=pl.col("raw").map_elements(lambda t: orjson.dumps(t).decode(), return_dtype=pl.String),
        reason=pl.lit("The line does not have the columns of the header: ")
        + pl.col("code").cast(pl.String).str.replace_all("_", " ")
        + ".",
    )
    return Rows(frame.with_columns(free), apart.select(REJECTED.names()).cast(REJECTED))


def _header(delivery: Delivery) -> tuple[str, list[str]]:
    with delivery.path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        head = opened.read(MAX_LINE)
    line = next((text for text in head.split("\n", 1)), "")
    counts = {d: line.count(d) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: counts[d])
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    reader = csv.reader(head.splitlines(keepends=True), delimiter=delimiter, quoting=quoting)
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise RefusedFile(
            f"“{delivery.name}” has no readable header.", code="unreadable"
        ) from error
    if len(names) > MAX_COLUMNS:
        raise RefusedFile(f"“{delivery.name}” has too many columns.", code="too_large")
    return delimiter, unique_names(names)


def _read_json_lines(delivery: Delivery) -> Rows:
    read: list[dict[str, object]] = []
    numbers: list[int] = []
    bad: list[tuple[int, str, str, str]] = []
    for number, line in enumerate(_lines(delivery.path), 1):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            bad.append((number, "not_json", f"The line is not JSON: {error}.", _shown(line)))
            continue
        if not isinstance(value, dict):
            bad.append((number, "not_an_object", "The line is not an object.", _shown(line)))
            continue
        read.append({k: _flat(v) for k, v in value.items()})
        numbers.append(number)
    names = list(dict.fromkeys(k for r in read for k in r))[:MAX_COLUMNS]
    columns = {
        plain: pl.Series([r.get(n) for r in read], dtype=pl.String)
        for n, plain in zip(names, unique_names(names), strict=True)
    }
    frame = pl.DataFrame(columns | {ROW: pl.Series(numbers, dtype=pl.Int64)})
    if not names:
        raise RefusedFile(f"“{delivery.name}” holds no JSON objects.", code="unreadable")
    return Rows(frame, pl.DataFrame(bad, schema=REJECTED, orient="row"))


def _lines(path: Path) -> list[bytes]:
    with path.open("rb") as opened:
        return [line for line in opened.read().splitlines() if line.strip()]


def _flat(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _shown(line: bytes) -> str:
    return orjson.dumps(line.decode("utf-8", "replace")).decode()


def raw_json(rows: Rows, numbers: pl.Series) -> pl.DataFrame:
    """Source rows with these numbers, whole, as JSON: columns `__row` and `raw`."""
    wanted = rows.frame.filter(pl.col(ROW).is_in(numbers.implode()))
    body = wanted.select(pl.struct(pl.exclude(ROW)).struct.json_encode().alias("raw"))
    return wanted.select(ROW).hstack(body)
