"""`playhead ahead`: draw every page's first paint before anybody opens it."""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Annotated

import typer

from portal.ahead import draw_ahead
from portal.cli import home, printing
from portal.cli.alerts import look
from portal.cli.keeping import kept
from portal.drawn import Drawings
from portal.parts import open_warehouse
from portal.routing import discover
from portal.settings import Settings
from portal.store import people, targets
from portal.store.store import Store, open_store
from queries.cancellation import Cancellation, check, during, stopped_by
from queries.dataset import Access
from queries.errors import Cancelled
from queries.warehouse import Warehouse

app = typer.Typer(add_completion=False)
logger = logging.getLogger(__name__)

LOOK_SECONDS = 15
TELL_SECONDS = 300
"""Data is late without any load, and what was refused is asked again."""

PARENT_SECONDS = 0.5
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
            _draw(settings, open_warehouse(settings), store)
        return
    with suppress(Cancelled), _while_lives(beside):
        _follow(settings)


@contextmanager
def _while_lives(parent: int) -> Generator[None]:
    """Work that is cancelled once the parent process has ended, however it did."""
    cancellation = Cancellation()

    def watch() -> None:
        while os.getppid() == parent:
            sleep(PARENT_SECONDS)
        cancellation.cancel()

    Thread(target=watch, name="parent", daemon=True).start()
    with during(cancellation):
        yield


def _follow(settings: Settings) -> None:
    """Tell of every new data version, and draw it; now and then tell of what is late meanwhile.

    Ends by raising Cancelled.
    """
    drawn, told = "", 0.0
    pause = Event()
    while True:
        # The server decides whether the schema will do: here it is only read.
        store = open_store(settings.database_url)
        try:
            warehouse = open_warehouse(settings)
            is_new = warehouse.snapshot().data_version != drawn
            if is_new or perf_counter() - told >= TELL_SECONDS:
                _tell(warehouse, store)
                told = perf_counter()
            if is_new:
                drawn = _draw(settings, warehouse, store)
        except Cancelled:
            raise
        except Exception:
            logger.exception("pages not drawn ahead")
        finally:
            store.close()
        with stopped_by(pause.set):
            pause.wait(LOOK_SECONDS)
        check()


def _tell(warehouse: Warehouse, store: Store) -> None:
    """Tell people of what they watch; pages are drawn ahead whether or not that works."""
    try:
        count, said = look(warehouse, store)
        if count:
            printing.note(said)
    except Cancelled:
        raise
    except Exception:
        logger.exception("alerts not raised")


def _draw(settings: Settings, warehouse: Warehouse, store: Store) -> str:
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
    took = perf_counter() - started
    kinds = "1 kind of reader" if len(readers) == 1 else f"{len(readers)} kinds of readers"
    printing.note(f"Data version {version}: {tiles} tiles for {kinds}, drawn in {took:.0f} s")
    return version
