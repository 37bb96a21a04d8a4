"""`playhead datasets`: what can be asked of, and what the lake holds of it."""

from typing import Annotated, Any

import typer

from portal.cli import home, printing
from portal.parts import open_warehouse
from queries.lake.snapshot import Snapshot
from queries.model import Dataset

app = typer.Typer(add_completion=False)


@app.command()
def datasets(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """List what can be asked of."""
    warehouse = open_warehouse(home.settings())
    snapshot = warehouse.snapshot(version)
    found = warehouse.catalog(snapshot.data_version).datasets
    if json:
        listed = [summary(dataset, snapshot) for dataset in found]
        printing.as_json({"datasets": listed, "data_version": snapshot.data_version})
        return
    rows = [_line(dataset, snapshot) for dataset in found]
    headings = ("Dataset", "Label", "Rows", "Complete through", "Metrics", "Dimensions")
    printing.table(headings, rows, (False, False, True, False, True, True))
    for dataset in found:
        if not snapshot.has(dataset.table):
            printing.note(f"{dataset.name} is not loaded: {dataset.load_hint}")
    printing.note(f"data version {snapshot.data_version}")


def summary(dataset: Dataset, snapshot: Snapshot) -> dict[str, Any]:
    """A dataset in a line, for programs."""
    loaded = snapshot.has(dataset.table)
    complete = snapshot.complete_through(dataset.table) if loaded else None
    return {
        "name": dataset.name,
        "label": dataset.label,
        "description": dataset.description,
        "loaded": loaded,
        "rows": snapshot.rows(dataset.table) if loaded else 0,
        "complete_through": complete.isoformat() if complete else None,
        "load_hint": dataset.load_hint,
    }


def _line(dataset: Dataset, snapshot: Snapshot) -> tuple[str, ...]:
    said = summary(dataset, snapshot)
    return (
        dataset.name,
        dataset.label,
        f"{said['rows']:,}" if said["loaded"] else "–",
        said["complete_through"] or "",
        str(len(dataset.metrics)),
        str(len(dataset.dimensions)),
    )
