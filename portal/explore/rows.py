"""Rows: a page about the raw rows of whichever dataset its URL names, a hundred at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore.choices import DATASET, SKIP, skipped
from portal.explore.page import named_dataset
from portal.page import Page, Place, Section
from portal.view import View
from queries.catalog import Catalog
from queries.listing import Listing, RowColumn, Rows
from queries.model import Query, Result
from queries.row_question import flat

OPTIONS = (DATASET, SKIP)
STEP = 100


def rows_page(page: Page, query: str, catalog: Catalog) -> Page:
    """The page for one dataset. A name that is not in the catalog is said, not fatal."""
    view = View.from_url(query, options=OPTIONS)
    dataset, notices = named_dataset(view, catalog)
    _, unread = skipped(view)
    title = f"Rows of {dataset.label}"
    return replace(
        page,
        title=title,
        question=f"One row is {dataset.grain}." if dataset.grain else page.question,
        datasets=(dataset.name,),
        options=OPTIONS,
        arranged_by=(DATASET,),
        notices=(*notices, *unread),
        sections=(Section(tiles=(RowTable(place=Place(span=12, height=560, title=title)),)),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTable:
    """A hundred rows from the one that the URL says, every column that the viewer may see."""

    place: Place = field(default_factory=lambda: Place(span=12, height=560, title="Rows"))
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:  # noqa: ARG002
        return no_rows(context)

    def listing(self, context: Context) -> Listing:
        return Listing(
            dataset=context.dataset,
            where=context.condition,
            period=context.period,
            limit=STEP,
            skip=skipped(context.view)[0],
        )

    def draw_rows(self, rows: Rows, context: Context) -> Drawing:
        skip = rows.listing.skip
        if rows.frame.is_empty() and not rows.count:
            return no_rows(context)
        if rows.frame.is_empty():
            said = f"There are {_exact(rows.count)} rows."
            first = {"label": "Show the newest", "set": {SKIP: None}}
            return empty("no_rows", said, "The link asks for rows below them.", actions=[first])
        content = {
            "columns": [
                _column(column, is_text=not kind.is_numeric())
                for column, kind in zip(rows.columns, rows.frame.dtypes, strict=True)
            ],
            "rows": [[_text(value) for value in row] for row in flat(rows.frame).iter_rows()],
            "first": _exact(skip + 1),
            "last": _exact(skip + rows.frame.height),
            "count": _exact(rows.count),
            "noun": context.dataset.row_label,
            "newer": max(0, skip - STEP) if skip else None,
            "older": skip + STEP if skip + rows.frame.height < rows.count else None,
        }
        return Drawing(kind="rows", content=content, notes=tuple(_left_out(rows, context)))


def _exact(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")


def _column(column: RowColumn, *, is_text: bool) -> dict[str, Any]:
    return {
        "name": column.name,
        "unit": column.unit,
        "about": column.about,
        "is_text": is_text,
    }


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(" ", "seconds")
        case float():
            return written.plain(value)
        case _:
            return str(value)


def _left_out(rows: Rows, context: Context) -> list[str]:
    notes: list[str] = []
    if rows.withheld:
        owner = context.dataset.owner or "the owner"
        notes.append(
            f"Without {', '.join(rows.withheld)}: numbers that are hidden from you are made of "
            f"them. Ask {owner} for access."
        )
    if rows.personal:
        notes.append(f"Nobody is shown whose rows they are: without {', '.join(rows.personal)}.")
    return notes
