"""`playhead distribution DATASET METRIC`: how a number is spread, from a terminal."""

import sys
from dataclasses import replace
from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.components import format as written
from portal.explore.distributed import Distributed, Spreading, distributed, plain
from portal.explore.distribution_numbers import basis, numbers, read_as
from portal.explore.distribution_tiles import figures_table, said
from portal.export import csv
from portal.parts import open_warehouse
from queries.answer import ZONES
from queries.dataset import Access

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Over(StrEnum):
    ROWS = "rows"
    UNITS = "units"


@app.command()
def distribution(  # noqa: PLR0917  # one parameter an option
    dataset: Annotated[str, typer.Argument(help="See `playhead datasets`.")],
    metric: Annotated[str, typer.Argument(help="See `playhead metrics DATASET`.")],
    where: Annotated[str, typer.Option(help="country in ('US','BR') and hour > 18")] = "",
    period: Annotated[str, typer.Option(help="last 28 days, 2026-02, …")] = "last 28 days",
    compare: Annotated[str, typer.Option(help="none, previous, last-year, a period")] = "none",
    over: Annotated[Over | None, typer.Option(help="What each value is of.")] = None,
    by: Annotated[str, typer.Option(help="A dimension whose groups are held apart.")] = "",
    group: Annotated[str, typer.Option(help="The value of it that is looked at.")] = "",
    against: Annotated[str, typer.Option(help="Another value; all others.")] = "",
    output: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    person: Annotated[str, typer.Option("--as", help="See only what this person may.")] = "",
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """Say how METRIC lies over rows or accounts, of one group or period or of two."""
    access = import_module("portal.cli.access").access_of(person) if person else Access()
    asked = Spreading(
        dataset=dataset,
        metric=metric,
        where=where,
        period=period,
        compare=compare,
        over="" if over is None else over.value,
        by=by,
        group=group,
        against=against,
        version=version,
    )
    answered = distributed(asked, open_warehouse(home.settings()), access)
    match output:
        case Format.JSON:
            printing.as_json(plain(answered))
        case Format.CSV:
            sys.stdout.flush()
            sys.stdout.buffer.write(csv(replace(answered.result, frame=numbers(answered.found))))
            sys.stdout.buffer.flush()
        case Format.TABLE:
            _write(answered)


def _write(answered: Distributed) -> None:
    found, result = answered.found, answered.result
    table = figures_table(found)
    headings = [column["label"] for column in table["columns"]]
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    printing.table(headings, rows, [i > 0 for i in range(len(headings))])
    printing.note("")
    printing.note(said(found)["sentence"])
    for text in (*result.doubts, *result.notes, read_as(found), *basis(found)):
        printing.note(text)
    query = result.query
    days = written.period(query.period) if query.period else "all days"
    parts = [days, ZONES[query.dataset.clock], f"data version {result.data_version}"]
    if query.where is not None:
        parts.append(query.where.sentence)
    printing.note(" · ".join(parts))
