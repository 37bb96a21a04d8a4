"""Columns worked out from a metric's column: share of total, rank, running and rolling sums.

Only what adds up may be added: a running ratio or a share of a quantile is refused.
"""

from datetime import date

import polars as pl

from queries.dataset import SMALL, TimeBucket
from queries.errors import UnsafeQuestion
from queries.model import Calculation, Query
from queries.period import Grain, start_of


def calculate(query: Query, frame: pl.DataFrame, total: pl.DataFrame) -> pl.DataFrame:
    """Add a column per calculation. `total` is the answer over all groups, one row."""
    for calculation in query.calculations:
        _check(query, calculation)
        column = _column(query, calculation, total)
        if calculation.kind in ("running", "rolling") and SMALL in frame.columns:
            column = pl.when(~_lacks_some(query, calculation)).then(column)
        frame = frame.with_columns(column.alias(calculation.name))
    return frame


def _check(query: Query, calculation: Calculation) -> None:
    metric = next((m for m in query.metrics if m.name == calculation.metric), None)
    if metric is None:
        raise UnsafeQuestion(
            f"“{calculation.metric}” is not asked for, so it has no {calculation.kind}.",
            "Add the metric to the question.",
        )
    if calculation.kind in ("running", "rolling"):
        if query.time_key is None:
            raise UnsafeQuestion(
                f"A {calculation.kind} total needs time.",
                f"Break down by {query.dataset.time.name}.",
            )
        if metric.kind != "additive":
            raise UnsafeQuestion(
                f"{metric.label} does not add up over time, so it has no {calculation.kind} total.",
                "Ask for it at a coarser grain: it is recomputed there.",
                code="adds_distinct" if metric.kind == "distinct" else "averages_ratio",
            )
    if calculation.kind == "share" and metric.kind not in ("additive", "semi-additive"):
        raise UnsafeQuestion(
            f"{metric.label} does not add up over groups, so a group has no share of it.",
            "Ask for the share of an additive metric.",
            code="adds_distinct" if metric.kind == "distinct" else "averages_ratio",
        )


def _column(query: Query, calculation: Calculation, total: pl.DataFrame) -> pl.Expr:
    value = pl.col(calculation.metric)
    time = query.time_key
    others = [k.name for k in query.by if time is None or k.name != time.name]
    match calculation.kind:
        case "share":
            whole = total[calculation.metric].item()
            return value / whole if whole else pl.lit(None, pl.Float64)
        case "rank":
            ranked = value.rank("min", descending=True)
            return ranked.over(time.name) if time is not None and others else ranked
        case "running":
            assert time is not None  # noqa: S101  # checked above
            return value.cum_sum().over(others or pl.lit(1), order_by=time.name)
        case "rolling":
            assert time is not None  # noqa: S101  # checked above
            return _rolling(query, calculation, time).over(others or pl.lit(1))


def _lacks_some(query: Query, calculation: Calculation) -> pl.Expr:
    """Whether a sum would leave out a number that is withheld: what is then too low is no sum."""
    time = query.time_key
    assert time is not None  # noqa: S101  # checked above
    others = [k.name for k in query.by if k.name != time.name]
    gone = (pl.col(calculation.metric).is_null() & pl.col(SMALL).is_not_null()).cast(pl.Int64)
    found = (
        gone.cum_sum().over(others or pl.lit(1), order_by=time.name)
        if calculation.kind == "running"
        else _windowed(gone, calculation, time).over(others or pl.lit(1))
    )
    return found > 0


def _windowed(values: pl.Expr, calculation: Calculation, time: TimeBucket) -> pl.Expr:
    start = pl.col(time.name).fill_null(date.min)
    size = f"{calculation.window}{_UNITS[time.grain]}"
    return values.rolling_sum_by(start, window_size=size, closed="right")


def _rolling(query: Query, calculation: Calculation, time: TimeBucket) -> pl.Expr:
    """The sum over so many buckets of the calendar; one without a row in it adds nothing.

    No number where the window reaches back before the first bucket.
    """
    unit, start = _UNITS[time.grain], pl.col(time.name)
    first = pl.lit(start_of(query.period.start, time.grain)) if query.period else start.min()
    summed = _windowed(pl.col(calculation.metric), calculation, time)
    reaches = first.dt.offset_by(f"{calculation.window - 1}{unit}")
    return pl.when(start >= reaches).then(summed)


_UNITS = {
    Grain.DAY: "d",
    Grain.WEEK: "w",
    Grain.MONTH: "mo",
    Grain.QUARTER: "q",
    Grain.YEAR: "y",
}
