"""`playhead metrics DATASET`: its metrics, what they mean, and what to break them down by."""

from typing import Annotated

import typer

from portal.cli import home, printing
from portal.parts import open_warehouse
from queries.answer import dataset_card
from queries.model import Access, Dataset

app = typer.Typer(add_completion=False)


@app.command()
def metrics(
    dataset: Annotated[str, typer.Argument(help="See `playhead datasets`.")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """List metrics and dimensions of DATASET."""
    found = open_warehouse(home.settings()).dataset(dataset, version)
    if json:
        printing.as_json(dataset_card(found, Access()))
    else:
        _print(found)


def _print(dataset: Dataset) -> None:
    printing.note(f"{dataset.label}: {' '.join(dataset.description.split())}")
    rows = [
        (m.name, m.kind, m.unit or m.format, ", ".join(sorted(m.parameters)), m.description)
        for m in dataset.metrics
    ]
    headings = ("Metric", "Class", "Unit", "With", "Meaning")
    printing.table(headings, [(*r[:4], " ".join(r[4].split())) for r in rows], (False,) * 5)
    printing.note("")
    keys = [(d.name, d.kind, d.label, " ".join(d.description.split())) for d in dataset.dimensions]
    time = dataset.time
    first = (f"{time.name}:{dataset.smallest_grain}", "time", time.label, time.description)
    printing.table(("Dimension", "Kind", "Label", "Meaning"), [first, *keys], (False,) * 4)
