"""`playhead demo`: make the demo company, with its rollups."""

from datetime import date
from time import perf_counter
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.cli.rollups import refreshed
from portal.parts import open_lake
from queries.errors import InvalidQuery
from queries.lake.demo.build import build
from queries.lake.demo.size import SIZES

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "M",
    seed: Annotated[int, typer.Option(help="The same seed and day make the same company.")] = 7,
    today: Annotated[str, typer.Option(help="The day after its last one; today if left out.")] = "",
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Only in an empty lake.")
    ] = False,
) -> None:
    """Make the demo company: invented accounts, titles and months of viewing."""
    settings = home.settings()
    lake = open_lake(settings)
    if if_missing and lake.snapshot_now().tables:
        return
    if size not in SIZES:
        raise InvalidQuery(f"There is no size “{size}”.", f"Sizes: {', '.join(SIZES)}.")
    started = perf_counter()
    printing.said(f"Making the demo company, size {size}, in {settings.lake_url} ...")
    build(lake, size, seed, today=_day(today), progress=_progress)
    refreshed(lake, settings)
    snapshot = lake.snapshot_now()
    for table in sorted(snapshot.tables):
        printing.note(f"{table}: {snapshot.rows(table):,} rows")
    took = perf_counter() - started
    printing.note(f"Made in {took:.0f} s; data version {snapshot.data_version}")


def _progress(what: str, share: float) -> None:
    printing.said(f"{share:5.0%}  {what}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidQuery(f"“{text}” is not a day.", "Write 2026-11-24.") from None
