"""Group in two steps where that answers the same with less work: by narrow keys first.

Distinct things are groups of a first step, counted in a second; DuckDB's own count keeps a table of
what it saw for every count of every group. And a look-up that only names groups is made of the
groups of its key, not of the rows: no text is hashed for each of them.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import prod

from queries.dataset import BUCKET, BUCKETS, Join
from queries.expression import columns_of
from queries.formula import Aggregate, Operation
from queries.reduction import Column, Reduction, Source, Tables

ROWS_A_GROUP = 4
"""A look-up is left to the second step where the first surely has so many rows a group."""
_YEAR = 366
_FOLDED: dict[Operation, Operation] = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}


def in_two_steps(
    reduction: Reduction, tables: Tables, rows_a_group: float = ROWS_A_GROUP
) -> Reduction:
    """The same answer by a reduction of a reduction, where that is less work; else as it is.

    Where there is no row at all, what it counts is NULL.
    """
    counted = [_counted(a) for a in reduction.aggregates if a.operation == "count_distinct"]
    is_plain = all(a.operation in (*_FOLDED, "count_distinct") for a in reduction.aggregates)
    if reduction.source.inner is not None or not is_plain or None in counted:
        return reduction
    things = tuple(dict.fromkeys(c for c in counted if c is not None))
    naming = _naming(reduction, things, tables, rows_a_group)
    if not naming and not _is_worth_counting(counted):
        return reduction
    return _split(reduction, things, naming)


def _split(reduction: Reduction, things: tuple[str, ...], naming: tuple[Join, ...]) -> Reduction:
    """First by what is counted, by the keys of `naming` look-ups, and by what reads no others."""
    source = reduction.source
    below: dict[str, Column] = {n: Column(n, f'"{n}"') for n in (*(j.on for j in naming), *things)}
    above: list[Column] = []
    for place, key in enumerate(reduction.keys):
        if _reads(key, naming):
            above.append(key)
        else:
            name = f"__key_{place}"
            below[name] = replace(key, name=name)
            above.append(Column(key.name, f'"{name}"'))
    first = replace(
        reduction,
        keys=tuple(below.values()),
        aggregates=tuple(
            Aggregate("count", where=a.where, alias=a.key)
            if a.operation == "count_distinct"
            else replace(a, alias=a.key)
            for a in reduction.aggregates
        ),
    )
    kept = tuple(j for j in source.joins if any(c.startswith(f"{j.name}.") for c in first.columns))
    is_one_row = len(things) == 1 and not naming
    return Reduction(
        source=Source(source.table, naming, replace(first, source=Source(source.table, kept))),
        keys=tuple(above),
        aggregates=tuple(_second(a, is_one_row=is_one_row) for a in reduction.aggregates),
    )


def _second(aggregate: Aggregate, *, is_one_row: bool) -> Aggregate:
    """What the second step makes of an aggregate: there, a thing may be a row of each group."""
    key = aggregate.key
    if aggregate.operation != "count_distinct":
        return Aggregate(_FOLDED[aggregate.operation], f'"{key}"', alias=key)
    if not is_one_row:
        return Aggregate("count_distinct", aggregate.argument, f'"{key}" > 0', alias=key)
    is_there = f'"{key}" > 0 AND NOT {aggregate.argument} IS NULL'
    return Aggregate("count", where=is_there, alias=key)


def _counted(aggregate: Aggregate) -> str | None:
    """The column of the table whose values a distinct count counts, if it is just that."""
    columns = columns_of(aggregate.argument)
    name = min(columns) if len(columns) == 1 else ""
    return name if aggregate.argument == f'"{name}"' and "." not in name else None


def _is_worth_counting(counted: list[str | None]) -> bool:
    """Buckets, which are few; and what several counts are of, when only one thing is."""
    return bool(counted) and len(set(counted)) == 1 and (BUCKET in counted or len(counted) > 1)


def _naming(
    reduction: Reduction, things: tuple[str, ...], tables: Tables, rows_a_group: float
) -> tuple[Join, ...]:
    """The look-ups of keys, where these read nothing besides but bucket and time."""
    joins = tuple(j for j in reduction.source.joins if any(_reads(k, (j,)) for k in reduction.keys))
    time = columns_of(reduction.time) if reduction.time else frozenset[str]()
    narrow = {BUCKET, *time, *(j.on for j in joins)}
    keys = [columns_of(k.expression) for k in reduction.keys]
    is_told = all(read <= narrow or any(_is_of(read, j) for j in joins) for read in keys)
    if not joins or not is_told or set(things) - {BUCKET}:
        return ()
    groups = prod(max(tables.rows(join.table), 1) for join in joins)
    read = frozenset(things).union(*keys)
    groups *= BUCKETS if BUCKET in read else 1
    if read & time:
        groups *= reduction.period.days if reduction.period else _YEAR
    return joins if groups * rows_a_group <= tables.rows(reduction.source.table) else ()


def _reads(key: Column, joins: Iterable[Join]) -> bool:
    return any(c.startswith(f"{j.name}.") for j in joins for c in columns_of(key.expression))


def _is_of(columns: frozenset[str], join: Join) -> bool:
    return all(c.startswith(f"{join.name}.") for c in columns)
