"""Outages: where and when starts failed far beyond what they do there, and in which hours."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.failures import place_label
from portal.tiles.rankers import scope
from queries.analyses import outage
from queries.model import Query, Result

_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """Cells of day, country and delivery network; none is a finding too, and says so."""

    place: Place = field(default_factory=lambda: Place(span=4, height=300))
    metrics: tuple[str, ...] = (outage.METRIC,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (outage.question(scope(context)), outage.told_question(scope(context)))

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        found = _found(results).head(_ROWS)
        return (outage.hours_question(scope(context), found),) if found.height else ()

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the cells it was found in."""
        return (replace(results[0], frame=_found(results)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = _found(results)
        metric, chance = context.metric(outage.METRIC), outage.chance(results[0].frame)
        if found.is_empty():
            return (Statement.unsaid(chance),)
        row = found.row(0, named=True)
        others = found.height - 1
        more = f" {others} other days and places stand out too." if others else ""
        return (
            Statement(
                subject=f"Starts over {place_label(row, context)} failed on "
                f"{written.day(row['date'], year=False)}:",
                verb="",
                size=written.number(row["rate"], metric),
                interval="95 % "
                + " to ".join(written.number(row[end], metric) for end in ("low", "high")),
                against=f"usually {written.number(row['usual'], metric)}",
                reason=f"{row['failures']:.0f} of {row['attempts']:.0f} attempts.{more}",
                evidence="descriptive",
                probability=chance,
                is_sure=True,
                tone="bad",
                filters=("country", str(row["country"])),
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        cells = outage.looked_at(results[0].frame)
        found = _found(results)
        if not cells:
            if results[0].frame.is_empty():
                return no_rows(context)
            return empty(
                "not_defined",
                "These plays name no country or no delivery network.",
                "Outages are looked for by day, country and delivery network.",
            )
        if found.is_empty():
            return empty(
                "nothing",
                "No outage.",
                f"None of {written.grouped(cells)} days, countries and networks failed beyond "
                "chance.",
            )
        metric = context.metric(outage.METRIC)
        rows: list[list[dict[str, Any]]] = []
        for row in found.head(_ROWS).iter_rows(named=True):
            ends = outage.hours(results[2].frame, row, row["usual"])
            hours = f"{ends[0]:02d}:00–{(ends[1] + 1) % 24:02d}:00" if ends else written.NOTHING
            tip = f"{row['failures']:.0f} of {row['attempts']:.0f} attempts; q {row['q']:.1e}"
            rows.append(
                [
                    {"text": place_label(row, context), "filter": str(row["country"])}
                    | {"mark": [[name, str(row[name])] for name in outage.PLACE]}
                    | {"days": [str(row["date"])] * 2},
                    {"text": written.day(row["date"], year=False)},
                    {"text": hours},
                    {"text": written.number(row["rate"], metric), "tone": "bad", "tip": tip},
                    {"text": written.number(row["usual"], metric)},
                ]
            )
        columns = [
            {"label": "Where", "is_text": True},
            {"label": "Day"},
            {"label": "UTC"},
            {"label": "Failed"},
            {"label": "Usually"},
        ]
        table = {"columns": columns, "rows": rows, "more": max(0, found.height - _ROWS)}
        note = (
            f"{written.grouped(cells)} days, countries and networks; at most 1% of those named are "
            "chance (Benjamini-Hochberg)."
        )
        return Drawing(kind="table", content={"tables": [table]}, filters="country", notes=(note,))


def _found(results: Sequence[Result]) -> pl.DataFrame:
    return outage.outages(results[0].frame, results[1].frame)
