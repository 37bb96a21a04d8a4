"""Groups of titles, whole: read off a rollup that is not split by bucket.

Titles are too many to keep a row for each of them, a day and a bucket. A rollup without buckets
keeps a row a day and title, and as bits in which buckets it has rows: what groups of it add up to,
and of how many accounts they are. It keeps columns of the table under their own names, so what
reads no others, and look-ups by them, reads it in place of the table. What is asked by bucket, as
intervals are, it does not know.
"""

from dataclasses import replace

from queries.dataset import BUCKET, BUCKETS, Dataset, Rollup
from queries.formula import Aggregate
from queries.plan import INHABITED, needed_joins
from queries.reduction import Column, Reduction, Source, Tables
from queries.rollup import WORD, is_current, stored, table_of

_FIRSTS = range(0, BUCKETS, WORD)


def kept_columns(dataset: Dataset, rollup: Rollup) -> tuple[Column, ...]:
    """The columns of the table that such a rollup has, that of the day first."""
    dimensions = (dataset.time, *map(dataset.dimension, rollup.dimensions))
    return tuple(Column(d.expression.strip('"'), d.expression) for d in dimensions)


def buckets_with_rows() -> tuple[Aggregate, ...]:
    """Bits of the buckets in which accounts have rows, a column a word."""
    return tuple(Aggregate("bit_or", _bit(first), alias=_word(first)) for first in _FIRSTS)


def unsplit(reduction: Reduction, dataset: Dataset, tables: Tables) -> Reduction:
    """The same answer off a rollup without buckets, where one has it; else as it is.

    Where there is no row at all, what it counts is NULL.
    """
    source = reduction.source
    is_plain = source.inner is None and source.counting is None and reduction.part is None
    if is_plain and source.table == dataset.table and reduction.base == dataset.base:
        for rollup in dataset.rollups:
            if _answers(rollup, reduction, dataset) and is_current(dataset, rollup, tables):
                return _read_off(rollup, reduction, dataset)
    return reduction


def _answers(rollup: Rollup, reduction: Reduction, dataset: Dataset) -> bool:
    if rollup.by_bucket or not all(
        a == INHABITED or a in stored(dataset, rollup) for a in reduction.aggregates
    ):
        return False
    kept = {column.name for column in kept_columns(dataset, rollup)}
    known = tuple(f"{join.name}." for join in dataset.joins if join.on in kept)
    read = replace(reduction, aggregates=(), base=None).columns
    return all(column in kept or column.startswith(known) for column in read)


def _read_off(rollup: Rollup, reduction: Reduction, dataset: Dataset) -> Reduction:
    """Bits are merged by group, and then counted."""
    table = table_of(dataset, rollup)
    sums = {a: _sum(a) for a in reduction.aggregates if a != INHABITED}
    flat = replace(reduction, aggregates=tuple(sums.values()), base=None)
    flat = replace(flat, source=Source(table, needed_joins(dataset.joins, flat.columns)))
    if INHABITED not in reduction.aggregates:
        return flat
    merged = (Aggregate("bit_or", f'"{_word(n)}"', alias=_word(n)) for n in _FIRSTS)
    bits = " + ".join(f'CAST(bit_count("{_word(n)}") AS INT)' for n in _FIRSTS)
    counted = {**{a: _sum(a) for a in sums}, INHABITED: Aggregate("sum", bits, alias=INHABITED.key)}
    inner = replace(flat, aggregates=(*flat.aggregates, *merged))
    return Reduction(
        source=Source(table, inner=inner),
        keys=tuple(Column(key.name, f'"{key.name}"') for key in reduction.keys),
        aggregates=tuple(counted[a] for a in reduction.aggregates),
    )


def _sum(aggregate: Aggregate) -> Aggregate:
    return Aggregate("sum", f'"{aggregate.key}"', alias=aggregate.key)


def _word(first: int) -> str:
    return f"{BUCKET}s_{first}"


def _bit(first: int) -> str:
    here = f'"{BUCKET}" BETWEEN {first} AND {min(first + WORD, BUCKETS) - 1}'
    bit = f'CAST(1 AS BIGINT) << ("{BUCKET}" - {first})'
    return f"CASE WHEN {here} THEN {bit} ELSE 0 END"
