"""`playhead ahead`: draw every page's first paint before anybody opens it."""

import os
from time import perf_counter, sleep
from typing import Annotated

import typer

from portal.ahead import draw_ahead
from portal.cli import home, printing
from portal.cli.keeping import kept
from portal.drawn import Drawings
from portal.parts import open_warehouse
from portal.routing import discover
from portal.settings import Settings
from portal.store import people, targets
from queries.dataset import Access
from queries.warehouse import Warehouse

app = typer.Typer(add_completion=False)

LOOK_SECONDS = 15
KINDEST = 19
"""The lowest priority there is: whoever asks now goes first."""


@app.command()
def ahead(
    follow: Annotated[
        bool, typer.Option(help="Stay, and draw again whenever there is a new data version.")
    ] = False,
) -> None:
    """Draw every page's first paint, for each kind of reader, so that nobody waits for it."""
    settings = home.settings()
    os.nice(KINDEST)
    parent = os.getppid()
    drawn = _drawn(settings, open_warehouse(settings))
    while follow and os.getppid() == parent:
        sleep(LOOK_SECONDS)
        warehouse = open_warehouse(settings)
        if warehouse.snapshot().data_version != drawn:
            drawn = _drawn(settings, warehouse)


def _drawn(settings: Settings, warehouse: Warehouse) -> str:
    """The data version that was drawn."""
    started, version = perf_counter(), warehouse.snapshot().data_version
    with kept() as store:
        everybody = [person.access for person in people.everybody(store) if person.is_active]
        shown = targets.every(store)
    readers = tuple(dict.fromkeys((Access(), *everybody)))
    drawings = Drawings.in_cache(warehouse, settings.cache)
    tiles = 0
    for page, count in draw_ahead(discover("pages"), warehouse, drawings, readers, shown):
        printing.said(f"{page.path}: {count} tiles")
        tiles += count
    took = perf_counter() - started
    kinds = "1 kind of reader" if len(readers) == 1 else f"{len(readers)} kinds of readers"
    printing.note(f"Data version {version}: {tiles} tiles for {kinds}, drawn in {took:.0f} s")
    return version
