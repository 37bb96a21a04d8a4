"""Hazard map: of those who come to a part of an episode, the share that leaves in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import episodes
from queries.analyses import scenes
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardMap:
    """Episodes down, parts of the runtime across; a click filters to the episode."""

    place: Place = field(default_factory=lambda: Place(span=7, height=300))
    metrics: tuple[str, ...] = ("early_drop_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return episodes.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return episodes.following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        table = episodes.episodes(results, context).table.sort("episode", "start")
        return (replace(results[0], frame=table),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        known = episodes.episodes(results, context)
        cells = {(r["episode"], r["start"]): _cell(r) for r in known.table.iter_rows(named=True)}
        if not cells:
            return no_rows(context)
        numbers = sorted({number for number, _ in cells})
        starts = list(range(0, scenes.LAST, scenes.WINDOW))
        values = [cell["value"] for cell in cells.values()]
        content: dict[str, Any] = {
            "rows": [{"label": f"Episode {n}", "filter": str(n)} for n in numbers],
            "columns": [{"label": f"{start}%", "filter": None} for start in starts],
            "row_label": "Episode",
            "column_label": "Part of the runtime",
            "row_filter": "episode",
            "column_filter": "",
            "cells": [[cells.get((n, start)) for start in starts] for n in numbers],
            "with_text": False,
            "from": 0,
            "to": max(values),
            "low": "0%",
            "high": f"{max(values):.0%}",
        }
        notes = (f"Blank: fewer than {scenes.FEWEST_AT_RISK} plays come there.",)
        return Drawing(kind="heat", content=content, notes=notes)


def _cell(row: dict[str, Any]) -> dict[str, Any]:
    sure = "more than chance allows" if row["q"] <= scenes.LEVEL else "within chance"
    return {
        "value": row["rate"],
        "text": f"{row['rate']:.1%}",
        "exact": f"{row['rate']:.1%} leave; {row['usual']:.1%} elsewhere, {sure}",
        "interval": "",
        "n": written.count(row["at_risk"]),
        "few": False,
    }
