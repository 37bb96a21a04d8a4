"""Rows of the lake as a file: the columns of the screen, as safe in a spreadsheet as an answer is.

A file begins with the first row that is shown and goes on below it.
"""

import json
from io import BytesIO

import polars as pl
import pyarrow as pa
import xlsxwriter

from portal.export import (
    FORMS,
    NUMBERS,
    WIDEST_COLUMN,
    WORKBOOK,
    File,
    Form,
    as_arrow,
    as_parquet,
    fill,
    safe_csv,
    safe_name,
)
from queries.listing import RowColumn, Rows
from queries.row_question import flat, provenance

MOST_ROWS = 10_000


def rows_file(rows: Rows, form: Form) -> File:
    """`playback_rows_2026-10-27_2026-11-23_v12-3fa9c1.csv` and what it holds."""
    period = rows.listing.period
    days = (str(period.start), str(period.end)) if period else ()
    name = safe_name(rows.listing.dataset.name, "rows", *days, rows.data_version)
    return File(f"{name}.{form.name}", form.mimetype, _WRITERS[form.name](rows))


def labelled_csv(rows: Rows) -> bytes:
    """For people and their spreadsheets: the unit beside the name, marked as UTF-8."""
    headings = {c.name: _heading(c) for c in rows.columns}
    return safe_csv(flat(rows.frame).rename(headings), for_people=True)


def csv(rows: Rows) -> bytes:
    """For programs: the columns as they are called in the lake."""
    return safe_csv(flat(rows.frame), for_people=False)


def xlsx(rows: Rows) -> bytes:
    """A sheet with the rows and one that says what they are of."""
    buffer = BytesIO()
    frame = flat(rows.frame)
    with xlsxwriter.Workbook(buffer, WORKBOOK) as book:
        heading = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": NUMBERS["day"]})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        kinds = [
            day if kind == pl.Date else moment if isinstance(kind, pl.Datetime) else None
            for kind in frame.dtypes
        ]
        sheet = book.add_worksheet("Rows")
        fill(sheet, [[_heading(c) for c in rows.columns]], [heading] * len(kinds))
        fill(sheet, frame.rows(), kinds, first=1)
        sheet.freeze_panes(1, 0)
        about = book.add_worksheet("About")
        said = [(name.replace("_", " ").capitalize(), _said(v)) for name, v in _about(rows).items()]
        said += [(c.name, c.about) for c in rows.columns if c.about]
        fill(about, said, [heading, None])
        about.set_column(0, 1, WIDEST_COLUMN)
    return buffer.getvalue()


def parquet_file(rows: Rows) -> bytes:
    """Types as in the lake; dates, filters and data version in the metadata."""
    return as_parquet(_table(rows))


def arrow(rows: Rows) -> bytes:
    """An Arrow stream with the same metadata."""
    return as_arrow(_table(rows))


_WRITERS = {"csv": labelled_csv, "xlsx": xlsx, "parquet": parquet_file, "arrow": arrow}
assert _WRITERS.keys() == FORMS.keys()  # noqa: S101  # every form can hold rows


def _about(rows: Rows) -> dict[str, object]:
    about = provenance(rows)
    written = rows.frame.height
    rest = rows.count - about["skip"] - written
    cut = f"{written} rows from the {about['skip'] + 1}th; {rest} more follow." if rest > 0 else ""
    return {**about, "note": cut}


def _heading(column: RowColumn) -> str:
    return f"{column.name} [{column.unit}]" if column.unit else column.name


def _said(value: object) -> object:
    match value:
        case dict():
            return ", ".join(f"{name} {held}" for name, held in value.items())
        case list():
            return ", ".join(str(held) for held in value)
        case _:
            return value


def _table(rows: Rows) -> pa.Table:
    units = {c.name: {"unit": c.unit, "about": c.about} for c in rows.columns}
    about = _about(rows) | {"columns": units}
    table = rows.frame.to_arrow()
    return table.replace_schema_metadata({"playhead": json.dumps(about, ensure_ascii=False)})
