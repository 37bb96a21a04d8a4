"""Build rollups, incrementally by day, and commit them beside the tables they come from.

A rollup is rebuilt for the days of the files that came or went since it was built; from scratch
where its definition or a joined table changed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from queries.condition import MAX_VALUES, Dimension, Filter
from queries.engines.duckdb_engine import DuckDBEngine
from queries.formula import Aggregate
from queries.gather import counted_units
from queries.lake.lake import Change, Lake
from queries.lake.snapshot import Snapshot
from queries.model import BUCKET, Column, Dataset, Reduction, Rollup, Source
from queries.plan import population_plan
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

SOURCE = "rollups"


@dataclass(frozen=True, slots=True)
class Built:
    """A rollup that was written. `days` is None when it was built from scratch."""

    table: str
    days: int | None


def refresh(
    lake: Lake,
    datasets: Iterable[Dataset],
    engine: DuckDBEngine,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Built, ...]:
    """Bring every rollup of the datasets up to the newest snapshot, in one commit."""
    with lake.lease():
        tables = lake.snapshot()
        changes: list[Change] = []
        built: list[Built] = []
        details = dict(tables.details.get(DETAILS, {}))
        populations = dict(tables.details.get(POPULATIONS, {}))
        for dataset in datasets:
            if dataset.rollups and tables.has(dataset.table) and dataset.entity:
                populations[dataset.name] = _population(engine, tables, dataset)
            for rollup in dataset.rollups:
                if not tables.has(dataset.table) or is_current(dataset, rollup, tables):
                    continue
                if not all(tables.has(name) for name in inputs(dataset, rollup)):
                    continue
                progress(f"rollup {rollup.name} of {dataset.name}")
                change, days = _change(lake, engine, tables, (dataset, rollup))
                changes.append(change)
                built.append(Built(change.table, days))
                details[change.table] = built_from(dataset, rollup, tables) | {
                    "at": tables.data_version
                }
        if changes:
            lake.commit(changes, SOURCE, details={DETAILS: details, POPULATIONS: populations})
        return tuple(built)


def _population(engine: DuckDBEngine, tables: Snapshot, dataset: Dataset) -> dict[str, object]:
    known = known_population(dataset, tables)
    units = known or counted_units(engine.reduce(population_plan(dataset), tables)).tolist()
    return {"from": population_from(dataset, tables), "units": units}


def _change(
    lake: Lake, engine: DuckDBEngine, tables: Snapshot, of: tuple[Dataset, Rollup]
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
    engine.write(reduction, tables, path, order_by=(DAY, *rollup.dimensions[:1]))
    if days is None:
        return Change(table=table, files=(path,), fresh=True, day=DAY), None
    without = pl.DataFrame({DAY: days}, schema={DAY: pl.Date})
    return Change(table=table, files=(path,), without=without, day=DAY), len(days)


def _changed_days(
    lake: Lake, engine: DuckDBEngine, tables: Snapshot, of: tuple[Dataset, Rollup]
) -> list[date] | None:
    """Days of the files that came or went since the rollup was built; None for all days.

    All days, too, where more changed than a condition may name.
    """
    dataset, rollup = of
    written = tables.details.get(DETAILS, {}).get(table_of(dataset, rollup))
    if written is None or written["definition"] != fingerprint(dataset, rollup):
        return None
    if not tables.has(table_of(dataset, rollup)):
        return None
    joined = inputs(dataset, rollup)[1:]
    if any(written["versions"].get(t) != tables.versions.get(t) for t in joined):
        return None
    changed = lake.changed_files(dataset.table, written["at"], tables)
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
