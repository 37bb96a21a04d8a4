"""Distinct accounts of any days, as a count of rows: on which days each account counts, as bits.

An activity is a table of the lake named `rollup_<dataset>_<name>`, folded from a rollup by account.
A row is an account with its values of some of the dimensions, and which ones is its grain; every
part of the dimensions is one. A column a count and block of days has a bit for each day on which
that count is above 0. An account of a period is a row with one of its bits, a pair of account and
day is a bit; so nothing is made distinct, save where an account may have two rows in a group. What
else a question asks for comes from a rollup as ever, and the two are laid side by side by their
keys.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from queries.cancellation import check
from queries.condition import Condition
from queries.dataset import Activity, Dataset, TimeBucket, merged
from queries.expression import conjuncts
from queries.formula import Aggregate
from queries.model import Query
from queries.period import Grain, Period, end_of, start_of
from queries.reduction import Column, Counting, Reduction, Source, Tables
from queries.refusal import keeps_one
from queries.rollup import ACCOUNT, DAY, DETAILS, is_built, is_of_pairs, stored, table_of
from queries.rollup import built_from as rollup_built_from

BLOCK = 63
"""Days of a block: as many bits as a BIGINT has besides its sign. Nine weeks."""

GRAIN = "__grain"
MOST_SPANS = 400
"""Buckets of time, each a count of its own in one scan: a year and a month, by day."""
_FORMAT = 1


def block_of(day: date) -> int:
    """The block of a day: days since the first of January of year 1, over 63."""
    return (day.toordinal() - 1) // BLOCK


def bits_of(count: str, block: int) -> str:
    """The column that has the days of a block on which a count is above 0."""
    return f"{count}_{block}"


def grain_of(activity: Activity, dimensions: Iterable[str]) -> int:
    """A bit for each dimension that a row is not split by, the last one's lowest: GROUPING_ID."""
    kept = set(dimensions)
    left_out = (str(int(name not in kept)) for name in activity.dimensions)
    return int("0" + "".join(left_out), 2)


@lru_cache(maxsize=256)
def counts(dataset: Dataset, activity: Activity) -> tuple[str, ...]:
    """The counts of the rollup whose days are kept, by key: one a condition on an account."""
    kept = {a.key for a in stored(dataset, activity.of)}
    named = activity.of.metrics or tuple(m.name for m in dataset.metrics)
    found = merged(m for m in dataset.metrics if m.name in named and not m.parameters)
    wanted = {a.of_every_day.matching.key for a in found if _is_of_accounts(a, dataset)}
    return tuple(sorted(wanted & kept))


@lru_cache(maxsize=256)
def _by_condition(dataset: Dataset, activity: Activity) -> dict[frozenset[str], str]:
    """The kept counts, by the conditions that all must hold for a row to count."""
    kept = set(counts(dataset, activity))
    return {_conditions(a): a.key for a in stored(dataset, activity.of) if a.key in kept}


def _conditions(aggregate: Aggregate) -> frozenset[str]:
    return conjuncts(aggregate.where) if aggregate.where else frozenset()


def _count_of(aggregate: Aggregate, dataset: Dataset, activity: Activity) -> str | None:
    """The kept count whose bits tell distinct accounts, or pairs of one and a day; None for others.

    A row of bits is somebody's: a pair is told where those of nobody are left out.
    """
    if aggregate.is_closing:
        return None
    conditions = _conditions(aggregate)
    if is_of_pairs(aggregate, dataset):
        is_somebody = f'NOT "{dataset.entity}" IS NULL'
        if is_somebody not in conditions:
            return None
        conditions -= {is_somebody}
    elif not _is_of_accounts(aggregate, dataset):
        return None
    return _by_condition(dataset, activity).get(conditions)


def built_from(dataset: Dataset, activity: Activity, tables: Tables) -> dict[str, Any]:
    """What is written down when an activity is built, to tell later whether it is current."""
    below = rollup_built_from(dataset, activity.of, tables)
    meant = repr((_FORMAT, BLOCK, activity, counts(dataset, activity), below["definition"]))
    return {**below, "definition": blake2b(meant.encode(), digest_size=8).hexdigest()}


def is_current(dataset: Dataset, activity: Activity, tables: Tables) -> bool:
    return is_built(table_of(dataset, activity), built_from(dataset, activity, tables), tables)


def covering(
    query: Query, where: Condition | None, aggregates: Iterable[Aggregate], tables: Tables
) -> Counting | None:
    """What counts the distinct accounts of a question; None where nothing current does.

    It knows neither rows without a day nor days that a filter names, and time cut into more
    buckets than `MOST_SPANS` is not worth it.
    """
    dataset, period = query.dataset, query.period
    time = next((k for k in query.by if k.name == dataset.time.name), None)
    grain = time.grain if isinstance(time, TimeBucket) else Grain.DAY
    if period is None:
        return None
    spans = (period, query.compare.period) if query.compare else (period,)
    if time and not all(_is_short(span, grain) for span in spans):
        return None
    keys = {k.name for k in query.by} - {dataset.time.name}
    named = keys | {f.dimension.name for f in (where.filters() if where else ())}
    asked = tuple(aggregates)
    for activity in dataset.activities:
        # Of an account with two rows in a group, a day might have two bits.
        once = all(name in keys or keeps_one(where, name) for name in named)
        told = {a: _count_of(a, dataset, activity) for a in asked}
        columns = tuple(
            (a.key, count)
            for a, count in told.items()
            if count is not None and (once or not is_of_pairs(a, dataset))
        )
        if columns and named <= set(activity.dimensions) and is_current(dataset, activity, tables):
            table = table_of(dataset, activity)
            return Counting(
                table=table,
                grain=grain_of(activity, named),
                blocks=tuple(tables.details[DETAILS][table]["blocks"]),
                columns=columns,
                once=once,
                days=tuple(a.key for a in told if is_of_pairs(a, dataset)),
            )
    return None


def beside(reduction: Reduction, counting: Counting) -> Reduction:
    """A reduction of a rollup that also has the distinct accounts which an activity counts."""
    accounts = tuple(
        Aggregate("count_distinct", f'"{ACCOUNT}"', alias=key) for key, _ in counting.columns
    )
    source = replace(reduction.source, counting=counting)
    return replace(reduction, source=source, aggregates=(*reduction.aggregates, *accounts))


def apart(reduction: Reduction) -> tuple[Reduction, ...]:
    """What an engine is to do: the scan of the source, then that of the accounts, if any."""
    counting = reduction.source.counting
    if counting is None:
        return (reduction,)
    columns = dict(counting.columns)
    counted = [a.key for a in reduction.aggregates if a.key in columns]
    first = replace(
        reduction,
        source=replace(reduction.source, counting=None),
        aggregates=tuple(a for a in reduction.aggregates if a.key not in columns),
    )
    if not counted:
        return (first,)
    second = Reduction(
        source=Source(counting.table),
        keys=tuple(k for k in reduction.keys if k != _time_of(reduction)),
        aggregates=tuple(
            _counted(span, key, alias, counting) for span, key, alias in _spans(reduction, counted)
        ),
        where=reduction.where,
        base=f'"{GRAIN}" = {counting.grain}',
    )
    return (first, second)


def together(reduction: Reduction, found: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The answers to the parts of a reduction as its own: the groups are those of the first."""
    if len(found) == 1:
        return found[0]
    first, counts_wide = found
    counted = [a.key for a in reduction.aggregates if a.key not in first.columns]
    if not reduction.keys:
        return first.hstack(counts_wide.fill_null(0.0))
    time = _time_of(reduction)
    long = counts_wide if time is None else _by_time(counts_wide, reduction, counted, time.name)
    keys = [k.name for k in reduction.keys]
    return first.join(
        long, on=keys, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(pl.col(counted).fill_null(0.0))


def _by_time(
    wide: pl.DataFrame, reduction: Reduction, counted: Sequence[str], name: str
) -> pl.DataFrame:
    """A row for each bucket of time, from a column for each, whichever way they come."""
    spans = list(_spans(reduction, counted))
    starts = [_bucket(span, reduction) for span, _, _ in spans[:: len(counted)]]
    shape = (wide.height, len(starts), len(counted))
    found = wide.select(alias for _, _, alias in spans).to_numpy().reshape(shape)
    check()
    groups = np.repeat(np.arange(wide.height), len(starts))
    days = np.array(starts, dtype="datetime64[D]")
    others = {k.name: wide[k.name].gather(groups) for k in reduction.keys if k.name != name}
    counts = {key: found[..., i].ravel() for i, key in enumerate(counted)}
    return pl.DataFrame({**others, name: np.tile(days, wide.height), **counts})


def _spans(reduction: Reduction, counted: Sequence[str]) -> Iterator[tuple[Period, str, str]]:
    """Of each bucket of time and each count: the days, its key, and the column that it comes as."""
    assert reduction.period is not None  # noqa: S101  # `covering` asks for one
    time = _time_of(reduction)
    if time is None:
        yield from ((reduction.period, key, key) for key in counted)
        return
    for span in _cut(reduction.period, time.grain or Grain.DAY):
        yield from ((span, key, f"{key} {span.start}") for key in counted)


def _time_of(reduction: Reduction) -> Column | None:
    return next((k for k in reduction.keys if k.expression == f'"{DAY}"'), None)


def _bucket(span: Period, reduction: Reduction) -> date:
    time = _time_of(reduction)
    return start_of(span.start, (time.grain if time else None) or Grain.DAY)


def _cut(period: Period, grain: Grain) -> Iterator[Period]:
    """The period's days in each bucket of time."""
    start = period.start
    while start <= period.end:
        end = min(end_of(start, grain), period.end)
        yield Period(start, end)
        start = end + timedelta(1)


def _is_short(period: Period, grain: Grain) -> bool:
    return next(islice(_cut(period, grain), MOST_SPANS, None), None) is None


def _counted(span: Period, key: str, alias: str, counting: Counting) -> Aggregate:
    """The accounts that count on any day of a span; or on how many, all of them together."""
    count = dict(counting.columns)[key]
    kept = [
        f'("{bits_of(count, block)}" & {bits})'
        for block in counting.blocks
        if (bits := mask(span, block))
    ]
    if key in counting.days:
        days = " + ".join(f"CAST(bit_count({bits}) AS INT)" for bits in kept)
        return Aggregate("sum", days or "0", alias=alias)
    within = f"({' | '.join(kept)}) <> 0" if kept else "FALSE"
    if counting.once:
        return Aggregate("count", where=within, alias=alias)
    return Aggregate("count_distinct", f'"{ACCOUNT}"', within, alias=alias)


def mask(span: Period, block: int) -> int:
    """The bits of a block's days that lie in the span."""
    first = block * BLOCK + 1
    low = max(0, span.start.toordinal() - first)
    high = min(BLOCK - 1, span.end.toordinal() - first)
    return ((1 << (high + 1)) - 1) >> low << low if low <= high else 0


def _is_of_accounts(aggregate: Aggregate, dataset: Dataset) -> bool:
    return aggregate.operation == "count_distinct" and aggregate.argument == f'"{dataset.entity}"'
