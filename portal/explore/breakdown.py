"""Breakdown: the chosen metrics by the chosen keys; and one dimension opened in full."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore.advice import advice
from portal.explore.askable import why_not_alone
from portal.explore.choices import SKIP, Choices, chosen
from portal.explore.pivot import cells, following, matrix, pivot, questions
from portal.explore.sheet import paged, shares, sheet
from portal.explore.shelves import shelves
from portal.page import Place
from queries.condition import Filter, conjunction
from queries.dataset import Key
from queries.errors import QueryError
from queries.model import Query, Result

_NOTHING = Drawing(kind="empty", content={"reason": "nothing", "message": "", "hint": ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A sheet by one or two keys; with a second direction in the URL, a pivot."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320, title="Breakdown"))

    @property
    def metrics(self) -> tuple[str, ...]:
        return ()

    def questions(self, context: Context) -> tuple[Query, ...]:
        context, choices = chosen(context)
        if choices.pivot is not None:
            return questions(context, choices)
        return (_question(context, choices, choices.by),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        context, choices = chosen(context)
        if choices.pivot is None:
            return ()
        return following(paged(results, choices), context, choices)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        context, choices = chosen(context)
        controls = shelves(choices)
        is_beyond = results[0].frame.height in range(1, choices.skip + 1)
        results = paged(results, choices)
        if is_beyond:
            return _beyond(title="Breakdown", **controls)
        if results[0].frame.is_empty():
            nothing = no_rows(context)
            return replace(nothing, content={**nothing.content, "title": "Breakdown"} | controls)
        notes = (*choices.without, *choices.order.unmet(results[0].query))
        if choices.pivot is not None:
            rows, columns, crossed = results
            content = pivot((rows, columns), cells(crossed), choices)
            return Drawing(kind="pivot", content=content | controls | _titled(choices), notes=notes)
        content = sheet(results[0], choices)
        return Drawing(kind="sheet", content=content | controls | _titled(choices), notes=notes)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A pivot is one table: a column for each of its columns, its totals first."""
        _, choices = chosen(context)
        results = paged(results, choices)
        return (matrix(results, choices),) if choices.pivot is not None else results

    def advise(self, error: QueryError, context: Context) -> Drawing:
        drawing = advice(error, context)
        return replace(drawing, content={**drawing.content, "title": "Breakdown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Every value of the dimension that the URL opens, to be searched; else nothing."""

    place: Place = field(default_factory=lambda: Place(span=12, height=0))

    @property
    def metrics(self) -> tuple[str, ...]:
        return ()

    def questions(self, context: Context) -> tuple[Query, ...]:
        context, choices = chosen(context)
        dimension = choices.opened
        if dimension is None or why_not_alone(dimension, choices.metrics, choices.dataset):
            return ()
        alone = context.without(dimension.name)
        question = _question(alone, choices, (dimension,))
        return (replace(question, where=conjunction(alone.condition, _found(choices))),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        context, choices = chosen(context)
        dimension = choices.opened
        if dimension is None:
            return _NOTHING
        content: dict[str, Any] = {
            "title": f"All of {dimension.label}",
            "opened": dimension.name,
            "search": dimension.kind == "text",
            "find": choices.find,
        }
        if not results:
            reason = why_not_alone(dimension, choices.metrics, choices.dataset)
            return empty("not_defined", "This cannot be broken down so.", reason, **content)
        if results[0].frame.height in range(1, choices.skip + 1):
            return _beyond(**content)
        (page,) = paged(results, choices)
        notes = (*choices.without, *choices.order.unmet(page.query))
        return Drawing(kind="sheet", content=sheet(page, choices) | content, notes=notes)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        return paged(results, chosen(context)[1])

    def advise(self, error: QueryError, context: Context) -> Drawing:
        return advice(error, context)


def _beyond(**content: object) -> Drawing:
    """A page below the last row."""
    first = {"label": "Show the first", "set": {SKIP: None}}
    message, hint = "There are fewer rows than that.", "The link asks for rows below the last."
    return empty("no_rows", message, hint, actions=[first], **content)


def _question(context: Context, choices: Choices, keys: Sequence[Key]) -> Query:
    question = choices.order.of(context.question(choices.columns, by=keys), choices.size)
    return replace(
        question,
        limit=choices.skip + choices.limit,
        calculations=shares(choices, keys),
    )


def _found(choices: Choices) -> Filter | None:
    if choices.opened is None or not choices.find or choices.opened.kind != "text":
        return None
    return Filter(choices.opened, "contains", (choices.find,))


def _titled(choices: Choices) -> dict[str, str]:
    names = " and ".join(key.label for key in choices.by)
    across = f" × {choices.pivot.label}" if choices.pivot is not None else ""
    return {"title": f"Breakdown by {names}{across}"}
