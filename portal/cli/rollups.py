"""`playhead rollups`: bring derived tables and rollups up to the newest snapshot."""

import typer

from portal.cli import home, printing
from portal.parts import open_lake
from portal.settings import Settings
from queries.catalog import builtin
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.rollups import Built, refresh

app = typer.Typer(add_completion=False)


@app.command()
def rollups() -> None:
    """Bring derived tables and rollups up to date."""
    settings = home.settings()
    built = refreshed(open_lake(settings), settings)
    for rollup in built:
        days = "all days" if rollup.days is None else f"{rollup.days} days"
        printing.note(f"{rollup.table}: {days}")
    if not built:
        printing.note("Nothing to do.")


def refreshed(lake: Lake, settings: Settings) -> tuple[Built, ...]:
    """Refresh what derives from the lake for every dataset, saying on stderr which one is on."""
    engine = DuckDBEngine(spill=settings.cache / "spill", seconds=3600)
    catalog = builtin().extended(lake.snapshot_now().datasets)
    try:
        return refresh(lake, catalog.datasets, engine, printing.said)
    finally:
        engine.close()
