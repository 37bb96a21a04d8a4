"""`playhead alerts`: tell people what is new of the metrics they watch."""

from collections.abc import Mapping, Sequence
from datetime import date

import typer

from portal.alerting import Round, raise_alerts
from portal.cli import home, printing
from portal.cli.keeping import kept
from portal.parts import open_lake, open_warehouse
from portal.routing import discover
from portal.settings import Settings
from portal.store.store import Store
from queries.warehouse import Warehouse

app = typer.Typer(add_completion=False)

PAGE = "/explore"
VERSIONS = 31


@app.command()
def alerts() -> None:
    """Look at what people watch in the newest data version; run it after each load.

    Each data version is looked at once: a second run finds nothing new.
    """
    settings = home.settings()
    with kept() as store:
        printing.note(look(settings, open_warehouse(settings), store)[1])


def look(settings: Settings, warehouse: Warehouse, store: Store) -> tuple[int, str]:
    """The same, for whoever has a store open: how many alerts are new, and that in words."""
    version = warehouse.snapshot().data_version
    count = raise_alerts(
        store,
        Round(
            warehouse=warehouse,
            page=discover("pages")[PAGE],
            version=version,
            through=complete(settings),
        ),
    )
    new = "1 new alert" if count == 1 else f"{count} new alerts"
    return count, f"Data version {version}: {new}"


def complete(settings: Settings) -> Sequence[Mapping[str, date]]:
    """What the tables of the last data versions are complete through, the newest first."""
    return [
        {name: t.complete_through for name, t in record.tables.items() if t.complete_through}
        for record in open_lake(settings).history(VERSIONS)
    ]
