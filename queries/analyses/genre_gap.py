"""Genres by what is watched of them, against how much of them there is to watch.

Demand is a genre's share of the hours of the last four weeks, supply its share of the title and
country pairs that could be played; one over the other is a location quotient (U.S. Bureau of Labor
Statistics, QCEW). Supply is counted; the interval is that of demand.

Small cells: a genre's demand is a share of everybody's hours.
"""

from typing import Any

import polars as pl

from queries.analyses.cluster import Estimate, Scope, counted_by
from queries.analyses.licences import counted, ends_of, laid_out, share_of
from queries.model import Query


def questions(viewing: Scope, licences: Scope) -> list[Query]:
    """Hours of four weeks and windows that could be played, by genre."""
    return [
        counted_by(viewing, ["hours_28_days"], ["genre"]),
        counted(licences, ("available_windows",), ("genre",)),
    ]


def gap(watched: pl.DataFrame, supplied: pl.DataFrame) -> pl.DataFrame:
    """A row a genre: its share of hours with its ends, its share of windows, demand over supply.

    Columns `genre`, `supply`, and `demand` and `times` with `_low` and `_high`; what is least
    supplied for what is watched of it first.
    """
    known = supplied.drop_nulls("genre").filter(pl.col("available_windows") > 0).sort("genre")
    genres: list[str] = known["genre"].to_list()
    if not genres or watched.is_empty():
        return pl.DataFrame()
    place = {genre: i for i, genre in enumerate(genres)}
    numbered = watched.with_columns(
        pl.col("genre").replace_strict(place, default=None, return_dtype=pl.Int64).alias("title_id")
    ).drop_nulls("title_id")
    cells = laid_out(numbered, "hours_28_days", list(range(len(genres))))
    whole = cells.sum(axis=0)
    windows = known["available_windows"].to_numpy()
    rows: list[dict[str, Any]] = []
    for genre, mine, supply in zip(genres, cells, windows / windows.sum(), strict=True):
        found, of = share_of(mine, whole), float(supply)
        times = Estimate(found.value / of, found.low / of, found.high / of)
        named = {"genre": genre, "supply": of}
        rows.append(named | ends_of("demand", found) | ends_of("times", times))
    return pl.DataFrame(rows).sort(["times", "genre"], descending=[True, False])
