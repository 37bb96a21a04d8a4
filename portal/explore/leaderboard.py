"""Leaderboard: the top values of one dimension by the main metric. A click filters to one.

It says nothing about its own dimension, so that one can move on to the other values; those that
are filtered to stay in sight even below the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore.advice import advice
from portal.explore.askable import adds_up, why_not_alone
from portal.explore.choices import chosen
from portal.page import Place
from portal.tiles.ranking import bar, scale
from queries.condition import Dimension, Filter, Scalar, conjunction
from queries.errors import InvalidQuery, QueryError
from queries.model import Calculation, Query, Result

ROWS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """Values with bar, number, share of the whole where there is one, and change."""

    by: str
    place: Place = field(default_factory=lambda: Place(span=4, height=224))

    @property
    def metrics(self) -> tuple[str, ...]:
        return ()

    def questions(self, context: Context) -> tuple[Query, ...]:
        context, choices = chosen(context)
        dimension, metric = context.dataset.dimension(self.by), choices.metric
        if why_not_alone(dimension, (metric,), context.dataset):
            return ()
        alone = context.without(self.by)
        names = tuple(dict.fromkeys((metric.name, choices.size)))
        question = alone.question(names, by=(self.by,))
        if adds_up(metric, (dimension,), context.dataset):
            question = replace(question, calculations=(Calculation("share", metric.name),))
        question = replace(question, order_by=choices.size, with_total=False)
        top = replace(question, limit=ROWS)
        kept = _kept(context, dimension)
        if not kept:
            return (top,)
        rest = replace(question, where=conjunction(alone.condition, kept), calculations=())
        return (top, replace(rest, limit=ROWS))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        context, choices = chosen(context)
        dimension, metric = context.dataset.dimension(self.by), choices.metric
        heading = {"title": dimension.label}
        if not results:
            reason = why_not_alone(dimension, (metric,), context.dataset)
            return empty("not_defined", f"Not for {metric.label}.", reason, **heading)
        (joined,) = self.joined(results, context)
        shown = list(joined.frame.iter_rows(named=True))
        if not shown:
            nothing = no_rows(context)
            return replace(nothing, content={**nothing.content, **heading})
        content = {
            "rows": [_row(row, dimension) | bar(row, metric) | _share(row, metric.name)
                     for row in shown],
            "more": results[0].frame.height >= ROWS,
            "unit": written.unit(metric),
            "open": self.by,
        }  # fmt: skip
        ends = scale(shown, metric, from_zero=True)
        is_by_size = choices.size != metric.name and content["more"]
        notes = (
            (f"The {ROWS} with most {context.dataset.row_label}, ranked.",) if is_by_size else ()
        )
        return Drawing(
            kind="leaders", content=content | ends | heading, notes=notes, filters=self.by
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The top, then what is filtered to and lies below it."""
        _, choices = chosen(context)
        name = choices.metric.name
        frames = [
            result.frame.drop_nulls(name).sort(name, descending=True, maintain_order=True)
            for result in results
        ]
        rows = pl.concat(frames, how="diagonal").unique(self.by, keep="first", maintain_order=True)
        if choices.size != name:
            rows = rows.select(c for c in rows.columns if c.partition("__")[0] != choices.size)
        query = replace(results[0].query, metrics=(choices.metric,), order_by=name)
        return (replace(results[0], query=query, frame=rows),)

    def advise(self, error: QueryError, context: Context) -> Drawing:
        drawing = advice(error, context)
        title = context.dataset.dimension(self.by).label
        return replace(drawing, content={**drawing.content, "title": title})


def _kept(context: Context, dimension: Dimension) -> Filter | None:
    """The values that the view filters this dimension to."""
    values: list[Scalar] = []
    for text in context.view.values(dimension.name):
        try:
            values.append(dimension.read(text))
        except InvalidQuery:
            continue
    return Filter(dimension, "in", tuple(values)) if values else None


def _row(row: dict[str, Any], dimension: Dimension) -> dict[str, Any]:
    value = row[dimension.name]
    return {
        "label": written.value_label(value, dimension),
        "filter": None if value is None else url_text(value),
    }


def url_text(value: object) -> str:
    """A value as a URL writes it, so that it reads back as the same value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _share(row: dict[str, Any], name: str) -> dict[str, str]:
    share = row.get(f"{name}__share")
    return {} if share is None else {"share": f"{share * 100:.1f}%"}
