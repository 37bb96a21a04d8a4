"""Milliseconds of every tile that a page's first paint asks for, in the server.

A round opens a page with nothing remembered and asks tile after tile, as its first reader does:
what two tiles ask alike is answered once, and tiles that read others' answers come last. Then it
opens the page again, as the next reader does: what took long was kept as it was drawn, which is
also what everybody finds where pages are drawn ahead.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from portal.drawn import Drawings
from portal.open_page import open_page
from portal.page import Gathering, Page
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

AIM_MS = 100
HEAVY_MS = 2_000
COLUMNS = (
    "page",
    "tiles",
    "cold",
    "slowest",
    f"over {AIM_MS}",
    f"over {HEAVY_MS}",
    "kept",
    "slowest",
    f"over {AIM_MS}",
)
EVERYTHING = Access()


@dataclass(frozen=True, slots=True)
class Timing:
    """A tile of a page, where its answers came from, and the median of its milliseconds.

    `cold` with nothing remembered, `kept` after it was drawn once.
    """

    tile: str
    source: str
    cold: float
    kept: float


def report(home: Path, catalog: Catalog, console: Console, rounds: int = 3) -> None:
    """A line a page, then a line for each tile over the aim."""
    lake, engine = Lake(home / "lake"), DuckDBEngine(memory="8GB")
    rows = lake.snapshot().rows("playback")
    table = Table(title=f"Milliseconds a tile, median of {rounds}; {rows:,} play attempts")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "page" else "right")
    slow: list[str] = []
    for page in discover("pages").values():
        found = [_round(page, lake, engine, catalog) for _ in range(rounds)]
        timed = [_middle(same) for same in zip(*found, strict=True)]
        if not timed:
            continue
        cold, kept = [t.cold for t in timed], [t.kept for t in timed]
        table.add_row(page.path, str(len(timed)), *_figures(cold, HEAVY_MS), *_figures(kept))
        slow += [
            f"{t.cold:8,.0f} {t.kept:6,.0f}  {page.path} {t.tile} ({t.source})"
            for t in timed
            if max(t.cold, t.kept) > AIM_MS
        ]
    console.print(table)
    for line in sorted(slow, reverse=True):
        console.print(line, markup=False)


def _figures(times: Sequence[float], *heavy: int) -> list[str]:
    over = [str(sum(ms > limit for ms in times)) for limit in (AIM_MS, *heavy)]
    return [f"{statistics.median(times):,.0f}", f"{max(times):,.0f}", *over]


def _middle(same: Sequence[Timing]) -> Timing:
    cold = statistics.median(t.cold for t in same)
    return replace(same[0], cold=cold, kept=statistics.median(t.kept for t in same))


def _round(page: Page, lake: Lake, engine: DuckDBEngine, catalog: Catalog) -> list[Timing]:
    with TemporaryDirectory() as folder:
        cache = Path(folder)
        cold, kept = (
            _drawn(page, cache, Warehouse(lake, engine, FrameCache(cache / "answers"), catalog))
            for _ in range(2)
        )
    return [Timing(name, source, ms, kept[name][1]) for name, (source, ms) in cold.items()]


def _drawn(page: Page, cache: Path, warehouse: Warehouse) -> dict[str, tuple[str, float]]:
    """Where the answers of each tile came from, and in how many milliseconds it was drawn."""
    opened = open_page(page, "", warehouse, EVERYTHING)
    drawings = Drawings.in_cache(warehouse, cache)
    tiles = sorted(opened.tiles().items(), key=lambda named: isinstance(named[1], Gathering))
    found: dict[str, tuple[str, float]] = {}
    for place, tile in tiles:
        answer = drawings.draw(opened, place, tile)
        title = f"{place} {type(tile).__name__} {tile.place.title or ' '.join(tile.metrics)}"
        reason = answer["drawing"]["content"].get("reason", "nothing asked")
        found[title] = (answer["foot"]["source"] or str(reason), answer["took_ms"])
    return found
