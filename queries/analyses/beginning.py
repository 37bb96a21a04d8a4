"""Beginnings: the day on which something is there that was not there before.

A version of the app, a campaign. Something that is there on the first days of the data may have
been there for ever, so a beginning needs a stretch of days before it that were seen without it.
"""

from datetime import date, timedelta

import polars as pl


def beginnings(frame: pl.DataFrame, key: str, amount: str, quiet_days: int) -> pl.DataFrame:
    """The beginnings in amounts by `day` and `key`: columns key, `day`, `last_day`, `amount`.

    A key begins on a day with an amount when the `quiet_days` before it had none and were all seen,
    which is to say that some key had an amount before them. One that pauses so long begins anew.
    """
    there = frame.drop_nulls(["day", key]).filter(pl.col(amount) > 0).sort(key, "day")
    if there.is_empty():
        return pl.DataFrame(
            schema={key: frame.schema[key], "day": pl.Date, "last_day": pl.Date, amount: pl.Float64}
        )
    first: date = there["day"].min()  # type: ignore[assignment]
    since_last = pl.col("day") - pl.col("day").shift(1).over(key)
    begun = there.with_columns(
        (since_last.is_null() | (since_last > timedelta(quiet_days))).alias("begins")
    ).with_columns(pl.col("begins").cum_sum().over(key).alias("run"))
    runs = begun.group_by(key, "run").agg(
        pl.col("day").min(),
        pl.col("day").max().alias("last_day"),
        pl.col(amount).cast(pl.Float64).sum(),
    )
    return runs.filter(pl.col("day") - timedelta(quiet_days) >= first).drop("run").sort("day", key)
