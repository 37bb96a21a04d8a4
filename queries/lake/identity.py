"""Names for rows whose feed gives them none: the same row gets the same id, however often it comes.

An id is 63 bits of a hash of the feed and the natural key, so ids of two feeds do not meet.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from collections.abc import Sequence

import duckdb
import polars as pl

_MASK = 9223372036854775807


def identified(frame: pl.DataFrame, feed: str, **ids: Sequence[str | pl.Series]) -> pl.DataFrame:
    """`frame` with an id column per keyword, made of the named columns or given series.

    An id is null where the first part of its key is.
    """
    parts = {
        f"{name}_{i}": (frame[p] if isinstance(p, str) else p).cast(pl.String)
        for name, key in ids.items()
        for i, p in enumerate(key)
    }
    made: list[str] = []
    for name, key in ids.items():
        texts = ", ".join(f'coalesce("{name}_{i}", chr(30))' for i in range(len(key)))
        hashed = f"md5_number_lower(concat_ws(chr(31), $feed, '{name}', {texts}))"
        value = f"CAST({hashed} & {_MASK} AS BIGINT)"
        made.append(f'CASE WHEN "{name}_0" IS NOT NULL THEN {value} END AS "{name}"')
    with duckdb.connect() as connection:
        connection.register("parts", pl.DataFrame(parts).to_arrow())
        answer = connection.sql(f"SELECT {', '.join(made)} FROM parts", params={"feed": feed}).pl()
    return frame.with_columns(answer)


def bucketed(frame: pl.DataFrame, unit: str = "", row: str = "") -> pl.DataFrame:
    """`frame` with `bucket`: 0 to 255 by hash of the unit, such as the account, that a row names.

    Where it names none: 256 to 511 by hash of the row itself, told by its own column.
    """
    named, own = (pl.col(key).cast(pl.String) if key else pl.lit(None, pl.String)
                  for key in (unit, row))  # fmt: skip
    with duckdb.connect() as connection:
        connection.register("given", frame.select(named.alias("unit"), own.alias("own")).to_arrow())
        answer = connection.sql(
            "SELECT CAST(coalesce(md5_number_lower(unit) % 256, 256 + md5_number_lower(own) % 256)"
            " AS SMALLINT) AS bucket FROM given"
        ).pl()
    return frame.with_columns(answer)


def occurrence(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """0 for the first row with a key, 1 for the second: tells repeated rows of a log apart."""
    return frame.select(pl.int_range(pl.len()).over(key).alias("n"))["n"]
