"""Comparables: the launches nearest to a programme, by name, why, and what they brought."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.tiles.greenlight import (
    NOT_ENOUGH,
    USD,
    WITHOUT,
    GreenlightTile,
    Plan,
    left_out,
    read_plan,
)
from queries.analyses.comparables import NEIGHBOURS, reasons
from queries.model import Result
from queries.small_cells import FEWEST_SHOWN

_NEXT = 6


class Comparables(GreenlightTile):
    """The nearest, those left out by hand, and the next in line. A click leaves one out."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        columns: list[dict[str, Any]] = [
            {"label": "Launch", "is_text": True},
            {"label": "Counts"},
            {"label": "Alike"},
            {"label": "Why", "is_text": True, "is_wide": True},
            {"label": "Cost"},
            {"label": "Views"},
            {"label": "Released"},
        ]
        rows = [_row(row, plan, context) for row in _listed(plan)]
        notes = (
            (
                "Alike: 100% is the same kind, genre, tags, budget, language, country, episodes. "
                "A click on a name leaves it out or takes it back."
            ),
        )
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, notes=notes)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The comparables that count."""
        plan = read_plan(results, context)
        if plan is None:
            return (results[0],)
        kept = ("title", "distance", "genre", "tags", "budget_usd", "views", "release_date")
        is_few = (pl.col("views") > 0) & (pl.col("views") < FEWEST_SHOWN)
        told = pl.when(~is_few).then("views").alias("views")
        return (replace(results[0], frame=plan.comparables().select(kept).with_columns(told)),)


def _listed(plan: Plan) -> list[dict[str, Any]]:
    """Those that count with those left out among them, and some that come next."""
    found: list[dict[str, Any]] = []
    counted = 0
    for row in plan.ranked().to_dicts():
        is_out = row["title_id"] in plan.without
        counted += not is_out
        if counted > NEIGHBOURS + _NEXT:
            break
        if counted > NEIGHBOURS and is_out:
            continue
        found.append(row | {"is_out": is_out, "is_next": counted > NEIGHBOURS})
    return found


def _row(row: dict[str, Any], plan: Plan, context: Context) -> list[dict[str, Any]]:
    title = int(row["title_id"])
    out = set(left_out(context)) ^ {title}
    state = "left out" if row["is_out"] else "next" if row["is_next"] else "yes"
    tone = "flat" if state != "yes" else "good"
    about = "Take it back" if row["is_out"] else "Leave it out"
    name: dict[str, Any] = {"text": row["title"]}
    if not row["is_next"]:
        name |= {"set": {WITHOUT: ",".join(map(str, sorted(out)))}, "about": about}
    released = row["release_date"]
    return [
        name,
        {"text": state, "tone": tone},
        {"text": f"{1 - row['distance']:.0%}"},
        {"text": " · ".join(reasons(plan.programme, row))},
        {"text": written.number(float(row["budget_usd"]), USD)},
        {"text": _views(row, context)},
        {"text": f"{released:%b %Y}" if released else written.NOTHING},
    ]


def _views(row: dict[str, Any], context: Context) -> str:
    """Fewer than ten views may be those of a handful of accounts."""
    if 0 < row["views"] < FEWEST_SHOWN:
        return f"<{FEWEST_SHOWN}"
    return written.number(float(row["views"]), context.metric("views"))
