"""`playhead ahead`: draw every page's first paint before anybody opens it."""

import logging
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
from portal.store.store import Store, open_store
from queries.dataset import Access
from queries.warehouse import Warehouse

app = typer.Typer(add_completion=False)
logger = logging.getLogger(__name__)

LOOK_SECONDS = 15
KINDEST = 19
"""The lowest priority there is: whoever asks now goes first."""


@app.command()
def ahead(
    beside: Annotated[
        int,
        typer.Option(
            metavar="PID",
            help="Stay while this parent process lives, and draw every new data version.",
        ),
    ] = 0,
) -> None:
    """Draw every page's first paint, for each kind of reader, so that nobody waits for it."""
    settings = home.settings()
    os.nice(KINDEST)
    if not beside:
        with kept() as store:
            _draw(settings, open_warehouse(settings), store, 0)
        return
    drawn = ""
    while os.getppid() == beside:
        # The server decides whether the schema will do: here it is only read.
        store = open_store(settings.database_url)
        try:
            warehouse = open_warehouse(settings)
            if warehouse.snapshot().data_version != drawn:
                drawn = _draw(settings, warehouse, store, beside)
        except Exception:
            logger.exception("pages not drawn ahead")
        finally:
            store.close()
        sleep(LOOK_SECONDS)


def _draw(settings: Settings, warehouse: Warehouse, store: Store, beside: int) -> str:
    """The data version that was drawn."""
    started, version = perf_counter(), warehouse.snapshot().data_version
    everybody = [person.access for person in people.everybody(store) if person.is_active]
    readers = tuple(dict.fromkeys((Access(), *everybody)))
    drawings = Drawings.in_cache(warehouse, settings.cache)
    pages, shown = discover("pages"), targets.every(store)
    tiles = 0
    for page, count in draw_ahead(pages, warehouse, drawings, readers, shown):
        printing.said(f"{page.path}: {count} tiles")
        tiles += count
        if beside and os.getppid() != beside:
            return version
    took = perf_counter() - started
    kinds = "1 kind of reader" if len(readers) == 1 else f"{len(readers)} kinds of readers"
    printing.note(f"Data version {version}: {tiles} tiles for {kinds}, drawn in {took:.0f} s")
    return version
