"""Netflix's weekly Top 10: worldwide lists, country lists, and the most popular titles so far.

The files are told apart by their columns, which drift: later editions add columns, and country
lists rebuilt by others lack some. Zero runtimes are missing runtimes.
"""

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Reading, Request, ignored
from queries.lake.errors import RefusedFile
from queries.lake.rows import ROW, Rows

SUFFIXES = ("hours_viewed_first_91_days", "hours_viewed_first_28_days")
SHARED = frozenset({"week", "category", "weekly_rank", "show_title", "season_title"})
GLOBAL = SHARED | {"weekly_hours_viewed", "runtime", "weekly_views", "cumulative_weeks_in_top_10"}
COUNTRY = SHARED | {"country_name", "country_iso2", "cumulative_weeks_in_top_10"}
POPULAR = frozenset({"category", "rank", "show_title", "season_title", "runtime"})


def read(request: Request, rows: Rows) -> Reading:
    name = request.delivery.name
    if any(s in rows.columns for s in SUFFIXES):
        return _most_popular(rows, name)
    if "weekly_hours_viewed" in rows.columns:
        return _global(rows, name)
    if "country_iso2" in rows.columns:
        return _countries(rows, name)
    raise RefusedFile(
        f"“{name}” is none of the Top 10 files.",
        f"It has {', '.join(rows.columns[:30])}; expected weekly_hours_viewed, country_iso2 or "
        f"{SUFFIXES[0]}.",
        code="missing_columns",
    )


def _global(rows: Rows, name: str) -> Reading:
    rows.require(["week", "category", "weekly_rank", "show_title", "weekly_hours_viewed"], name)
    columns = Columns(rows)
    runtime = columns.number("runtime")
    listed = _listed(columns).with_columns(
        area=pl.lit("global"),
        weekly_hours_viewed=columns.whole("weekly_hours_viewed"),
        runtime_h=_positive(runtime),
        weekly_views=columns.whole("weekly_views"),
        cumulative_weeks=columns.whole("cumulative_weeks_in_top_10"),
    )
    ranked = pl.when(pl.col("weekly_views").is_null()).then(pl.lit("hours"))
    listed = listed.with_columns(ranked_by=ranked.otherwise(pl.lit("views")))
    notes = [*ignored(rows, GLOBAL)]
    if zero := int((runtime == 0).sum()):
        notes.append(f"{zero} rows have a runtime of 0; it is kept as missing.")
    return Reading(
        rows=rows, tables={"top10": listed}, rejected=columns.rejected, notes=tuple(notes)
    )


def _countries(rows: Rows, name: str) -> Reading:
    rows.require(["week", "category", "weekly_rank", "show_title", "country_iso2"], name)
    columns = Columns(rows)
    country = columns.text("country_iso2").str.to_uppercase()
    columns.reject(country.is_null(), "country_missing", "The country code is missing.")
    listed = _listed(columns).with_columns(
        area=country,
        country=country,
        country_name=columns.text("country_name"),
        cumulative_weeks=columns.whole("cumulative_weeks_in_top_10"),
    )
    return Reading(
        rows=rows,
        tables={"top10": listed.filter(pl.col("area").is_not_null())},
        rejected=columns.rejected,
        notes=ignored(rows, COUNTRY),
    )


def _listed(columns: Columns) -> pl.DataFrame:
    week = columns.date("week")
    frame = _titled(columns).with_columns(week, weekly_rank=columns.whole("weekly_rank"))
    return frame.with_columns(edition=pl.lit(week.max(), dtype=pl.Date))


def _titled(columns: Columns) -> pl.DataFrame:
    category = columns.text("category")
    show = columns.text("show_title")
    season = columns.text("season_title", missing=("N/A",))
    frame = pl.DataFrame(
        {ROW: columns.row, "category": category, "show_title": show, "season_title": season}
    )
    return frame.with_columns(
        title=pl.coalesce("season_title", "show_title"),
        kind=pl.when(pl.col("category").str.starts_with("Film"))
        .then(pl.lit("film"))
        .when(pl.col("category").str.starts_with("TV"))
        .then(pl.lit("show")),
        language=pl.col("category").str.extract(r"\((English|Non-English)\)"),
    )


def _most_popular(rows: Rows, name: str) -> Reading:
    hours = next(s for s in SUFFIXES if s in rows.columns)
    days = 91 if "91" in hours else 28
    rows.require(["category", "rank", "show_title", hours], name)
    columns = Columns(rows)
    views = f"views_first_{days}_days"
    listed = _titled(columns).with_columns(
        window_days=pl.lit(days),
        rank=columns.whole("rank"),
        hours_viewed=columns.whole(hours),
        runtime_h=_positive(columns.number("runtime")),
        views=columns.whole(views),
    )
    return Reading(
        rows=rows,
        tables={"top10_most_popular": listed},
        rejected=columns.rejected,
        notes=ignored(rows, POPULAR | {hours, views}),
    )


def _positive(values: pl.Series) -> pl.Series:
    return pl.select(pl.when(values != 0).then(values)).to_series()


CONNECTOR = Connector(
    "netflix-top10", "Netflix Top 10: all-weeks-global, all-weeks-countries, most-popular", read
)
