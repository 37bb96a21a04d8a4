"""`playhead datasets`: what can be asked of, and what the lake holds of it."""

from typing import Annotated

import typer

from portal.cli import home, printing
from portal.parts import open_warehouse
from queries.answer import dataset_line, dataset_list
from queries.dataset import Dataset
from queries.lake.snapshot import Snapshot

app = typer.Typer(add_completion=False)


@app.command()
def datasets(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """List what can be asked of."""
    warehouse = open_warehouse(home.settings())
    snapshot = warehouse.snapshot(version)
    found = warehouse.catalog(snapshot.data_version)
    if json:
        printing.as_json(dataset_list(found.datasets, found.left_out, snapshot))
        return
    rows = [_line(dataset, snapshot) for dataset in found.datasets]
    headings = ("Dataset", "Label", "Rows", "Complete through", "Metrics", "Dimensions")
    printing.table(headings, rows, (False, False, True, False, True, True))
    for dataset in found.datasets:
        if not snapshot.has(dataset.table):
            printing.note(f"{dataset.name} is not loaded: {dataset.load_hint}")
    for message, hint in found.left_out.values():
        printing.note(f"{message} {hint}".strip())
    printing.note(f"data version {snapshot.data_version}")


def _line(dataset: Dataset, snapshot: Snapshot) -> tuple[str, ...]:
    said = dataset_line(dataset, snapshot)
    return (
        dataset.name,
        dataset.label,
        f"{said['rows']:,}" if said["loaded"] else "–",
        said["complete_through"] or "",
        str(len(dataset.metrics)),
        str(len(dataset.dimensions)),
    )
