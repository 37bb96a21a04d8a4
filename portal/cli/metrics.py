"""`playhead metrics DATASET`: its metrics, what they mean, and what to break them down by."""

from importlib import import_module
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.components.certificate import Held, described, with_certificates
from portal.parts import open_warehouse
from queries.answer import dataset_card
from queries.dataset import Access, Dataset, Metric

app = typer.Typer(add_completion=False)


@app.command()
def metrics(
    dataset: Annotated[str, typer.Argument(help="See `playhead datasets`.")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    person: Annotated[str, typer.Option("--as", help="List only what this person may see.")] = "",
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """List metrics and dimensions of DATASET."""
    access = import_module("portal.cli.access").access_of(person) if person else Access()
    found = open_warehouse(home.settings()).dataset(dataset, version)
    held = import_module("portal.cli.certified").certificates()
    if json:
        printing.as_json(with_certificates(dataset_card(found, access), found, held))
    else:
        _print(found, access, held)


def _given(metric: Metric) -> str:
    """The parameters that a question must give, then those that are usually so."""
    usual = [f"{name}={text}" for name, text in metric.defaults]
    return ", ".join([*sorted(metric.parameters), *usual])


def _certified(metric: Metric, dataset: Dataset, held: Held) -> str:
    found = described(metric, dataset, held)
    return "" if found is None else found["text"].removeprefix("certified ")


def _print(dataset: Dataset, access: Access, held: Held) -> None:
    printing.note(f"{dataset.label}: {' '.join(dataset.description.split())}")
    rows = [
        (m.name, m.kind, m.unit or m.format, _given(m), _certified(m, dataset, held), m.description)
        for m in dataset.metrics
        if not access.hides(m, dataset)
    ]
    rows += [
        (m.name, "page", m.unit, m.page, "", f"{m.description} Only its page can show it.")
        for m in dataset.page_metrics
    ]
    headings = ("Metric", "Class", "Unit", "With", "Certified", "Meaning")
    printing.table(headings, [(*r[:5], " ".join(r[5].split())) for r in rows], (False,) * 6)
    printing.note("")
    keys = [(d.name, d.kind, d.label, " ".join(d.description.split())) for d in dataset.dimensions]
    time = dataset.time
    first = (f"{time.name}:{dataset.smallest_grain}", "time", time.label, time.description)
    printing.table(("Dimension", "Kind", "Label", "Meaning"), [first, *keys], (False,) * 4)
