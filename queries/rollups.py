"""Build derived tables and rollups, and commit them beside the tables they come from.

A derived table is built whole. A rollup is rebuilt for the days of the files that came or went
since it was built; from scratch where its definition or a joined table changed, or where it sums
up a derived table. One that a finer rollup of its dataset covers is made of that, not of the rows.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TypeVar

import polars as pl

from queries import activity, derived
from queries.cancellation import Cancellation, begin
from queries.condition import MAX_VALUES, Dimension, Filter
from queries.dataset import BUCKET, BUCKETS, Activity, Dataset, DerivedTable, Rollup
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.fold import Folding
from queries.errors import QueryError
from queries.formula import Aggregate
from queries.gather import counted_units
from queries.lake import invariants
from queries.lake.lake import Change, Lake
from queries.plan import population_plan
from queries.reduction import Column, Reduction, Source
from queries.rollup import (
    ACCOUNT,
    DAY,
    DETAILS,
    POPULATIONS,
    Reading,
    built_from,
    fingerprint,
    inputs,
    is_current,
    known_population,
    population_from,
    stored,
    sums_up,
    table_of,
)
from queries.underway import Underway
from queries.unsplit import buckets_with_rows, kept_columns

SOURCE = "rollups"
SLICE_ROWS = 24_000_000
LOOK_SECONDS = 0.25
_Sum = tuple[Dataset, Rollup]
_Of = TypeVar("_Of")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Built:
    """A derived table or a rollup that was written. `days` is None when it was built whole."""

    table: str
    days: int | None


def refresh(
    lake: Lake,
    datasets: Iterable[Dataset],
    engine: DuckDBEngine,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Built, ...]:
    """Bring what derives from the newest snapshot up to it, in one commit.

    First the derived tables that the datasets read, then the rollups, then the activities folded
    from those; last the invariants are tried. What a lake cannot make, since it lacks an input, it
    does not get. When it is interrupted what runs is stopped, and the lake stays as it was.
    """
    of = tuple(datasets)
    built: list[Built] = []
    with lake.lease():
        tables = Underway(lake.snapshot())
        make = _Making(lake, engine, tables, progress)
        with _at_work(_at_once(tables)) as pool:
            built += _derive_all(make, of, pool)
            built += _roll_up_all(make, of, pool)
            built += _fold_all(make, of, pool)
            is_tried = _try_invariants(make, pool)
        if tables.changes or is_tried:
            lake.commit(tables.changes, SOURCE, details=tables.written, is_news=False)
        return tuple(built)


@contextmanager
def _at_work(threads: int) -> Generator[Executor]:
    """Threads for steps. Whatever ends the block early, a Ctrl-C too, stops those that run."""
    cancellation = Cancellation()
    with ThreadPoolExecutor(threads, initializer=begin, initargs=(cancellation,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            cancellation.cancel()
            raise


def _each(pool: Executor, step: Callable[[_Of], _Made], of: Iterable[_Of]) -> list[_Made]:
    """A step for each, in their order. It looks up now and then, or no Ctrl-C would be heard."""
    begun = [pool.submit(step, one) for one in of]
    waiting = set(begun)
    while waiting:
        done, waiting = wait(waiting, LOOK_SECONDS, FIRST_EXCEPTION)
        for future in done:
            future.result()
    return [future.result() for future in begun]


def _at_once(tables: Underway) -> int:
    """How many steps run side by side: two of a small lake, whose halves of memory they share."""
    most = max((tables.rows(name) for name in tables.before.tables), default=0)
    return 2 if most <= SLICE_ROWS // 2 else 1


@dataclass(frozen=True, slots=True)
class _Making:
    """What a step works with. Steps that run side by side only read `tables`."""

    lake: Lake
    engine: DuckDBEngine
    tables: Underway
    progress: Callable[[str], None]


def _try_invariants(make: _Making, pool: Executor) -> bool:
    """Count the rows that break each invariant whose tables changed; whether there was any.

    A broken one is written down and stops nothing, as one that cannot be tried.
    """
    tables = make.tables
    before = tables.details.get(invariants.DETAILS, {})
    changed = [
        invariant
        for invariant in invariants.declared().values()
        if before.get(invariant.name, {}).get("basis") != invariant.built_from(tables.versions)
        and tables.hold(invariant.inputs)
    ]
    if changed:
        make.progress("invariants")
    for invariant, found in zip(changed, _each(pool, partial(_tried, make), changed), strict=True):
        tables.write_down(invariants.DETAILS, invariant.name, found)
    return bool(changed)


def _tried(make: _Making, invariant: invariants.Invariant) -> dict[str, object]:
    basis = invariant.built_from(make.tables.versions)
    found: dict[str, object] = {"basis": basis, "broken": None, "problem": ""}
    try:
        found["broken"] = make.engine.count(invariant.broken, invariant.inputs, make.tables)
    except QueryError as error:
        found["problem"] = error.message
    return found


def _derive_all(make: _Making, of: Iterable[Dataset], pool: Executor) -> Iterator[Built]:
    """Make the derived tables that are not current, those first that others are made of."""
    tables = make.tables
    waiting = [t for t in derived.in_order(of) if not derived.is_current(t, tables)]
    while waiting:
        free = [t for t in waiting if not any(below in waiting for below in t.over)]
        waiting = [t for t in waiting if t not in free]
        ready = [t for t in free if _can_be_made(t, tables)]
        for table, change in zip(ready, _each(pool, partial(_derive, make), ready), strict=True):
            tables.take(change)
            tables.write_down(derived.DETAILS, table.name, derived.built_from(table, tables))
            yield Built(table.name, None)


def _can_be_made(table: DerivedTable, tables: Underway) -> bool:
    return tables.hold(table.inputs) and all(derived.is_current(d, tables) for d in table.over)


def _derive(make: _Making, table: DerivedTable) -> Change:
    make.progress(f"derived table {table.name}")
    tables = make.tables
    complete = derived.inputs_complete_through(table, tables)
    paths: list[str] = []
    for buckets in _slices(table, tables):
        paths.append(make.lake.new_file(table.name))
        make.engine.derive(table, tables, paths[-1], complete, buckets)
    return Change(
        table=table.name,
        files=tuple(paths),
        fresh=True,
        day=table.day,
        complete_through=derived.complete_through(table, tables),
    )


def _slices(table: DerivedTable, tables: Underway) -> list[range]:
    """Spans of buckets, each with as many rows of the inputs as fit into memory."""
    loaded = [name for name in table.sliced if tables.before.has(name)]
    rows = sum(tables.rows(name) for name in loaded)
    count = min(BUCKETS, max(1, -(-rows // SLICE_ROWS)))
    edges = [BUCKETS * n // count for n in range(count + 1)]
    return [range(first, end) for first, end in pairwise(edges)]


def _roll_up_all(make: _Making, of: Iterable[Dataset], pool: Executor) -> Iterator[Built]:
    """Bring the rollups up to date whose dataset and inputs the lake has."""
    tables = make.tables
    waiting: list[_Sum] = []
    for dataset in of:
        if not tables.has(dataset.table) or not _holds(dataset, tables):
            continue
        if dataset.rollups and dataset.entity:
            (population,) = _each(pool, partial(_population, make.engine, tables), [dataset])
            tables.write_down(POPULATIONS, dataset.name, population)
        waiting += [
            (dataset, rollup)
            for rollup in dataset.rollups
            if not is_current(dataset, rollup, tables)
            and all(tables.has(name) for name in inputs(dataset, rollup))
        ]
    while waiting:
        free = [of for of in waiting if not any(_is_made_of(of, other) for other in waiting)]
        waiting = [of for of in waiting if of not in free]
        for summed, (change, days) in zip(
            free, _each(pool, partial(_change, make), free), strict=True
        ):
            tables.take(change)
            written = built_from(*summed, tables) | {"at": tables.data_version}
            tables.write_down(DETAILS, change.table, written)
            yield Built(change.table, days)


def _is_made_of(of: _Sum, other: _Sum) -> bool:
    return of[0] is other[0] and sums_up(of[0], other[1], of[1])


def _fold_all(make: _Making, of: Iterable[Dataset], pool: Executor) -> Iterator[Built]:
    """Fold anew the activities that are not current, of rollups that are."""
    tables = make.tables
    waiting = [
        (dataset, folded)
        for dataset in of
        for folded in dataset.activities
        if is_current(dataset, folded.of, tables)
        and not activity.is_current(dataset, folded, tables)
    ]
    for (dataset, folded), (change, blocks) in zip(
        waiting, _each(pool, partial(_fold, make), waiting), strict=True
    ):
        tables.take(change)
        written = activity.built_from(dataset, folded, tables) | {"blocks": blocks}
        tables.write_down(DETAILS, change.table, written)
        yield Built(change.table, None)


def _fold(make: _Making, of: tuple[Dataset, Activity]) -> tuple[Change, list[int]]:
    """The table of an activity, and its blocks: those with a day of the rollup as it will be."""
    dataset, folded = of
    make.progress(f"activity {folded.name} of {dataset.name}")
    engine, base = make.engine, table_of(dataset, folded.of)
    files, coming = make.tables.files(base), make.tables.changed(base)
    gone: list[date] = []
    more: tuple[str, ...] = ()
    if coming is not None and coming.without is not None:
        gone, more = coming.without[DAY].to_list(), coming.files
    days = {d for d in engine.days(f'"{DAY}"', files) if d not in gone} if files else set[date]()
    days |= set(engine.days(f'"{DAY}"', more)) if more else set[date]()
    blocks = sorted({activity.block_of(day) for day in days})
    folding = Folding(
        dimensions=folded.dimensions,
        columns=tuple(
            (activity.bits_of(count, block), count, block)
            for count in activity.counts(dataset, folded)
            for block in blocks
        ),
        width=activity.BLOCK,
        grain=activity.GRAIN,
    )
    table = table_of(dataset, folded)
    path = make.lake.new_file(table)
    engine.fold(folding, files, gone, more, path)
    return Change(table=table, files=(path,), fresh=True), blocks


def _holds(dataset: Dataset, tables: Underway) -> bool:
    return all(derived.is_current(d, tables) for d in dataset.derived)


def _population(engine: DuckDBEngine, tables: Underway, dataset: Dataset) -> dict[str, object]:
    known = known_population(dataset, tables)
    units = known or counted_units(engine.reduce(population_plan(dataset), tables)).tolist()
    return {"from": population_from(dataset, tables), "units": units}


def _change(make: _Making, of: _Sum) -> tuple[Change, int | None]:
    dataset, rollup = of
    make.progress(f"rollup {rollup.name} of {dataset.name}")
    lake, engine, tables = make.lake, make.engine, make.tables
    table = table_of(dataset, rollup)
    days = _changed_days(lake, engine, tables, of)
    reduction = _reduction(dataset, rollup)
    finer = _finer(dataset, rollup, tables)
    if days is None and finer is not None:
        reduction = finer.all_days(reduction)
    if days == []:
        return Change(
            table=table, without=pl.DataFrame({DAY: []}, schema={DAY: pl.Date}), day=DAY
        ), 0
    if days:
        kept = Filter(Dimension(DAY, "Day", dataset.time.expression, "date"), "in", tuple(days))
        reduction = replace(reduction, where=kept)
    path = lake.new_file(table)
    engine.write(reduction, tables, path, order_by=DAY)
    if days is None:
        return Change(table=table, files=(path,), fresh=True, day=DAY), None
    without = pl.DataFrame({DAY: days}, schema={DAY: pl.Date})
    return Change(table=table, files=(path,), without=without, day=DAY), len(days)


def _changed_days(
    lake: Lake, engine: DuckDBEngine, tables: Underway, of: _Sum
) -> list[date] | None:
    """Days of the files that came or went since the rollup was built; None for all days.

    All days, too, where more changed than a condition may name.
    """
    dataset, rollup = of
    written = tables.details.get(DETAILS, {}).get(table_of(dataset, rollup))
    if written is None or written["definition"] != fingerprint(dataset, rollup):
        return None
    if not tables.has(table_of(dataset, rollup)) or dataset.derived:
        return None
    joined = inputs(dataset, rollup)[1:]
    if any(written["versions"].get(t) != tables.versions.get(t) for t in joined):
        return None
    changed = lake.changed_files(dataset.table, written["at"], tables.before)
    days = engine.days(dataset.time.expression, changed) if changed else []
    return days if len(days) <= MAX_VALUES else None


def _finer(dataset: Dataset, rollup: Rollup, tables: Underway) -> Reading | None:
    """The rollup that another can be made of as it stands, if there is one: less to read."""
    found = [
        finer
        for finer in dataset.rollups
        if sums_up(dataset, finer, rollup)
        and tables.is_whole(table_of(dataset, finer))
        and is_current(dataset, finer, tables)
    ]
    return Reading(dataset, min(found, key=lambda r: len(r.dimensions))) if found else None


def _reduction(dataset: Dataset, rollup: Rollup) -> Reduction:
    keys = [Column(DAY, dataset.time.expression)]
    aggregates: tuple[Aggregate, ...] = stored(dataset, rollup)
    if rollup.by_bucket:
        keys.append(Column(BUCKET, f'"{BUCKET}"'))
        keys += [Column(name, dataset.dimension(name).expression) for name in rollup.dimensions]
    else:
        keys += kept_columns(dataset, rollup)
        aggregates += buckets_with_rows()
    if rollup.by_account:
        keys.append(Column(ACCOUNT, f'"{dataset.entity}"'))
    plain = Reduction(
        source=Source(dataset.table),
        keys=tuple(keys),
        aggregates=aggregates,
        base=" AND ".join(f"({part})" for part in (dataset.base, rollup.only) if part) or None,
    )
    used = tuple(j for j in dataset.joins if any(c.startswith(f"{j.name}.") for c in plain.columns))
    return replace(plain, source=Source(dataset.table, used))
