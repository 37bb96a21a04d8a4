"""Breakdown: several metrics by one dimension, as a table that can be read across."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from queries.condition import Dimension, Filter, conjunction
from queries.dataset import Metric
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Ranked by the first metric, which carries its change. A click on a value filters to it.

    The other metrics are asked in a second step, of the values that made it into the table: the
    expensive ones need not be worked out for all. Intervals stand below their numbers;
    where a row is what intervals are over, such as one title of launches, it has none.
    """

    metrics: tuple[str, ...]
    by: str
    rows: int = 20
    keep_filter: bool = False
    has_interval: bool = True
    place: Place = field(default_factory=lambda: Place(span=12, height=320))

    def questions(self, context: Context) -> tuple[Query, ...]:
        scope = context if self.keep_filter else context.without(self.by)
        question = replace(
            scope.question(self.metrics[:1], by=(self.by,)),
            order_by=self.metrics[0],
            limit=self.rows,
            interval=self.has_interval,
            with_total=False,
        )
        return (question,)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        values = tuple(results[0].frame[self.by].drop_nulls().to_list())
        if len(self.metrics) == 1 or not values:
            return ()
        scope = context if self.keep_filter else context.without(self.by)
        shown = Filter(context.dataset.dimension(self.by), "in", values)
        question = scope.question(self.metrics[1:], by=(self.by,))
        kept = conjunction(question.where, shown)
        asked = replace(question, compare=None, where=kept, with_total=False)
        return (replace(asked, interval=self.has_interval),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        result = results[0]
        frame = result.frame
        for more in results[1:]:
            frame = frame.join(more.frame, on=self.by, how="left", maintain_order="left")
        metrics = tuple(context.metric(name) for name in self.metrics)
        kept = [not is_nothing(r, self.by, metrics[0]) for r in frame.iter_rows(named=True)]
        frame = frame.filter(pl.Series(kept, dtype=pl.Boolean))
        return (replace(result, query=replace(result.query, metrics=metrics), frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = self.joined(results, context)
        if result.frame.is_empty():
            return no_rows(context)
        dimension = context.dataset.dimension(self.by)
        metrics = [context.metric(name) for name in self.metrics]
        has_change = result.query.compare is not None
        columns: list[dict[str, Any]] = [{"label": dimension.label, "is_text": True}]
        for position, metric in enumerate(metrics):
            columns.append({"label": metric.label, "unit": written.unit(metric)})
            if position == 0 and has_change:
                columns.append({"label": "Change"})
        rows = [
            self._row(row, dimension, metrics, has_change)
            for row in result.frame.iter_rows(named=True)
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, filters=self.by)

    def _row(
        self, row: dict[str, Any], dimension: Dimension, metrics: Sequence[Metric], has_change: bool
    ) -> list[dict[str, Any]]:
        value = row[dimension.name]
        label = written.value_label(value, dimension)
        cells: list[dict[str, Any]] = [
            {"text": label, "filter": None if value is None else str(value)}
        ]
        for position, metric in enumerate(metrics):
            shown = {"text": written.number(row.get(metric.name), metric)}
            shown |= self._around(written.interval(row, metric))
            cells.append(shown | {"few": written.is_few(row)})
            if position == 0 and has_change:
                delta = written.delta(row, metric)
                around = self._around(delta.interval)
                cells.append({"text": delta.text, "tone": delta.tone} | around)
        return cells

    @staticmethod
    def _around(interval: str) -> dict[str, Any]:
        return {"lines": [{"text": interval}]} if interval else {}


def is_nothing(row: dict[str, Any], by: str, metric: Metric) -> bool:
    """Whether a row says no more than that nothing is missing: no value, of none."""
    numbers = (row[metric.name], row.get(f"{metric.name}__previous"))
    return row[by] is None and not any(numbers)
