"""Titles that are paid for and that nobody played: the dearest first."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from queries.condition import Filter, conjunction
from queries.model import Query, Result, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwatched:
    """Titles without a single hour in four weeks, by what these weeks cost. A click filters."""

    rows: int = 15
    place: Place = field(default_factory=lambda: Place(span=6, height=400))
    metrics: tuple[str, ...] = ("accrued_28_days_usd", "available_windows")

    def questions(self, context: Context) -> tuple[Query, ...]:
        one = context.without("title")
        asked = one.question((*self.metrics, "hours_28_days"), by=("title", "release_date"))
        there = Filter(one.dataset.dimension("is_available"), "in", (True,))
        nobody = Threshold(metric="hours_28_days", operation="<=", value=0)
        paid = Threshold(metric="accrued_28_days_usd", operation=">", value=0)
        return (
            replace(
                asked,
                where=conjunction(asked.where, there),
                thresholds=(nobody, paid),
                order_by=self.metrics[0],
                limit=self.rows,
                period=None,
                compare=None,
                interval=False,
                with_total=False,
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = results[0].frame
        if frame.is_empty():
            return empty("nothing", "Every title that is paid for was watched.")
        metrics = [context.metric(name) for name in self.metrics]
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Released", "is_text": True},
            *({"label": m.label, "unit": written.unit(m)} for m in metrics),
        ]
        rows: list[list[dict[str, Any]]] = []
        for row in frame.iter_rows(named=True):
            released = row["release_date"]
            day = written.day(released) if released else "not known"
            cells: list[dict[str, Any]] = [
                {"text": row["title"], "filter": row["title"]},
                {"text": day},
            ]
            rows.append(cells + [{"text": written.number(row[m.name], m)} for m in metrics])
        table = {"columns": columns, "rows": rows, "more": 0}
        note = "No member played them in the last 28 complete days. Unknown fees are left out."
        return Drawing(kind="table", content={"tables": [table]}, filters="title", notes=(note,))
