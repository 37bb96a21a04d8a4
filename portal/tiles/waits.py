"""Where work waits: mean wait by stage and vendor, with the slow vendor named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.statement import Statement
from portal.tiles.heat import Heat, heat
from portal.tiles.rankers import scope
from queries.analyses import flow
from queries.condition import Dimension
from queries.model import Query, Result

_CELLS = Heat(metric="wait_days", rows="vendor", columns="stage", with_text=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueWaits:
    """Vendors down, stages across; under ten finished tasks a cell is grey.

    Filters of stage and vendor are looked through: a vendor is slow against the others at a stage.
    """

    place: Place = field(default_factory=lambda: Place(span=12, height=320))
    metrics: tuple[str, ...] = ("wait_days", "wait_share")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (flow.question(scope(context.without("stage", "vendor"))),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn."""
        return (replace(results[0], frame=flow.waits(results[0].frame)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = flow.waits(results[0].frame)
        if found["p"].is_not_null().sum() == 0:
            return ()
        slow = found.filter("is_slow")
        if slow.is_empty():
            return (Statement.unsaid(flow.chance(found)),)
        row = slow.row(0, named=True)
        vendor, stage = (context.dataset.dimension(n) for n in ("vendor", "stage"))
        return (
            Statement(
                subject=f"Work waits for {written.value_label(row['vendor'], vendor)} at "
                f"{written.value_label(row['stage'], stage)}",
                verb="",
                size=f"{row['ratio']:.1f} times as long",
                interval=f"95 % {row['low']:.1f} to {row['high']:.1f}",
                against="as for the other vendors of the stage",
                reason=f"{row['tasks']} tasks waited {row['wait_days']:.1f} days, "
                f"{row['excess_days']:.0f} days more in all than they would have there.",
                evidence="descriptive",
                probability=flow.chance(found),
                is_sure=True,
                tone="bad",
                filters=("vendor", str(row["vendor"])),
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = flow.waits(results[0].frame)
        if found.is_empty():
            return no_rows(context)
        cells = {(row["vendor"], row["stage"]): _cell(row) for row in found.iter_rows(named=True)}
        keys = (context.dataset.dimension("vendor"), context.dataset.dimension("stage"))
        return heat(cells, keys, _CELLS, _said(found, keys))


def _cell(row: Mapping[str, Any]) -> dict[str, Any]:
    against = ""
    if row["ratio"] is not None:
        around = _around(row)
        against = f"{row['ratio']:.1f} times the others of the stage{around}"
    return {
        "value": row["wait_days"],
        "text": f"{row['wait_days']:.1f}",
        "exact": f"{row['wait_days']:.2f} days in the queue" + (f"; {against}" if against else ""),
        "interval": "",
        "n": f"{written.count(row['tasks'])} tasks",
        "few": row["tasks"] < flow.FEWEST_TASKS,
    }


def _around(row: Mapping[str, Any]) -> str:
    if row["low"] is None:
        return " (no interval: too few productions)"
    return f" (95 % {row['low']:.1f} to {row['high']:.1f})"


def _said(found: pl.DataFrame, keys: tuple[Dimension, Dimension]) -> list[str]:
    """The vendors that are slow after all were tested, or that none is; and where the wait is."""
    vendor, stage = keys
    slow = found.filter("is_slow")
    said = [
        f"{written.value_label(row['vendor'], vendor)} is slow at "
        f"{written.value_label(row['stage'], stage)}: {row['wait_days']:.1f} days in the queue, "
        f"{row['ratio']:.1f} times as long as at the other vendors{_around(row)}; "
        f"{row['tasks']} tasks waited {row['excess_days']:.0f} days more than there."
        for row in slow.iter_rows(named=True)
    ]
    tested = int(found["p"].is_not_null().sum())
    if not said:
        said = [
            (
                f"None of {tested} vendors and stages keeps work waiting beyond chance and worth "
                f"{flow.LEAST_SHARE:.0%} of all days in queues."
            )
        ]
    else:
        said.append(
            f"Out of {tested} tested, at a false discovery rate of {flow.FALSE_DISCOVERIES:.0%}."
        )
    total = (found["wait_days"] * found["tasks"]).sum()
    by_stage = found.group_by("stage").agg((pl.col("wait_days") * pl.col("tasks")).sum().alias("d"))
    if total > 0:
        top = by_stage.sort("d", descending=True).row(0, named=True)
        share = f"{top['d'] / total:.0%}"
        label = written.value_label(top["stage"], stage)
        said.append(f"{label} has {share} of all days in queues. Mean days a finished task waited.")
    return said
