"""Invented plays, as a lake takes them: enough columns to satisfy the contract."""

from datetime import date, datetime, timedelta

import polars as pl

DAY = date(2026, 3, 1)


def plays(sessions: list[int], day: int = 0, **others: object) -> pl.DataFrame:
    """Plays with these ids on the day so many days after 2026-03-01, arrived a day later."""
    local = DAY + timedelta(days=day)
    start = datetime(local.year, local.month, local.day, 20)  # noqa: DTZ001 - the lake is naive UTC
    return pl.DataFrame({"session_id": sessions}, schema={"session_id": pl.Int64}).with_columns(
        start_ts=pl.lit(start),
        local_date=pl.lit(local),
        outcome=pl.lit("played"),
        feed=pl.lit("demo"),
        account_kind=pl.lit("member"),
        bucket=(pl.col("session_id") % 256).cast(pl.Int16),
        ingest_ts=pl.lit(start + timedelta(days=1)),
        **{name: pl.lit(value) for name, value in others.items()},
    )
