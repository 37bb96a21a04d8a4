"""How many streams are open at once: counted at every full minute, never summed over slices.

A play is open from its start until `wall_s` later. Both ends are counted by minute, so that nothing
is read row by row; what is open at a full minute is what has started by then less what has ended.
A count of what happened, so it has no interval.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.condition import Dimension, Filter, conjunction
from queries.expression import canonical
from queries.formula import Array
from queries.model import Query
from queries.period import Period
from queries.small_cells import FEWEST_SHOWN

_EPOCH = "CAST('1970-01-01 00:00:00' AS TIMESTAMP)"
_STARTED = f"DATE_DIFF('second', {_EPOCH}, start_ts)"
STARTS = Dimension("starts", "Start", canonical(f"FLOOR(({_STARTED} + 59) / 60.0)"), kind="number")
ENDS = Dimension(
    "ends", "End", canonical(f"FLOOR(({_STARTED} + wall_s + 59) / 60.0)"), kind="number"
)
_LONGEST = timedelta(days=1)
_MINUTES = 60


def questions(scope: Scope) -> tuple[Query, Query]:
    """Plays by the first full minute after their start, and after their end.

    With the day before the period, whose plays may still be open, and the day after, because a
    local day ends later than the UTC one.
    """
    period = scope.period
    if period is not None:
        period = Period(period.start - _LONGEST, period.end + _LONGEST)
    played = Filter(scope.dataset.dimension("outcome"), "in", ("played",))
    ended = Filter(ENDS, "not missing")
    where = conjunction(scope.where, played, ended)
    dataset = replace(scope.dataset, dimensions=(*scope.dataset.dimensions, STARTS, ENDS))
    starts, ends = (
        Query(
            dataset=dataset,
            metrics=(dataset.metric("rows"),),
            by=(key,),
            where=where,
            period=period,
            limit=EVERY_GROUP,
            interval=False,
            keeps_small=True,
        )
        for key in (STARTS, ENDS)
    )
    return starts, ends


@dataclass(frozen=True, slots=True)
class Concurrency:
    """`hours` has a row per UTC hour: `hour` and the `streams` open at its fullest minute.

    `peak` is the most of all, at `peak_at` (UTC).
    """

    hours: pl.DataFrame
    peak: int
    peak_at: datetime

    @property
    def told(self) -> "Concurrency | None":
        """Without hours of one to nine streams, which are of a handful; None where all are."""
        if 0 < self.peak < FEWEST_SHOWN:
            return None
        is_few = (pl.col("streams") > 0) & (pl.col("streams") < FEWEST_SHOWN)
        streams = pl.when(is_few).then(None).otherwise(pl.col("streams")).alias("streams")
        return replace(self, hours=self.hours.with_columns(streams))


def concurrency(
    starts: pl.DataFrame, ends: pl.DataFrame, period: Period | None
) -> Concurrency | None:
    """Open streams over the UTC days of a period; None where no play says when it ended."""
    if starts.is_empty() or ends.is_empty():
        return None
    first = int(min(starts[STARTS.name].min(), ends[ENDS.name].min()))  # type: ignore[type-var,arg-type]
    last = int(max(starts[STARTS.name].max(), ends[ENDS.name].max()))  # type: ignore[type-var,arg-type]
    opened = np.cumsum(_by_minute(starts, STARTS.name, first, last))
    closed = np.cumsum(_by_minute(ends, ENDS.name, first, last))
    minutes = pl.DataFrame({"minute": np.arange(first, last + 1), "streams": opened - closed})
    minutes = minutes.with_columns(
        at=pl.from_epoch(pl.col("minute") * _MINUTES, time_unit="s")
    ).filter(_within(period))
    if minutes.is_empty():
        return None
    fullest = minutes.row(int(minutes["streams"].arg_max() or 0), named=True)
    hours = (
        minutes.group_by(hour=pl.col("at").dt.truncate("1h"))
        .agg(pl.col("streams").max().cast(pl.Int64))
        .sort("hour")
    )
    at = fullest["at"].replace(tzinfo=UTC)
    return Concurrency(hours, int(fullest["streams"]), at)


def _by_minute(frame: pl.DataFrame, name: str, first: int, last: int) -> Array:
    counted = np.zeros(last - first + 1)
    np.add.at(counted, frame[name].cast(pl.Int64).to_numpy() - first, frame["rows"].to_numpy())
    return counted


def _within(period: Period | None) -> pl.Expr:
    if period is None:
        return pl.lit(value=True)
    return pl.col("at").dt.date().is_between(period.start, period.end)
