"""Netflix's half-year engagement report, a workbook made for reading.

Banner rows lie above the header and say which half it is; later editions have a sheet each for
shows and films, with runtime and views. Two titles may share a name and differ by release date.
"""

import re
from datetime import date

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Reading, Request, ignored
from queries.lake.delivery import Delivery
from queries.lake.errors import RefusedFile
from queries.lake.rows import ROW, Rows, numbered, read_rows, read_sheets, with_header

SHEET = "sheet"
BANNER = "banner"
HEADER = "Title"
LONGEST_BANNER = 30
KNOWN = frozenset(
    {"Title", "Available Globally?", "Release Date", "Hours Viewed", "Runtime", "Views"}
    | {SHEET, BANNER}
)
HALF = re.compile(r"(January|July)\s+(?:to|through|-|–)\s+(June|December)\s+(\d{4})")
KINDS = {"tv": "show", "shows": "show", "series": "show", "film": "film", "movies": "film"}


def open_report(delivery: Delivery) -> Rows:
    """The rows of all sheets below their headers, with sheet and banner they stood under."""
    if delivery.format != "xlsx":
        return read_rows(delivery)
    parts: list[pl.DataFrame] = []
    for name, sheet in read_sheets(delivery):
        first = sheet.to_series(0).head(LONGEST_BANNER)
        header = (first.str.strip_chars() == HEADER).arg_true()
        if not header.len():
            continue
        banner = " ".join(t for t in first.head(int(header[0])).to_list() if t)
        body = with_header(sheet, int(header[0]))
        parts.append(body.with_columns(pl.lit(name).alias(SHEET), pl.lit(banner).alias(BANNER)))
    if not parts:
        raise RefusedFile(
            f"“{delivery.name}” has no sheet with a column “{HEADER}”.", code="missing_columns"
        )
    return numbered(pl.concat(parts, how="diagonal"))


def read(request: Request, rows: Rows) -> Reading:
    name = request.delivery.name
    rows.require(["Title", "Hours Viewed"], name)
    start, end = _half(request, rows)
    columns = Columns(rows)
    title = columns.text("Title")
    released = columns.date("Release Date")
    names = title.str.split(" // ")
    sheet = columns.text(SHEET).str.to_lowercase().replace_strict(KINDS, default="unknown")
    report = pl.DataFrame(
        {ROW: columns.row, "title": title, "release_date": released}
    ).with_columns(
        period_start=pl.lit(start),
        period_end=pl.lit(end),
        half=pl.lit(f"{end.year} H{1 if start.month == 1 else 2}"),
        kind=sheet,
        name=names.list.first(),
        original_name=names.list.get(1, null_on_oob=True),
        available_globally=columns.boolean("Available Globally?"),
        released=pl.col("release_date").cast(pl.String).fill_null("unknown"),
        hours_viewed=columns.whole("Hours Viewed"),
        runtime_h=_hours(columns),
        views=columns.whole("Views", missing=("*",)),
    )
    return Reading(
        rows=rows,
        tables={"engagement": report},
        rejected=columns.rejected,
        notes=ignored(rows, KNOWN),
    )


def _half(request: Request, rows: Rows) -> tuple[date, date]:
    banner = str(rows.frame[BANNER].first()) if BANNER in rows.columns else ""
    found = HALF.search(banner)
    if found:
        return _days(int(found[3]), first=found[1] == "January")
    compact = re.search(r"(\d{4})\s*[-_ ]?(Jan-Jun|Jul-Dec)", request.delivery.name)
    if compact:
        return _days(int(compact[1]), first=compact[2] == "Jan-Jun")
    raise RefusedFile(
        f"“{request.delivery.name}” does not say which half year it is of.",
        "Keep the banner rows of the report, or the file name as published.",
        code="unknown_period",
    )


def _days(year: int, *, first: bool) -> tuple[date, date]:
    if first:
        return date(year, 1, 1), date(year, 6, 30)
    return date(year, 7, 1), date(year, 12, 31)


def _hours(columns: Columns) -> pl.Series:
    """`7:10` is seven hours and ten minutes, a star a footnote; `*` and `0:00` say nothing."""
    given = columns.text("Runtime", missing=("*",))
    parts = given.str.extract_groups(r"^(\d+):([0-5]\d)(?::([0-5]\d))?\*?$").struct.unnest()
    hours, minutes, seconds = (parts.to_series(i).cast(pl.Float64) for i in range(3))
    whole = hours + minutes / 60 + seconds.fill_null(0) / 3600
    columns.reject(
        given.is_not_null() & whole.is_null(), "unreadable_runtime", "The runtime is not h:mm."
    )
    return pl.select(pl.when(whole > 0).then(whole)).to_series()


CONNECTOR = Connector(
    "netflix-engagement",
    "Netflix “What We Watched” half-year report (xlsx)",
    read,
    open=open_report,
)
