"""`playhead rows DATASET`: the rows behind a number, newest first, from a terminal."""

import sys
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.components import format as written
from portal.export_rows import arrow, csv, parquet_file
from portal.parts import open_warehouse
from queries.answer import ZONES
from queries.dataset import Access
from queries.errors import InvalidQuery
from queries.listing import Rows
from queries.row_question import RowQuestion, flat, list_rows, plain_rows

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


@app.command()
def rows(  # noqa: PLR0917  # one parameter an option
    dataset: Annotated[str, typer.Argument(help="See `playhead datasets`.")],
    where: Annotated[str, typer.Option(help="country in ('US','BR') and hour > 18")] = "",
    period: Annotated[str, typer.Option(help="last 28 days, 2026-02, 2026-02-01 to …")] = "all",
    limit: Annotated[int, typer.Option(help="Most rows to list.")] = 100,
    skip: Annotated[int, typer.Option(help="Leave out so many of the newest.")] = 0,
    output: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    person: Annotated[str, typer.Option("--as", help="See only what this person may.")] = "",
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
) -> None:
    """List rows of DATASET, newest first."""
    access = import_module("portal.cli.access").access_of(person) if person else Access()
    question = RowQuestion(
        dataset=dataset, where=where, period=period, limit=limit, skip=skip, version=version
    )
    _WRITERS[output](list_rows(question, open_warehouse(home.settings()), access))


def _write_table(found: Rows) -> None:
    headings = [f"{c.name} [{c.unit}]" if c.unit else c.name for c in found.columns]
    cells = [[written.plain(value) for value in row] for row in flat(found.frame).iter_rows()]
    printing.table(headings, cells, [kind.is_numeric() for kind in found.frame.dtypes])
    printing.note("")
    listing = found.listing
    parts = [
        f"{found.frame.height:,} of {found.count:,} rows",
        written.period(listing.period) if listing.period else "all days",
        ZONES[listing.dataset.clock],
        f"data version {found.data_version}",
    ]
    if found.complete_through is not None:
        parts.append(f"complete through {found.complete_through}")
    if listing.where is not None:
        parts.append(listing.where.sentence)
    printing.note(" · ".join(parts))
    if found.withheld:
        printing.note(f"Withheld, for a hidden number is made of them: {', '.join(found.withheld)}")
    if found.personal:
        printing.note(f"Left out for everybody: {', '.join(found.personal)}")


def _bytes(write: Callable[[Rows], bytes], *, is_text: bool = False) -> Callable[[Rows], None]:
    def written_out(found: Rows) -> None:
        if sys.stdout.isatty() and not is_text:
            raise InvalidQuery("This is not for reading.", "Send it somewhere: … > rows.file")
        sys.stdout.flush()
        sys.stdout.buffer.write(write(found))
        sys.stdout.buffer.flush()

    return written_out


_WRITERS: dict[Format, Callable[[Rows], None]] = {
    Format.TABLE: _write_table,
    Format.JSON: lambda found: printing.as_json(plain_rows(found)),
    Format.CSV: _bytes(csv, is_text=True),
    Format.ARROW: _bytes(arrow),
    Format.PARQUET: _bytes(parquet_file),
}
