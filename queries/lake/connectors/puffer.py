"""Puffer: sessions of a live-TV trial of bitrate algorithms, three files that cannot be linked.

Each file has one measure per session and no session id, so every row becomes a session that
recorded that measure only. The files have no clock either: all sessions are booked on one day.
"""

from datetime import datetime

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Option, Reading, Request, ignored
from queries.lake.errors import LakeError, RefusedFile
from queries.lake.identity import bucketed, identified, occurrence
from queries.lake.rows import ROW, Rows

FEED = "puffer"
FIRST_DAY = "2019-01-26"
MEASURES = ("session_watch_s", "startup_delay_s", "first_ssim_db")


def read(request: Request, rows: Rows) -> Reading:
    name = request.delivery.name
    found = [m for m in MEASURES if m in rows.columns]
    if len(found) != 1:
        raise RefusedFile(
            f"“{name}” has not exactly one of {', '.join(MEASURES)}.",
            f"It has {', '.join(rows.columns[:30])}.",
            code="missing_columns",
        )
    rows.require(["scheme"], name)
    columns = Columns(rows)
    scheme, value = columns.text("scheme"), columns.number(found[0])
    columns.reject(scheme.is_null(), "scheme_missing", "The scheme is missing.")
    columns.reject(value.is_null(), "value_missing", f"{found[0]} is missing.")
    session = pl.DataFrame({ROW: columns.row, "abr": scheme, "value": value}).with_columns(
        measure=pl.lit(found[0])
    )
    key = ["measure", "abr", "value"]
    session = session.with_columns(occurrence(session, key).alias("nth"))
    session = identified(session, FEED, session_id=[*key, "nth"])
    session = bucketed(session, row="session_id")
    start = _day(request)
    return Reading(
        rows=rows,
        tables={"playback": _sessions(session, start)},
        rejected=columns.rejected,
        notes=(
            f"The file has no clock: all sessions are booked on {start.date()}.",
            "Its sessions cannot be linked to those of the other files: each file counts its own.",
            *ignored(rows, frozenset({"scheme", *MEASURES})),
        ),
    )


def _sessions(session: pl.DataFrame, start: datetime) -> pl.DataFrame:
    measure, value = pl.col("measure"), pl.col("value")
    return session.filter(pl.col("session_id").is_not_null()).select(
        ROW,
        "session_id",
        "abr",
        "bucket",
        start_ts=pl.lit(start),
        local_date=pl.lit(start.date()),
        outcome=pl.lit("played"),
        watched_s=pl.when(measure == "session_watch_s").then(value.round().cast(pl.Int64)),
        startup_ms=pl.when(measure == "startup_delay_s").then(
            (value * 1000).round().cast(pl.Int64)
        ),
        first_ssim_db=pl.when(measure == "first_ssim_db").then(value),
        feed=pl.lit(FEED),
        account_kind=pl.lit("member"),
    )


def _day(request: Request) -> datetime:
    given = request.options.get("date", FIRST_DAY)
    try:
        return datetime.strptime(given, "%Y-%m-%d")  # noqa: DTZ007 - the lake's times are UTC
    except ValueError as error:
        raise LakeError(
            f"“{given}” is not a date.", "Write it like 2019-01-26.", code="bad_option"
        ) from error


CONNECTOR = Connector(
    FEED,
    "Puffer: watch times, startup delays, or first SSIMs by scheme",
    read,
    (Option("date", f"the day to book the sessions on, by default {FIRST_DAY}"),),
)
