"""Whether a number can be trusted: how tables stand, which invariants hold, what metrics promise.

A number is doubted where a test of its metric fails on the answer itself, where an invariant of
a table that it is read from was broken when the table was loaded, or where such a table is late by
the clock. The last is no part of an answer that is kept: time alone changes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache

import numpy as np
import polars as pl

from queries import derived
from queries.catalog import Catalog
from queries.dataset import ROWS, Access, Dataset, Metric
from queries.engines.polars_expression import translate
from queries.lake.habit import Due, due
from queries.lake.invariants import DETAILS, Invariant, declared
from queries.lake.ledger import LEDGER, QUARANTINE, deliveries
from queries.lake.snapshot import Snapshot, TableState
from queries.model import Query

ROLLUP = "rollup_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an invariant came to, when the tables it reads were last loaded.

    `broken` counts the rows that break it; None where it could not be tried, for `problem`, or has
    not been tried at these versions of its tables.
    """

    invariant: Invariant
    broken: int | None = None
    problem: str = ""

    @property
    def fails(self) -> bool:
        return bool(self.broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHealth:
    """One table of the lake. `rows` and `quarantined` are None for who may not count them.

    `delivered_at` is when its last file arrived; None where no file ever did, as for derived
    tables and the demo's. `due` is what its habit lets expect; None while it has none. `feeds` are
    the last complete days of the feeds that its rows come by, where there are several.
    """

    name: str
    version: int
    rows: int | None
    first_day: date | None = None
    last_day: date | None = None
    complete_through: date | None = None
    written_at: datetime | None = None
    delivered_at: datetime | None = None
    connector: str = ""
    quarantined: int | None = 0
    reasons: Mapping[str, int] = field(default_factory=dict[str, int])
    derived_from: tuple[str, ...] = ()
    due: Due | None = None
    feeds: Mapping[str, date] = field(default_factory=dict[str, date])


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The lake at one data version. `datasets` hold the metrics that the viewer may see.

    `late` says of tables that are late by the clock that they are, by name.
    """

    data_version: str
    created_at: datetime
    tables: tuple[TableHealth, ...]
    outcomes: tuple[Outcome, ...]
    datasets: tuple[Dataset, ...]
    late: Mapping[str, str] = field(default_factory=dict[str, str])

    def failing(self, metric: Metric, dataset: Dataset) -> tuple[Outcome, ...]:
        """The broken invariants of the tables that a metric is read from."""
        return _failing(tables_of(metric, dataset), self.outcomes)

    def lateness(self, metric: Metric, dataset: Dataset) -> tuple[str, ...]:
        """Which of the tables that a metric is read from are late, a sentence each."""
        return tuple(self.late[t] for t in sorted(tables_of(metric, dataset)) if t in self.late)


def health(snapshot: Snapshot, catalog: Catalog, access: Access, late: Mapping[str, str]) -> Health:
    """What can be said of a snapshot to someone with `access`; `late` is what is late by now.

    Who sees some rows only, or may not count rows, is not told how many there are of all.
    """
    seen = tuple(
        replace(d, metrics=tuple(m for m in d.metrics if not access.hides(m, d)))
        for d in catalog.datasets
    )
    may_count = not access.rows and not any(replace(a, where=None) == ROWS for a in access.hidden)
    tables = tuple(_tables(snapshot, catalog))
    found = outcomes(snapshot)
    if not may_count:
        tables = tuple(replace(t, rows=None, quarantined=None, reasons={}) for t in tables)
        found = tuple(replace(o, broken=o.broken and 1) for o in found)
    return Health(
        data_version=snapshot.data_version,
        created_at=snapshot.created_at,
        tables=tables,
        outcomes=found,
        datasets=seen,
        late=late,
    )


@lru_cache(maxsize=8)
def outcomes(tables: Snapshot) -> tuple[Outcome, ...]:
    """What became of every invariant whose tables are there."""
    written = tables.details.get(DETAILS, {})
    found: list[Outcome] = []
    for invariant in declared().values():
        if not all(tables.has(name) for name in invariant.inputs):
            continue
        said = written.get(invariant.name)
        if said is None or said["basis"] != invariant.built_from(tables.versions):
            problem = "Not tried since its tables changed."
            found.append(Outcome(invariant=invariant, problem=problem))
        else:
            found.append(
                Outcome(invariant=invariant, broken=said["broken"], problem=said["problem"])
            )
    return tuple(found)


@lru_cache(maxsize=8)
def dues(tables: Snapshot) -> Mapping[str, Due]:
    """What is expected next of every table that has a habit, by name."""
    known = ((name, due(state.arrivals)) for name, state in tables.record.tables.items())
    return {name: found for name, found in known if found is not None}


def late(tables: Snapshot, now: datetime) -> Mapping[str, str]:
    """The tables of the newest data version that have no news by when it was expected, in words."""
    return {
        name: _said_late(name, one, tables.record.tables[name])
        for name, one in dues(tables).items()
        if one.is_late(now)
    }


def _said_late(table: str, one: Due, state: TableState) -> str:
    through = f"; complete through {state.complete_through}" if state.complete_through else ""
    if state.behind:
        further = max(state.feeds.values())
        through += f", where {', '.join(state.behind)} ends: other feeds reach {further}"
    by, last = (f"{moment:%Y-%m-%d %H:%M}" for moment in (one.by, one.last))
    return f"{table} is late: expected by {by} UTC, last arrived {last} UTC{through}."


def lateness(query: Query, late: Mapping[str, str]) -> tuple[str, ...]:
    """Why the numbers of an answer are of yore: those of its tables that are late."""
    if not late:
        return ()
    read = {t for m in query.metrics for t in tables_of(m, query.dataset)}
    return tuple(late[t] for t in sorted(read) if t in late)


def doubts(query: Query, frames: Sequence[pl.DataFrame], tables: Snapshot) -> tuple[str, ...]:
    """Why the numbers of an answer are not to be trusted, a sentence a reason."""
    found: dict[str, None] = {}
    outcome_of = outcomes(tables)
    for metric in query.metrics:
        for test in failed_tests(metric, frames):
            found[f"{metric.label} breaks its own test: {test}."] = None
        for outcome in _failing(tables_of(metric, query.dataset), outcome_of):
            found[said(outcome)] = None
    return tuple(found)


def said(outcome: Outcome) -> str:
    """A broken invariant in a sentence, with how to see its rows."""
    rows = "1 row" if outcome.broken == 1 else f"{outcome.broken:,} rows"
    name = outcome.invariant.name
    promise = outcome.invariant.label.removesuffix(".")
    return f"Broken by {rows} of {outcome.invariant.table}: {promise} (playhead invariants {name})."


def failed_tests(metric: Metric, frames: Iterable[pl.DataFrame]) -> tuple[str, ...]:
    """The tests of a metric that some value of these frames does not meet; nulls meet all."""
    values = [f[metric.name].to_numpy() for f in frames if metric.name in f.columns]
    if not metric.tests or not values:
        return ()
    known = np.concatenate(values).astype(np.float64)
    frame = pl.DataFrame({"value": known[~np.isnan(known)]})
    met = frame.select(_tried(metric.tests)).row(0)
    return tuple(
        test.replace('"', "") for test, is_met in zip(metric.tests, met, strict=True) if not is_met
    )


@lru_cache(maxsize=256)
def _tried(tests: tuple[str, ...]) -> list[pl.Expr]:
    """Whether every value meets each of the tests."""
    return [translate(t).fill_null(value=True).all().alias(t) for t in tests]


def tables_of(metric: Metric, dataset: Dataset) -> frozenset[str]:
    """The tables at the bottom of a metric: the dataset's, and those of joins that it reads."""
    used = {c.split(".")[0] for a in metric.formula.aggregates() for c in a.columns if "." in c}
    joined = [j.table for j in dataset.joins if j.name in used]
    return frozenset(derived.sourced(dataset, [dataset.table, *joined]))


def _failing(tables: frozenset[str], found: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(o for o in found if o.fails and o.invariant.table in tables)


def _tables(snapshot: Snapshot, catalog: Catalog) -> Iterable[TableHealth]:
    """Those that were loaded first; the lake's own and the rollups, which only repeat, are out."""
    made = {d.name: derived.sources(d) for d in derived.in_order(catalog.datasets)}
    arrived = deliveries(snapshot)
    state = snapshot.record.tables
    own = (LEDGER, QUARANTINE)
    names = [n for n in state if n not in own and not n.startswith(ROLLUP)]
    for name in sorted(names, key=lambda n: (n in made, n)):
        table, last = state[name], arrived.get(name)
        yield TableHealth(
            name=name,
            version=table.version,
            rows=table.rows,
            first_day=table.first_day,
            last_day=table.last_day,
            complete_through=table.complete_through,
            written_at=datetime.fromisoformat(table.written_at) if table.written_at else None,
            delivered_at=last.received_at if last else None,
            connector=last.connector if last else "",
            quarantined=last.quarantined if last else 0,
            reasons=last.reasons if last else {},
            derived_from=made.get(name, ()),
            due=dues(snapshot).get(name),
            feeds=table.feeds,
        )
