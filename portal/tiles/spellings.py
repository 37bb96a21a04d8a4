"""Spellings: how queries typed in several ways stand together, and how they are spelled."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.near_spellings import merged, typed_questions, unfolded
from portal.tiles.near_spellings import said as said_merged
from portal.tiles.options import Option, Options
from queries.condition import Filter, conjunction
from queries.errors import AccessDenied
from queries.model import Query, Result

SPELLING = "spelling"
SPELLINGS = Options(
    options=(
        Option(
            name=SPELLING,
            label="Queries",
            choices=(
                ("merged", "spellings merged"),
                ("near", "near spellings together"),
                ("typed", "as typed"),
            ),
        ),
    )
)
_SPELLED, _UNFOLDED, _UNFOLDED_NEAR = 20_000, 8, 25
_MERGED = (
    "Spellings are merged as the search service evens them out in its log (query_norm); nothing "
    "else is merged here."
)


def is_near(context: Context) -> bool:
    """Whether near spellings are together. Raises InvalidQuery for a spelling there is not."""
    return spelling(context) == "near"


def spelling(context: Context) -> str:
    (option,) = SPELLINGS.options
    return option.read(context.view)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """What the queries typed most were typed as: each merged query unfolded, adding up."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320))
    metrics: tuple[str, ...] = ("rows",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Searches by query, and by query and spelling: of the same rows, so that they add up."""
        if "accounts" in context.withheld:
            raise AccessDenied("Queries are shown with the accounts behind them, hidden from you.")
        whole = context.without("typed")
        if is_near(context):
            return typed_questions(whole)
        where = conjunction(whole.condition, *(_known(whole, k) for k in ("query", "typed")))
        return tuple(
            replace(
                whole.question(("rows",), by=keys),
                where=where,
                compare=None,
                interval=False,
                with_total=False,
                order_by="rows",
                limit=_SPELLED,
            )
            for keys in (("query",), ("query", "typed"))
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a spelling; those that may not be named are one row without a name."""
        if is_near(context):
            return (replace(results[0], frame=unfolded(merged(results), _UNFOLDED_NEAR)),)
        return (replace(results[1], frame=_unfolded(results)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (found,) = self.joined(results, context)
        frame, is_together = found.frame, is_near(context)
        how = said_merged(merged(results)) if is_together else _MERGED
        if frame.is_empty() and is_together:
            return empty("nothing", "No query is a near spelling of another one.", how)
        if frame.is_empty():
            return empty("nothing", "No query was typed in more than one way.", _MERGED)
        metric = context.metric("rows")
        rows: list[list[dict[str, Any]]] = []
        last = ""
        for row in frame.iter_rows(named=True):
            name = {"text": row["query"], "filter": row["query"]}
            rows.append(
                [
                    name if row["query"] != last else {"text": ""},
                    {"text": row["typed"] or "other spellings, of few accounts each"},
                    {"text": written.number(row["rows"], metric)},
                    {"text": f"{row['share']:.0%}"},
                ]
            )
            last = row["query"]
        columns = [
            {"label": "Query", "is_text": True},
            {"label": "Typed as", "is_text": True},
            {"label": "Searches"},
            {"label": "Of the query"},
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        content = {"tables": [table]}
        notes = (how, "A query’s spellings add up to its searches.")
        return Drawing(
            kind="table",
            content=content,
            filters="query",
            notes=notes,
            shows=1 if is_together else len(rows),
        )


def _known(context: Context, name: str) -> Filter:
    return Filter(context.dataset.dimension(name), "not missing", ())


def _unfolded(results: Sequence[Result]) -> pl.DataFrame:
    """Columns query, typed, rows, share: the queries typed most that have several spellings.

    What is left of a query is of spellings that are withheld, of ten accounts together at least.
    """
    queries, spelled = (
        result.frame.select(*(k.name for k in result.query.by), "rows").drop_nulls()
        for result in results
    )
    shown = spelled.group_by("query").agg(pl.col("rows").sum().alias("shown"))
    rest = (
        queries.join(shown, on="query")
        .select(
            "query", pl.lit(None, pl.String).alias("typed"), rows=pl.col("rows") - pl.col("shown")
        )
        .filter(pl.col("rows") > 0)
    )
    whole = queries.rename({"rows": "whole"}).with_row_index("place")
    every = pl.concat([spelled, rest.cast(spelled.schema)]).join(whole, on="query")
    several = every.filter(pl.len().over("query") > 1)
    order = several.sort("place", pl.col("typed").is_null(), -pl.col("rows"), "typed")
    first = order.filter(pl.col("place").rank("dense") <= _UNFOLDED)
    return first.select("query", "typed", "rows", share=pl.col("rows") / pl.col("whole"))
