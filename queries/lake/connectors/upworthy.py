"""Upworthy Research Archive: packaging tests, one row an arm."""

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Reading, Request, ignored
from queries.lake.identity import bucketed, identified, occurrence
from queries.lake.rows import ROW, Rows

FEED = "upworthy"
NEEDED = ("clickability_test_id", "headline", "impressions", "clicks", "test_week")
OTHERS = ("lede", "excerpt", "eyecatcher_id", "significance", "winner", "first_place")


def read(request: Request, rows: Rows) -> Reading:
    rows.require(NEEDED, request.delivery.name)
    columns = Columns(rows)
    test = columns.text("clickability_test_id")
    columns.reject(test.is_null(), "test_missing", "The test is missing.")
    arm = pl.DataFrame({ROW: columns.row, "test_id": test}).with_columns(
        week_start=_monday(columns),
        headline=columns.text("headline"),
        lede=columns.text("lede"),
        excerpt=columns.text("excerpt"),
        image_id=columns.text("eyecatcher_id"),
        impressions=columns.whole("impressions"),
        clicks=columns.whole("clicks"),
        significance=columns.number("significance"),
        winner=columns.boolean("winner"),
        first_place=columns.boolean("first_place"),
        feed=pl.lit(FEED),
    )
    shown = ["test_id", "headline", "lede", "excerpt", "image_id"]
    arm = arm.with_columns(occurrence(arm, shown).alias("nth"))
    arm = bucketed(identified(arm, FEED, arm_id=[*shown, "nth"]), "test_id").drop("nth")
    return Reading(
        rows=rows,
        tables={"packaging": arm.filter(pl.col("test_id").is_not_null())},
        rejected=columns.rejected,
        notes=ignored(rows, frozenset({*NEEDED, *OTHERS})),
    )


def _monday(columns: Columns) -> pl.Series:
    """`201446` is week 46 of 2014; weeks start on Monday, week 0 before the first of them."""
    week = columns.whole("test_week")
    year, number = pl.col("test_week") // 100, pl.col("test_week") % 100
    january = pl.date(year.clip(1900, 2999), 1, 1)
    first = january + pl.duration(days=(8 - january.dt.weekday().cast(pl.Int64)) % 7)
    is_week = number.is_between(0, 53) & year.is_between(1900, 2999)
    monday = week.to_frame().select(
        pl.when(is_week).then(first + pl.duration(days=(number - 1) * 7)).alias("monday")
    )["monday"]
    columns.reject(
        week.is_not_null() & monday.is_null(), "unreadable_week", "test_week is no week."
    )
    return monday


CONNECTOR = Connector(FEED, "Upworthy Research Archive: arms of packaging tests", read)
