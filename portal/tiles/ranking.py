"""Ranking: a metric by the values of one dimension, longest bar first, with intervals.

A ranking says nothing about its own dimension: when it is filtered to some values, the others stay
in sight, faded, so that one can move on to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from queries.model import Metric, Query, Result

_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Horizontal bars. A click on one filters the page to it; a second click takes that back.

    `ordered` keeps the order of the dimension's own values (weekdays, plans) instead of ranking.
    """

    metric: str
    by: str
    rows: int = _ROWS
    ordered: bool = False
    place: Place = field(default_factory=lambda: Place(span=4, height=280))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        question = context.without(self.by).question(self.metrics, by=(self.by,))
        return (replace(question, order_by=self.metric, limit=self.rows + 1),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric = context.metric(self.metric)
        dimension = context.dataset.dimension(self.by)
        found = [r for r in result.frame.iter_rows(named=True) if r[metric.name] is not None]
        if not found:
            return no_rows(context)
        shown = found[: self.rows]
        if self.ordered and dimension.values_order:
            order = {value: i for i, value in enumerate(dimension.values_order)}
            shown.sort(key=lambda row: order.get(str(row[self.by]), len(order)))
        rows = [
            bar(row, metric)
            | {
                "label": written.value_label(row[self.by], dimension),
                "filter": None if row[self.by] is None else str(row[self.by]),
            }
            for row in shown
        ]
        content = {"rows": rows, "more": len(found) > self.rows, "unit": written.unit(metric)}
        return Drawing(kind="ranking", content=content | scale(shown, metric), filters=self.by)


def bar(row: dict[str, Any], metric: Metric) -> dict[str, Any]:
    """One value of a ranking as the browser draws it."""
    name = metric.name
    content: dict[str, Any] = {
        "value": row[name],
        "low": row.get(f"{name}__low"),
        "high": row.get(f"{name}__high"),
        "text": written.number(row[name], metric),
        "exact": written.exact(row[name], metric),
        "interval": written.interval(row, metric),
        "n": written.count(row.get(f"{name}__n")),
    }
    if row.get(f"{name}__previous") is not None:
        delta = written.delta(row, metric)
        content |= {"delta": delta.text, "delta_interval": delta.interval, "tone": delta.tone}
    return content


def scale(rows: Sequence[dict[str, Any]], metric: Metric) -> dict[str, float]:
    """The ends of a shared scale: zero, unless a value lies below it, to the highest end."""
    name = metric.name
    ends = [row.get(f"{name}__{end}") for row in rows for end in ("low", "high")]
    values = [row[name] for row in rows] + [end for end in ends if end is not None]
    return {"from": min(0.0, *values), "to": max(0.0, *values)}
