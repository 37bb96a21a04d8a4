"""`playhead snapshots`: the versions of the lake that a question may name."""

from typing import Annotated

import typer

from portal.cli import home, printing
from portal.parts import open_lake

app = typer.Typer(add_completion=False)


@app.command()
def snapshots(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the versions of the lake, the newest first."""
    records = open_lake(home.settings()).history(limit)
    if json:
        listed = [
            {
                "data_version": r.data_version,
                "created_at": r.created_at.isoformat(),
                "source": r.source,
                "tables": {name: state.rows for name, state in r.tables.items()},
            }
            for r in records
        ]
        printing.as_json({"snapshots": listed})
        return
    rows = [
        (r.data_version, f"{r.created_at:%Y-%m-%d %H:%M:%S}", str(len(r.tables)), r.source)
        for r in records
    ]
    printing.table(("Data version", "UTC", "Tables", "From"), rows, (False, False, True, False))
