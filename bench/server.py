"""Milliseconds an answer: by hand on raw data, then ours on raw data, from rollups, from the cache.

Rounds are interleaved, so that a slow moment of the machine hits every way alike.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import duckdb
from rich.console import Console
from rich.table import Table

from bench.questions import QUESTIONS, Timed
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.dataset import Access, Dataset, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.model import Comparison, Query
from queries.period import Grain, Period, previous
from queries.warehouse import Warehouse

ROUNDS = 15
WARM_UP = 2
COLUMNS = (
    "by hand",
    "raw",
    "raw + total",
    "raw + interval",
    "rollup",
    "rollup + interval",
    "+ comparison",
    "cache",
)


@dataclass(frozen=True, slots=True)
class World:
    """A lake, and the ways to ask it."""

    lake: Lake
    engine: DuckDBEngine
    catalog: Catalog
    by_hand: duckdb.DuckDBPyConnection

    def warehouse(self) -> Warehouse:
        """With nothing remembered."""
        return Warehouse(self.lake, self.engine, FrameCache(None), self.catalog)


def open_world(home: Path, catalog: Catalog) -> World:
    lake = Lake(home / "lake")
    tables = lake.snapshot()
    connection = duckdb.connect()
    connection.execute("SET parquet_metadata_cache = true")
    for table in ("playback", "impressions", "titles"):
        files = ", ".join(f"'{f}'" for f in tables.files(table))
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet([{files}])")
    return World(lake, DuckDBEngine(memory="8GB"), catalog, connection)


def query_of(timed: Timed, dataset: Dataset, period: Period) -> Query:
    keys = tuple(
        TimeBucket(dataset.time, Grain(name.split(":")[1]))
        if ":" in name
        else dataset.dimension(name)
        for name in timed.by
    )
    return Query(
        dataset=dataset,
        metrics=tuple(dataset.metric(m) for m in timed.metrics),
        by=keys,
        period=period,
        limit=timed.limit,
    )


def ways(world: World, timed: Timed) -> list[Callable[[], object]]:
    """What is timed for a question, in the order of `COLUMNS`."""
    dataset = world.catalog.dataset(timed.dataset)
    end = world.warehouse().latest(dataset)
    period = Period(end - timedelta(timed.days - 1), end)
    query = query_of(timed, dataset, period)
    raw = replace(query, dataset=replace(dataset, rollups=()))
    alone = replace(raw, interval=False, with_total=False)
    compared = replace(query, compare=Comparison("previous", previous(period)))
    sql = timed.by_hand(period.start, period.end)
    warm = world.warehouse()
    warm.ask(query, Access())

    def asked(question: Query) -> Callable[[], object]:
        return lambda: cold(world, question)

    return [
        lambda: world.by_hand.cursor().sql(sql).pl(),
        asked(alone),
        asked(replace(alone, with_total=True)),
        asked(raw),
        asked(replace(query, interval=False)),
        asked(query),
        asked(compared),
        lambda: warm.ask(query, Access()),
    ]


def cold(world: World, question: Query) -> object:
    """An answer with nothing remembered but the units by bucket, which every answer shares."""
    return world.warehouse().ask(question, Access())


def timings(ways_to_ask: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Milliseconds, a list a way."""
    taken: list[list[float]] = [[] for _ in ways_to_ask]
    for number in range(rounds + WARM_UP):
        for place, way in enumerate(ways_to_ask):
            started = perf_counter()
            way()
            if number >= WARM_UP:
                taken[place].append((perf_counter() - started) * 1000)
    return taken


def report(home: Path, catalog: Catalog, console: Console, rounds: int = ROUNDS) -> None:
    """Print the table: median and 95th percentile in milliseconds."""
    world = open_world(home, catalog)
    rows = world.lake.snapshot().rows("playback")
    table = Table(title=f"Milliseconds an answer, median / p95 of {rounds}; {rows:,} play attempts")
    table.add_column("question")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for timed in QUESTIONS:
        taken = timings(ways(world, timed), rounds)
        table.add_row(timed.label, *(_figures(t) for t in taken))
    console.print(table)


def _figures(taken: list[float]) -> str:
    ordered = sorted(taken)
    slow = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):,.0f} / {slow:,.0f}"
