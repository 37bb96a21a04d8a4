"""`playhead alerts`: tell people what is new of the metrics they watch."""

import typer

from portal.alerting import raise_alerts
from portal.cli import home, printing
from portal.cli.keeping import kept
from portal.looking import Round
from portal.parts import open_warehouse
from portal.routing import discover
from portal.store.store import Store
from queries.warehouse import Warehouse

app = typer.Typer(add_completion=False)

PAGE = "/explore"


@app.command()
def alerts() -> None:
    """Look at what people watch in the newest data version; run it after each load and every hour.

    Each data version is looked at once: a second run finds nothing new but data that is late by
    then.
    """
    settings = home.settings()
    with kept() as store:
        printing.note(look(open_warehouse(settings), store)[1])


def look(warehouse: Warehouse, store: Store) -> tuple[int, str]:
    """The same, for whoever has a store open: how many alerts are new, and that in words."""
    version = warehouse.snapshot().data_version
    one = Round(
        warehouse=warehouse,
        page=discover("pages")[PAGE],
        version=version,
        today=store.now().date(),
        late=warehouse.late(version),
    )
    count = raise_alerts(store, one)
    new = "1 new alert" if count == 1 else f"{count} new alerts"
    return count, f"Data version {version}: {new}"
