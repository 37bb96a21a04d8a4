"""`playhead explain DATASET METRIC`: why a number changed, from a terminal."""

from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from math import isnan
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.components import format as written
from portal.explore.explain import Reason
from portal.explore.explained import explained, plain
from portal.parts import open_warehouse
from queries.analyses.cluster import Estimate
from queries.analyses.decomposition import Decomposition, Part
from queries.answer import ZONES
from queries.condition import Dimension
from queries.dataset import Access, Metric
from queries.model import Result
from queries.question import Question

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


@app.command()
def explain(  # noqa: PLR0917  # one parameter an option
    dataset: Annotated[str, typer.Argument(help="See `playhead datasets`.")],
    metric: Annotated[str, typer.Argument(help="See `playhead metrics DATASET`.")],
    by: Annotated[str, typer.Option(help="A dimension; the one that explains most.")] = "",
    where: Annotated[str, typer.Option(help="country in ('US','BR') and hour > 18")] = "",
    period: Annotated[str, typer.Option(help="last 28 days, 2026-02, …")] = "last 28 days",
    compare: Annotated[str, typer.Option(help="previous, last-year, a period")] = "previous",
    output: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    person: Annotated[str, typer.Option("--as", help="See only what this person may.")] = "",
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """Split the change of METRIC into the parts that groups make of it."""
    access = import_module("portal.cli.access").access_of(person) if person else Access()
    warehouse = open_warehouse(home.settings())
    question = Question(
        dataset=dataset,
        metrics=(metric,),
        where=where,
        period=period,
        compare=compare,
        version=version,
    )
    found = explained(question, by, warehouse, access)
    if output is Format.JSON:
        printing.as_json(plain(found))
    else:
        _write(found.found, found.dimension, found.ranked, found.whole)


def _write(
    found: Decomposition, dimension: Dimension, ranked: Sequence[Reason], whole: Result
) -> None:
    metric = found.metric
    rows = [["All together", *_cells(found.change, metric), "100%"]]
    rows += [
        [
            _label(part, dimension),
            *_cells(part.contribution, metric),
            f"{part.contribution.value / found.change.value:.0%}" if found.change.value else "",
        ]
        for part in found.parts
    ]
    headings = [dimension.label, "part", "95 %", "of all"]
    if found.mix is not None:
        headings += ["mix", "rate"]
        rows[0] += [_text(found.mix, metric), _text(found.rate, metric)]
        for row, part in zip(rows[1:], found.parts, strict=True):
            row += [_text(part.mix, metric), _text(part.rate, metric)]
    printing.table(headings, rows, [i > 0 for i in range(len(headings))])
    printing.note("")
    if found.is_noisy:
        printing.note("Too noisy to say: the interval of the change spans zero.")
    if found.is_reversed:
        printing.note("Simpson’s paradox: the groups moved the other way than the total.")
    if len(ranked) > 1:
        least = [f"{r.dimension.name} {min(1, r.share):.0%}" for r in ranked if r.is_known]
        printing.note("Explains, at least: " + (", ".join(least) or "nothing beyond noise"))
    query = whole.query
    if query.period is not None and query.compare is not None:
        periods = [written.period(p) for p in (query.period, query.compare.period)]
        zone, version = ZONES[query.dataset.clock], whole.data_version
        printing.note(f"{' · against '.join(periods)} · {zone} · data version {version}")


def _label(part: Part, dimension: Dimension) -> str:
    return written.small_groups(part.merged) or written.value_label(part.value, dimension)


def _text(estimate: Estimate | None, metric: Metric) -> str:
    return written.change(estimate.value, metric, relative=False) if estimate else ""


def _cells(estimate: Estimate, metric: Metric) -> list[str]:
    ends = [written.change(e, metric, relative=False) for e in (estimate.low, estimate.high)]
    return [_text(estimate, metric), "" if isnan(estimate.low) else f"{ends[0]} to {ends[1]}"]
