"""Build the demo company and commit it to a lake, all tables at once.

Events are made block by block in worker threads and written in the order of blocks, tables side by
side, so the same size, seed and last day give the same rows however many threads there are.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import perf_counter

import polars as pl
import pyarrow as pa

from queries.lake.demo import arrow
from queries.lake.demo.block import Made, make
from queries.lake.demo.campaigns import marketing_table
from queries.lake.demo.experiments import allocation_table, experiment_table
from queries.lake.demo.shelves import dimension_tables
from queries.lake.demo.size import SIZES, Size
from queries.lake.demo.studio import studio_tables
from queries.lake.demo.truths import Found, truths_table
from queries.lake.demo.world import Block, World, world
from queries.lake.lake import Change, Lake

EVENTS = ("playback", "visits", "impressions", "searches")
SOURCE = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was built. `rows` counts by table."""

    size: str
    seed: int
    first: date
    last: date
    rows: dict[str, int]
    data_version: str
    took_s: float


def build(
    lake: Lake,
    size: Size | str = "M",
    seed: int = 7,
    *,
    today: date | None = None,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> Summary:
    """Make the world of a size up to the day before `today` (UTC); it replaces what the lake has.

    `progress` is told what is being done and the share that is done.
    """
    began = perf_counter()
    chosen = SIZES[size] if isinstance(size, str) else size
    progress("accounts and catalogue", 0.0)
    made = world(chosen, seed, today or datetime.now(UTC).date())
    with lake.lease():
        files = {name: arrow.Files(lake, name, chosen.file_days) for name in EVENTS}
        found = _events(made, files, progress)
        progress("studio, marketing and truths", 0.9)
        tables = _tables(made, found)
        changes = [f.close() for f in files.values()]
        changes += [Change(table=name, rows=rows, fresh=True) for name, rows in tables.items()]
        progress("committing", 0.94)
        version = lake.commit(changes, f"{SOURCE} {chosen.name} {seed} {made.clock.last}")
    progress("done", 1.0)
    counts = {name: f.rows for name, f in files.items()}
    return Summary(
        size=chosen.name,
        seed=seed,
        first=made.clock.first,
        last=made.clock.last,
        rows=counts | {name: len(rows) for name, rows in tables.items()},
        data_version=version,
        took_s=perf_counter() - began,
    )


def _events(
    made: World, files: dict[str, arrow.Files], progress: Callable[[str, float], None]
) -> Found:
    found = Found.nothing(made)
    with ThreadPoolExecutor(_threads()) as pool:
        for number, block in enumerate(_made(made)):
            written = [
                pool.submit(files[name].append, journal.rows, journal.day)
                for name, journal in block.journals.items()
            ]
            found.add(block)
            for table in written:
                table.result()
            share = (number + 1) / len(made.size.blocks)
            progress(f"days of {(number + 1) * made.size.block:,} accounts", 0.05 + 0.85 * share)
    return found


def _threads() -> int:
    """As many as there are processors, at most two."""
    return min(2, os.cpu_count() or 1)


def _made(of: World) -> Iterator[Made]:
    """Blocks in order, made ahead by threads."""
    workers = min(_threads(), len(of.size.blocks))
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for number, accounts in enumerate(of.size.blocks):
            waiting.append(pool.submit(make, Block(of, number, accounts)))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _tables(made: World, found: Found) -> dict[str, pl.DataFrame | pa.Table]:
    tables: dict[str, pl.DataFrame | pa.Table] = dict(dimension_tables(made))
    studio, late = studio_tables(made, found.views)
    tables |= studio
    tables["experiments"] = arrow.table("experiments", experiment_table(made.plan, made.clock))
    tables["allocations"] = arrow.table(
        "allocations", allocation_table(made.cells, found.met, made.plan, made.clock)
    )
    tables["marketing_daily"] = arrow.table("marketing_daily", marketing_table(made))
    tables["truths"] = truths_table(made, found, late)
    return {
        name: rows if isinstance(rows, pl.DataFrame) else arrow.plain(rows)
        for name, rows in tables.items()
    }
