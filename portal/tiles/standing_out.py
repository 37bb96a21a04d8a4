"""Standing out: every value of the split against all others, by each metric of quality."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.statement import Statement
from portal.tiles import arms
from queries.analyses import standing_out
from queries.dataset import Metric
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOut:
    """A row a value, those that differ most surely first; a cell is coloured where it does.

    Benjamini-Hochberg over all cells at once. A click filters to the value.
    """

    rows: int = 12
    place: Place = field(default_factory=lambda: Place(span=12, height=340))
    metrics: tuple[str, ...] = arms.QUALITY

    def questions(self, context: Context) -> tuple[Query, ...]:
        return arms.questions(context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = arms.compared(results, context)
        frame = pl.DataFrame() if found is None else found.table
        return (replace(results[0], frame=frame),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = arms.compared(results, context)
        if found is None:
            return ()
        tested = found.table.drop_nulls("q")
        if tested.is_empty():
            return ()
        sure = tested.filter(pl.col("q") <= standing_out.LEVEL)
        large = [r for r in sure.iter_rows(named=True) if _is_material(r, context)]
        if not large:
            return (Statement.unsaid(float(tested["q"][0])),)
        return (_statement(large[0], found, context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = arms.compared(results, context)
        if found is None:
            return arms.no_split(results, context)
        recorded = set(found.table.drop_nulls("rate")["metric"].to_list())
        names = [name for name in arms.metrics(context) if name in recorded]
        metrics = [context.metric(name) for name in names]
        order = found.table.group_by("value", maintain_order=True).first()
        columns: list[dict[str, Any]] = [
            {"label": found.dimension.label, "is_text": True},
            *({"label": m.label, "unit": written.unit(m)} for m in metrics),
            {"label": "Accounts" if found.has_accounts else "Plays"},
        ]
        cells = {(r["value"], r["metric"]): r for r in found.table.iter_rows(named=True)}
        rows = [
            [
                {"text": written.value_label(row["value"], found.dimension)}
                | {"filter": str(row["value"])},
                *(_cell(cells[row["value"], m.name], m) for m in metrics),
                {"text": written.count(row["accounts"])},
            ]
            for row in order.head(self.rows).iter_rows(named=True)
        ]
        table = {"columns": columns, "rows": rows, "more": max(0, order.height - self.rows)}
        tested = found.table.drop_nulls("q").height
        notes = (
            f"{tested} comparisons with all other values on the same devices.",
            "Coloured: beyond noise (Benjamini-Hochberg, 5 %). A description, not an effect.",
            "Without numbers: under 200 accounts, or not recorded.",
        )
        return Drawing(
            kind="table", content={"tables": [table]}, filters=found.dimension.name, notes=notes
        )


def _is_material(row: dict[str, Any], context: Context) -> bool:
    rest, metric = row["rest"], context.metric(row["metric"])
    return rest > 0 and abs(row["difference"]) >= metric.material * rest


def _statement(row: dict[str, Any], found: arms.Compared, context: Context) -> Statement:
    metric = context.metric(row["metric"])
    ends = [row[end] / row["rest"] for end in ("difference", "low", "high")]
    size, *around = (written.change(end, metric, relative=True) for end in ends)
    label = written.value_label(row["value"], found.dimension)
    return Statement(
        subject=f"{metric.label} with {written.lowered(found.dimension.label)} {label} is",
        verb="higher by" if row["difference"] > 0 else "lower by",
        size=size.lstrip("+−"),
        interval=f"95 % {around[0]} to {around[1]}",
        against="than with all others on the same devices",
        reason=f"{written.number(row['rate'], metric)} against "
        f"{written.number(row['rest'], metric)}; {written.count(row['rows'])} plays.",
        evidence="descriptive",
        probability=float(row["q"]),
        is_sure=True,
        tone=written.tone(metric, row["low"], row["high"]),
        filters=(found.dimension.name, str(row["value"])),
    )


def _cell(row: dict[str, Any], metric: Metric) -> dict[str, Any]:
    if row["rate"] is None:
        return {"text": written.NOTHING, "tip": "Under 200 accounts, or not recorded"}
    is_sure = row["q"] is not None and row["q"] <= standing_out.LEVEL
    tone = written.tone(metric, row["low"], row["high"]) if is_sure else "flat"
    apart = [written.number(row[end], metric) for end in ("difference", "low", "high")]
    tip = (
        f"{written.number(row['rest'], metric)} elsewhere; difference {apart[0]} "
        f"(95 % {apart[1]} to {apart[2]})"
    )
    return {"text": written.number(row["rate"], metric), "tone": tone, "tip": tip}
