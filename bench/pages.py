"""Milliseconds of every tile that a page's first paint asks for, in the server.

A round opens a page with nothing remembered and asks tile after tile, as its first reader does:
what two tiles ask alike is answered once, and tiles that read others' answers come last.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from portal.open_page import OpenPage, ask, list_rows, open_page
from portal.page import Gathering, Lists, Page, Reports, Tile
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryError
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

AIM_MS = 100
HEAVY_MS = 2_000
EVERYTHING = Access()


@dataclass(frozen=True, slots=True)
class Timing:
    """A tile of a page, where its answers came from, and the median of its milliseconds."""

    tile: str
    source: str
    ms: float


def report(home: Path, catalog: Catalog, console: Console, rounds: int = 3) -> None:
    """A line a page, then a line for each tile over the aim."""
    lake, engine = Lake(home / "lake"), DuckDBEngine(memory="8GB")
    rows = lake.snapshot().rows("playback")
    table = Table(title=f"Milliseconds a tile, cold, median of {rounds}; {rows:,} play attempts")
    for name in ("page", "tiles", "median", "slowest", f"over {AIM_MS}", f"over {HEAVY_MS}"):
        table.add_column(name, justify="left" if name == "page" else "right")
    slow: list[str] = []
    for page in discover("pages").values():
        found = [
            _round(page, Warehouse(lake, engine, FrameCache(None), catalog)) for _ in range(rounds)
        ]
        timed = [_middle(same) for same in zip(*found, strict=True)]
        if not timed:
            continue
        times = [t.ms for t in timed]
        counts = [sum(ms > limit for ms in times) for limit in (AIM_MS, HEAVY_MS)]
        figures = [f"{statistics.median(times):,.0f}", f"{max(times):,.0f}", *map(str, counts)]
        table.add_row(page.path, str(len(times)), *figures)
        slow += [f"{t.ms:8,.0f}  {page.path} {t.tile} ({t.source})" for t in timed if t.ms > AIM_MS]
    console.print(table)
    for line in sorted(slow, reverse=True):
        console.print(line, markup=False)


def _middle(same: Sequence[Timing]) -> Timing:
    return replace(same[0], ms=statistics.median(t.ms for t in same))


def _round(page: Page, warehouse: Warehouse) -> list[Timing]:
    opened = open_page(page, "", warehouse, EVERYTHING)
    tiles = sorted(opened.tiles().values(), key=lambda tile: isinstance(tile, Gathering))
    return [_timed(opened, tile, warehouse) for tile in tiles]


def _timed(opened: OpenPage, tile: Tile, warehouse: Warehouse) -> Timing:
    started = perf_counter()
    try:
        source = _drawn(opened, tile, warehouse)
    except QueryError as error:
        source = error.code
    name = f"{type(tile).__name__} {tile.place.title or ' '.join(tile.metrics)}"
    return Timing(name, source, (perf_counter() - started) * 1000)


def _drawn(opened: OpenPage, tile: Tile, warehouse: Warehouse) -> str:
    """Ask and draw; where the answers came from."""
    context = opened.tile_context(tile)
    if isinstance(tile, Lists):
        tile.draw_rows(list_rows(opened, tile, warehouse, EVERYTHING), context)
        return "rows"
    if isinstance(tile, Reports):
        tile.report(warehouse.health(EVERYTHING, opened.data_version), context)
        return "health"
    results = ask(opened, tile, warehouse, EVERYTHING)
    tile.draw(results, context)
    return ", ".join(sorted({r.source for r in results})) or "nothing asked"
