"""`playhead explain DATASET METRIC`: why a number changed, from a terminal."""

from dataclasses import asdict, replace
from enum import StrEnum
from importlib import import_module
from math import isnan
from typing import Annotated, Any

import typer

from portal.cli import home, printing
from portal.components import format as written
from portal.explore.askable import leading, why_not
from portal.explore.explain import Reason, rank
from portal.parts import open_warehouse
from queries.analyses.cluster import Estimate
from queries.analyses.decomposition import MOST_GROUPS, Decomposition, Part
from queries.answer import ZONES
from queries.condition import Dimension
from queries.dataset import Access, Metric
from queries.errors import UnsafeQuestion
from queries.model import Result
from queries.question import Question
from queries.question import ask as answer

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
    whole = answer(question, warehouse, access)
    asked = whole.query.metrics[0]
    groups = [
        answer(_cut(question, d, asked), warehouse, access)
        for d in ([whole.query.dataset.dimension(by)] if by else _dimensions(whole, asked))
    ]
    ranked = rank(asked, [whole, *groups])
    best = ranked[0]
    if best.found is None:
        raise UnsafeQuestion(
            best.why,
            f"playhead ask {dataset} {metric} --by {best.dimension.name} --compare {compare} has "
            "the change of each group.",
            code="adds_distinct",
        )
    if output is Format.JSON:
        printing.as_json(_plain(best.found, best.dimension, ranked))
    else:
        _write(best.found, best.dimension, ranked, whole)


def _dimensions(whole: Result, metric: Metric) -> list[Dimension]:
    dataset = whole.query.dataset
    return [d for d in leading(dataset) if not why_not(d, [metric], dataset)]


def _cut(question: Question, dimension: Dimension, metric: Metric) -> Question:
    by = replace(question, by=(dimension.name,))
    return replace(by, order=metric.name, limit=MOST_GROUPS) if dimension.is_wide else by


def _write(found: Decomposition, dimension: Dimension, ranked: list[Reason], whole: Result) -> None:
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
    return (
        f"{part.merged} small groups" if part.merged else written.value_label(part.value, dimension)
    )


def _text(estimate: Estimate | None, metric: Metric) -> str:
    return written.change(estimate.value, metric, relative=False) if estimate else ""


def _cells(estimate: Estimate, metric: Metric) -> list[str]:
    ends = [written.change(e, metric, relative=False) for e in (estimate.low, estimate.high)]
    return [_text(estimate, metric), "" if isnan(estimate.low) else f"{ends[0]} to {ends[1]}"]


def _plain(found: Decomposition, dimension: Dimension, ranked: list[Reason]) -> dict[str, Any]:
    return {
        "metric": found.metric.name,
        "by": dimension.name,
        "before": found.before,
        "now": found.now,
        "change": _ends(found.change),
        "mix": _ends(found.mix),
        "rate": _ends(found.rate),
        "is_noisy": found.is_noisy,
        "is_reversed": found.is_reversed,
        "parts": [
            {
                "value": part.value,
                "small_groups": part.merged,
                "before": _known(part.before),
                "now": _known(part.now),
                "share": part.share,
                "part": _ends(part.contribution),
                "mix": _ends(part.mix),
                "rate": _ends(part.rate),
            }
            for part in found.parts
        ],
        "explains_at_least": {r.dimension.name: r.share for r in ranked if r.is_known},
    }


def _ends(estimate: Estimate | None) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: _known(value) for name, value in asdict(estimate).items()}


def _known(value: float) -> float | None:
    return None if isnan(value) else value
