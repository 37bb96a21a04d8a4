"""An answer as a file: the same rows, order and columns as on the screen, with where they are from.

A spreadsheet runs what a cell begins with, so texts that look like formulas get a leading
apostrophe in CSV and stay texts in XLSX; numbers are never touched.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl
import pyarrow as pa
import xlsxwriter
from pyarrow import ipc, parquet
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from queries.answer import definition, label, provenance
from queries.dataset import Metric, TimeBucket
from queries.fingerprint import fingerprint
from queries.model import Query, Result

#: What a spreadsheet may read as the beginning of a formula.
FORMULA = "^[=+\\-@\t\r\n＝＋－＠]"
LONGEST_CELL = 32_767
_RED, _DOUBT = "#b3261e", "Not to be trusted"
WIDEST_COLUMN = 40
NUMBERS = {
    "day": "yyyy-mm-dd",
    "percent": "0.0%",
    "decimal": "#,##0.00",
    "seconds": "#,##0.00",
    "usd": "$#,##0.00",
    "ratio": "0.00",
    "number": "#,##0.##",
}
WORKBOOK = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file an answer can be written as; `together` where one file holds several."""

    name: str
    mimetype: str
    write: Callable[[Result], bytes]
    together: Callable[[Sequence[Result]], bytes] | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What is downloaded."""

    name: str
    mimetype: str
    content: bytes


def labelled_csv(result: Result) -> bytes:
    """For people and their spreadsheets: labels as headings, marked as UTF-8."""
    frame = _doubted(result)
    return safe_csv(frame.rename(_headings(result.query, frame.columns)), for_people=True)


def csv(result: Result) -> bytes:
    """For programs: the names of the answer's columns as headings."""
    return safe_csv(_doubted(result), for_people=False)


def xlsx(result: Result) -> bytes:
    """A sheet with the answer and one that says what it is of."""
    return workbook([result])


def workbook(results: Sequence[Result]) -> bytes:
    """The same for several answers of one tile."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK) as book:
        formats = {n: book.add_format({"num_format": f}) for n, f in NUMBERS.items()}
        formats["heading"] = book.add_format({"bold": True, "bottom": 1})
        red = {"bold": True, "bottom": 1, "font_color": _RED}
        formats["doubted"] = book.add_format(red)
        for number, result in enumerate(results, 1):
            nth = f" {number}" if len(results) > 1 else ""
            _answer_sheet(book.add_worksheet(f"Answer{nth}"), result, formats)
            about = book.add_worksheet(f"About{nth}")
            fill(about, _about(result), [formats["heading"], None])
            doubts = [(_DOUBT, doubt) for doubt in result.doubts]
            marked = [formats["doubted"], formats["doubted"]]
            fill(about, doubts, marked, first=len(_about(result)))
            about.set_column(0, 1, WIDEST_COLUMN)
    return buffer.getvalue()


def parquet_file(result: Result) -> bytes:
    """Names as in the answer; dates, filters, data version and definitions in the metadata."""
    return as_parquet(_table(result))


def arrow(result: Result) -> bytes:
    """An Arrow stream with the same metadata."""
    return as_arrow(_table(result))


def as_parquet(table: pa.Table) -> bytes:
    """A table and its metadata as a Parquet file."""
    buffer = BytesIO()
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def as_arrow(table: pa.Table) -> bytes:
    """A table and its metadata as an Arrow stream."""
    buffer = BytesIO()
    with ipc.new_stream(buffer, table.schema) as stream:
        stream.write_table(table)
    return buffer.getvalue()


ARROW = "application/vnd.apache.arrow.stream"
FORMS = {
    "csv": Form("csv", "text/csv; charset=utf-8", labelled_csv),
    "xlsx": Form("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx),
    "parquet": Form("parquet", "application/vnd.apache.parquet", parquet_file),
    "arrow": Form("arrow", ARROW, arrow),
}


def download(results: Sequence[Result], form: Form) -> File:
    """The answers of a tile as one file: a ZIP of files where the form holds one answer only."""
    if len(results) == 1:
        (result,) = results
        return File(file_name(result, form), form.mimetype, form.write(result))
    if form.together is not None:
        return File(file_name(results[0], form), form.mimetype, form.together(results))
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for number, result in enumerate(results, 1):
            archive.writestr(f"{number}_{file_name(result, form)}", form.write(result))
    name = file_name(results[0], form).removesuffix(form.name) + "zip"
    return File(name, "application/zip", buffer.getvalue())


def file_name(result: Result, form: Form) -> str:
    """`playback_hours-viewed_2026-10-27_2026-11-23_v12-3fa9c1.csv`; never what a person wrote."""
    query = result.query
    days = (str(query.period.start), str(query.period.end)) if query.period else ()
    parts = (query.dataset.name, query.metrics[0].name, *days, result.data_version)
    return f"{safe_name(*parts)}.{form.name}"


def safe_name(*parts: str) -> str:
    """The parts of a file's name with nothing in them that a path or a shell would read."""
    safe = [_UNSAFE_IN_NAMES.sub("-", part.replace("_", "-")).strip(".-") for part in parts]
    return "_".join(part[:60] for part in safe if part)


def safe_csv(frame: pl.DataFrame, *, for_people: bool) -> bytes:
    """Plain values as CSV, in which no text is read as a formula; nested ones as JSON.

    Without a column it is empty.
    """
    if not frame.width:
        return b""
    buffer = BytesIO()
    frame = _unnested(frame)
    texts = [pl.col(name) for name, kind in frame.schema.items() if kind == pl.String]
    frame.with_columns(
        pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep()
        for text in texts
    ).rename(_guarded).write_csv(
        buffer,
        quote_style="non_numeric",
        include_bom=for_people,
        line_terminator="\r\n" if for_people else "\n",
    )
    return buffer.getvalue()


def _unnested(frame: pl.DataFrame) -> pl.DataFrame:
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.with_columns(
        pl.Series(name, [None if v is None else _json(v) for v in frame[name].to_list()], pl.String)
        for name in nested
    )


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _guarded(text: str) -> str:
    return f"'{text}" if re.match(FORMULA, text) else text


def _doubted(result: Result) -> pl.DataFrame:
    """The answer, each row with why it is not to be trusted: a CSV has no other place for it."""
    if not result.doubts:
        return result.frame
    return result.frame.with_columns(pl.lit(" ".join(result.doubts)).alias("doubts"))


def _headings(query: Query, columns: Sequence[str]) -> dict[str, str]:
    """A label for each column; where two have the same one, both keep their names."""
    labels = {c: label(query, c) for c in columns}
    said = list(labels.values())
    return {c: text if said.count(text) == 1 else c for c, text in labels.items()}


def _answer_sheet(sheet: Worksheet, result: Result, formats: dict[str, Format]) -> None:
    columns = result.frame.columns
    headings = list(_headings(result.query, columns).values())
    kind = formats["doubted" if result.doubts else "heading"]
    fill(sheet, [headings], [kind] * len(headings))
    kinds = [_format(result.query, c, formats) for c in columns]
    fill(sheet, result.frame.rows(), kinds, first=1)
    sheet.freeze_panes(1, 0)
    for position, heading in enumerate(headings):
        sheet.set_column(position, position, min(WIDEST_COLUMN, len(heading) + 2))


def _format(query: Query, column: str, formats: dict[str, Format]) -> Format | None:
    """Of a key, a metric's column, or a column of a pivot, which holds the first metric."""
    name, _, suffix = column.partition("__")
    key = next((k for k in query.by if k.name == name), None)
    if key is not None:
        is_day = isinstance(key, TimeBucket) or key.kind == "date"
        return formats["day"] if is_day else None
    metric = next((m for m in query.metrics if m.name == name), query.metrics[0])
    if suffix.startswith("relative") or suffix == "share":
        return formats["percent"]
    return formats["number" if suffix in ("n", "rank") else metric.format]


def fill(
    sheet: Worksheet,
    rows: Sequence[Sequence[Any]],
    formats: Sequence[Format | None],
    first: int = 0,
) -> None:
    """Write rows from a line on, texts as texts, each column in its format."""
    for number, row in enumerate(rows, first):
        for position, value in enumerate(row):
            _cell(sheet, (number, position), value, formats[position])


def _cell(sheet: Worksheet, place: tuple[int, int], value: Any, kind: Format | None) -> None:  # noqa: ANN401
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(*place, value)
        case int() | float():
            if abs(value) < float("inf"):
                sheet.write_number(*place, value, kind)
        case datetime():
            sheet.write_datetime(*place, value.replace(tzinfo=None), kind)
        case date():
            sheet.write_datetime(*place, datetime(value.year, value.month, value.day), kind)  # noqa: DTZ001  # a day has no zone
        case _:
            sheet.write_string(*place, str(value)[:LONGEST_CELL], kind)


def _about(result: Result) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in provenance(result).items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        shown = "; ".join(text) if isinstance(text, list) else text
        rows.append((name.replace("_", " ").capitalize(), shown))
    dataset = result.query.dataset
    rows += [(m.label, f"{_meaning(m)} ({fingerprint(m, dataset)})") for m in result.query.metrics]
    return [*rows, *(("Note", note) for note in result.notes)]


def _meaning(metric: Metric) -> str:
    said = " ".join(part for part in (metric.description, f"= {metric.formula.sql}") if part)
    return f"{said} [{metric.unit}]" if metric.unit else said


def _table(result: Result) -> pa.Table:
    table = result.frame.to_arrow()
    about = provenance(result) | {
        "definitions": {m.name: definition(m, result.query.dataset) for m in result.query.metrics},
        "notes": list(result.notes),
        "doubts": list(result.doubts),
    }
    return table.replace_schema_metadata({"playhead": json.dumps(about, ensure_ascii=False)})
