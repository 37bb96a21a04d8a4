"""Build derived tables and rollups, and commit them beside the tables they come from.

A derived table is built whole. A rollup is rebuilt for the days of the files that came or went
since it was built; from scratch where its definition or a joined table changed, or where it sums
up a derived table.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import polars as pl

from queries import derived
from queries.condition import MAX_VALUES, Dimension, Filter
from queries.dataset import BUCKET, BUCKETS, Dataset, DerivedTable, Rollup
from queries.engines.duckdb_engine import DuckDBEngine
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
    built_from,
    fingerprint,
    inputs,
    is_current,
    known_population,
    population_from,
    stored,
    table_of,
)
from queries.underway import Underway

SOURCE = "rollups"
SLICE_ROWS = 24_000_000


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

    First the derived tables that the datasets read, then the rollups, then the invariants are
    tried. What a lake cannot make, since it lacks an input, it does not get.
    """
    of = tuple(datasets)
    built: list[Built] = []
    with lake.lease():
        tables = Underway(lake.snapshot())
        for table in derived.in_order(of):
            if derived.is_current(table, tables) or not _can_be_made(table, tables):
                continue
            progress(f"derived table {table.name}")
            tables.take(_derive(lake, engine, tables, table))
            tables.write_down(derived.DETAILS, table.name, derived.built_from(table, tables))
            built.append(Built(table.name, None))
        for dataset in of:
            if tables.has(dataset.table) and _holds(dataset, tables):
                built += _roll_up(lake, engine, tables, dataset, progress)
        is_tried = _try_invariants(engine, tables, progress)
        if tables.changes or is_tried:
            lake.commit(tables.changes, SOURCE, details=tables.written)
        return tuple(built)


def _try_invariants(
    engine: DuckDBEngine, tables: Underway, progress: Callable[[str], None]
) -> bool:
    """Count the rows that break each invariant whose tables changed; whether there was any.

    A broken one is written down and stops nothing, as one that cannot be tried.
    """
    before = tables.details.get(invariants.DETAILS, {})
    is_tried = False
    for invariant in invariants.declared().values():
        if not tables.hold(invariant.inputs):
            continue
        basis = invariant.built_from(tables.versions)
        if before.get(invariant.name, {}).get("basis") == basis:
            continue
        if not is_tried:
            progress("invariants")
        found: dict[str, object] = {"basis": basis, "broken": None, "problem": ""}
        try:
            found["broken"] = engine.count(invariant.broken, invariant.inputs, tables)
        except QueryError as error:
            found["problem"] = error.message
        tables.write_down(invariants.DETAILS, invariant.name, found)
        is_tried = True
    return is_tried


def _can_be_made(table: DerivedTable, tables: Underway) -> bool:
    return tables.hold(table.inputs) and all(derived.is_current(d, tables) for d in table.over)


def _derive(lake: Lake, engine: DuckDBEngine, tables: Underway, table: DerivedTable) -> Change:
    complete = derived.inputs_complete_through(table, tables)
    paths: list[str] = []
    for buckets in _slices(table, tables):
        paths.append(lake.new_file(table.name))
        engine.derive(table, tables, paths[-1], complete, buckets)
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


def _roll_up(
    lake: Lake,
    engine: DuckDBEngine,
    tables: Underway,
    dataset: Dataset,
    progress: Callable[[str], None],
) -> Iterator[Built]:
    if dataset.rollups and dataset.entity:
        tables.write_down(POPULATIONS, dataset.name, _population(engine, tables, dataset))
    for rollup in dataset.rollups:
        if is_current(dataset, rollup, tables):
            continue
        if not all(tables.has(name) for name in inputs(dataset, rollup)):
            continue
        progress(f"rollup {rollup.name} of {dataset.name}")
        change, days = _change(lake, engine, tables, (dataset, rollup))
        tables.take(change)
        written = built_from(dataset, rollup, tables) | {"at": tables.data_version}
        tables.write_down(DETAILS, change.table, written)
        yield Built(change.table, days)


def _holds(dataset: Dataset, tables: Underway) -> bool:
    return all(derived.is_current(d, tables) for d in dataset.derived)


def _population(engine: DuckDBEngine, tables: Underway, dataset: Dataset) -> dict[str, object]:
    known = known_population(dataset, tables)
    units = known or counted_units(engine.reduce(population_plan(dataset), tables)).tolist()
    return {"from": population_from(dataset, tables), "units": units}


def _change(
    lake: Lake, engine: DuckDBEngine, tables: Underway, of: tuple[Dataset, Rollup]
) -> tuple[Change, int | None]:
    dataset, rollup = of
    table = table_of(dataset, rollup)
    days = _changed_days(lake, engine, tables, of)
    reduction = _reduction(dataset, rollup)
    if days is not None:
        kept = Filter(Dimension(DAY, "Day", dataset.time.expression, "date"), "in", tuple(days))
        reduction = replace(reduction, where=kept) if days else reduction
    path = lake.new_file(table)
    if days == []:
        return Change(
            table=table, without=pl.DataFrame({DAY: []}, schema={DAY: pl.Date}), day=DAY
        ), 0
    engine.write(reduction, tables, path, order_by=DAY)
    if days is None:
        return Change(table=table, files=(path,), fresh=True, day=DAY), None
    without = pl.DataFrame({DAY: days}, schema={DAY: pl.Date})
    return Change(table=table, files=(path,), without=without, day=DAY), len(days)


def _changed_days(
    lake: Lake, engine: DuckDBEngine, tables: Underway, of: tuple[Dataset, Rollup]
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


def _reduction(dataset: Dataset, rollup: Rollup) -> Reduction:
    keys = [Column(DAY, dataset.time.expression), Column(BUCKET, f'"{BUCKET}"')]
    if rollup.by_account:
        keys.append(Column(ACCOUNT, f'"{dataset.entity}"'))
    keys += [Column(name, dataset.dimension(name).expression) for name in rollup.dimensions]
    aggregates: tuple[Aggregate, ...] = stored(dataset, rollup)
    plain = Reduction(
        source=Source(dataset.table), keys=tuple(keys), aggregates=aggregates, base=dataset.base
    )
    used = tuple(j for j in dataset.joins if any(c.startswith(f"{j.name}.") for c in plain.columns))
    return replace(plain, source=Source(dataset.table, used))
