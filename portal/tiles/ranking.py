"""Ranking: a metric by the values of one dimension, longest bar first, with intervals.

A ranking says nothing about its own dimension: when it is filtered to some values, the others stay
in sight, faded, so that one can move on to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from portal.components import format as written
from portal.components.problem import no_values
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.breakdown import is_nothing
from queries.condition import Dimension, Scalar
from queries.dataset import Metric
from queries.model import Query, Result

_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Bars from zero, or dots on a scale that fits them and their intervals.

    A click on one filters the page to it; a second click takes that back.

    `ordered` keeps the order of the dimension's own values (weekdays, plans) instead of ranking.
    """

    metric: str
    by: str
    rows: int = _ROWS
    ordered: bool = False
    shape: Literal["bar", "dot"] = "bar"
    place: Place = field(default_factory=lambda: Place(span=4, height=280))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        question = context.without(self.by).question(self.metrics, by=(self.by,))
        question = replace(question, with_total=False)
        if self.ordered:
            return (question,)
        return (replace(question, order_by=self.metric, limit=self.rows),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric = context.metric(self.metric)
        dimension = context.dataset.dimension(self.by)
        found = [r for r in result.frame.iter_rows(named=True) if r[metric.name] is not None]
        found = [row for row in found if not is_nothing(row, self.by, metric)] or found
        if not found:
            return no_values(result, metric, context)
        if self.ordered:
            found.sort(key=lambda row: _place(row[self.by], dimension))
        rows = [
            bar(row, metric)
            | {
                "label": written.value_label(row[self.by], dimension),
                "filter": None if row[self.by] is None else str(row[self.by]),
            }
            for row in found
        ]
        content = {
            "rows": rows,
            "shape": self.shape,
            "is_wide": dimension.is_wide,
            "more": not self.ordered and len(found) == self.rows,
            "unit": written.unit(metric),
        }
        ends = scale(found, metric, from_zero=self.shape == "bar")
        notes = without_interval(found, metric, context)
        return Drawing(kind="ranking", content=content | ends, filters=self.by, notes=notes)


def without_interval(
    rows: Sequence[dict[str, Any]], metric: Metric, context: Context
) -> tuple[str, ...]:
    """Why some of the marks have no interval, in words; nothing where all have one."""
    lacking = sum(row.get(f"{metric.name}__low") is None for row in rows)
    if not lacking:
        return ()
    if not context.dataset.entity:
        return ("Published totals: no intervals.",)
    if metric.interval == "none":
        return ("Counted in full: no intervals.",)
    return ("Without a line: too few for an interval.",)


def _place(value: Scalar | None, dimension: Dimension) -> tuple[bool, float, str]:
    """Where a value stands in its dimension's own order; missing ones last."""
    if value is None:
        return (True, 0, "")
    if dimension.kind == "number":
        return (False, float(str(value)), "")
    order = dimension.values_order
    return (False, order.index(str(value)) if str(value) in order else len(order), str(value))


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
        "few": written.is_few(row),
    }
    if row.get(f"{name}__delta") is not None:
        delta = written.delta(row, metric)
        content |= {"delta": delta.text, "delta_interval": delta.interval, "tone": delta.tone}
    return content


def scale(rows: Sequence[dict[str, Any]], metric: Metric, *, from_zero: bool) -> dict[str, float]:
    """The ends of a scale that all rows share."""
    name = metric.name
    ends = [row.get(f"{name}__{end}") for row in rows for end in ("low", "high")]
    values = [row[name] for row in rows] + [end for end in ends if end is not None]
    low, high = min(values), max(values)
    if from_zero:
        return {"from": min(0.0, low), "to": max(0.0, high)}
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return {"from": low - room, "to": high + room}
