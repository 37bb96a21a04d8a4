"""Quantiles off how often each value occurs: one scan for every level, by time and of all.

An engine's quantile keeps every value of every row. Where values are few beside rows, as those of
a clock in milliseconds, counting each costs less, and the counts of finer groups add up to those of
coarser ones, which a quantile does not.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from queries.formula import Aggregate
from queries.reduction import Column, Part, Reduction

VALUE, COUNT = "__value", "__count"
ROWS_A_VALUE = 40
"""Of the first rows of a table there have to be so many for each value: then values are few."""
_ALL = "__all"


def by_value(reduction: Reduction) -> Reduction | None:
    """The same rows by what its quantiles are of, as well; None where not all can be told of it."""
    quantiles, others = _split(reduction)
    of = {(a.argument, a.where) for a in quantiles}
    is_counted = all(a.operation == "count" and not a.is_closing for a in others)
    source = reduction.source
    if len(of) != 1 or not is_counted or source.inner is not None or source.counting is not None:
        return None
    ((argument, where),) = of
    counted = Aggregate("count", argument, where, alias=COUNT)
    keys = (*reduction.keys, Column(VALUE, argument))
    return replace(reduction, keys=keys, aggregates=(*others, counted))


def first_values(counted: Reduction, rows: int) -> Reduction:
    """How many values there are, and of how many of the first rows of the table."""
    value = next(key.expression for key in counted.keys if key.name == VALUE)
    values = Aggregate("count_distinct", value, alias=VALUE), Aggregate("count", value, alias=COUNT)
    look = replace(counted, keys=(), aggregates=values, part=Part(rows))
    return replace(look, where=None, base=None, time=None, period=None)


def are_few(looked: pl.DataFrame) -> bool:
    """Whether values are few beside rows, by the answer to `first_values`."""
    values, count = looked[VALUE].item(), looked[COUNT].item()
    return bool(count and values and values * ROWS_A_VALUE <= count)


def quantiles(counted: pl.DataFrame, reduction: Reduction) -> pl.DataFrame | None:
    """The answer to a reduction, of counts by value and by its keys or more.

    Linear between the two nearest values, as SQL's `quantile_cont`. None where values are no plain
    numbers, and where there is no row.
    """
    if not counted.schema[VALUE].is_numeric() or counted.schema[VALUE].is_decimal():
        return None
    if counted.is_empty():
        return None
    levels, others = _split(reduction)
    keys = [key.name for key in reduction.keys] or [_ALL]
    frame = counted.with_columns(pl.lit(0).alias(_ALL), pl.col(VALUE).cast(pl.Float64))
    groups = frame.group_by(keys, maintain_order=True).agg(pl.col(a.key).sum() for a in others)
    known = frame.filter(pl.col(COUNT) > 0).group_by(*keys, VALUE).agg(pl.col(COUNT).sum())
    passed = pl.col(COUNT).cum_sum()
    found = (
        known.sort(VALUE)
        .group_by(keys)
        .agg(_between(a.level or 0.0, passed).alias(a.key) for a in levels)
    )
    answer = groups.join(found, on=keys, how="left", nulls_equal=True, maintain_order="left")
    names = (*(k.name for k in reduction.keys), *(a.key for a in reduction.aggregates))
    return answer.select(names)


def _between(level: float, passed: pl.Expr) -> pl.Expr:
    """The value at a level of values in rising order, of which so many rows have `passed` each."""
    place = (pl.col(COUNT).sum() - 1) * level
    low, high = (pl.col(VALUE).filter(passed > n).first() for n in (place.floor(), place.ceil()))
    part = place - place.floor()
    return pl.when(low == high).then(low).otherwise(low * (1 - part) + high * part)


def _split(reduction: Reduction) -> tuple[Sequence[Aggregate], Sequence[Aggregate]]:
    """Its quantiles, and what else it asks."""
    levels = [a for a in reduction.aggregates if a.operation == "quantile"]
    return levels, [a for a in reduction.aggregates if a not in levels]
