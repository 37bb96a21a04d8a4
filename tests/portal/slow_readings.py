"""A lake with one question of seconds, for the tests of what is worked on while somebody waits."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from queries.lake.lake import Change, Lake

DATASET = """
name: readings
label: Readings
table: readings
time: {column: day}
dimensions:
  - {name: place, label: Place, kind: number}
metrics:
  - {name: rows, label: Rows, formula: count(*)}
  - name: pairs
    label: Pairs
    formula: count(distinct (place, value, day))
    class: distinct
    interval: none
"""
PAIRS = "?dataset=readings&metric=pairs&by=place&period=all"
ROWS = "?dataset=readings&metric=rows&by=place&period=all"


def load(lake_url: str, rows: int = 6_000_000) -> None:
    """Fill an empty lake."""
    Lake(lake_url).commit(
        [Change(table="readings", rows=_readings(rows), day="day")],
        "readings",
        datasets={"readings": DATASET},
    )


def _readings(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    days = pl.Series([date(2026, 1, 1) + timedelta(n) for n in range(28)])
    return pl.DataFrame(
        {
            "day": days.gather(pl.Series(rng.integers(0, 28, rows))),
            "place": rng.integers(0, 5_000, rows),
            "value": rng.integers(0, 2**40, rows),
        }
    ).sort("day")
