"""Level shifts: since when a metric stands at another level, and how far from the one before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.tiles.anomalies import Watching
from queries.analyses import level_shift
from queries.analyses.level_shift import Shift, Shifts
from queries.condition import Dimension
from queries.dataset import Metric
from queries.model import Result

_LISTED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelShifts(Watching):
    """The shifts since the view began, the surest first; days before it teach what was usual."""

    def shifts(self, results: Sequence[Result], context: Context) -> Shifts:
        asked, accounts = results
        found = level_shift.shifts(asked.query.metrics, asked.frame, accounts.frame)
        start = context.period.start if context.period else date.min
        return replace(found, told=tuple(s for s in found.told if s.day >= start))

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What was told, in place of what it was read from."""
        if not results:
            return ()
        rows = [
            {"metric": s.metric, "slice": s.slice, "since": s.day}
            | {end: getattr(s.step, end) for end in ("before", "after", "low", "high")}
            for s in self.shifts(results, context).told
        ]
        return (replace(results[0], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if not results:
            return no_rows(context)
        found = self.shifts(results, context)
        looked = _looked_at(found)
        if not found.series:
            hint = f"It takes {2 * level_shift.FEWEST_DAYS} days to tell a shift. {looked}"
            return empty("no_rows", "No series is long enough here.", hint)
        if not found.told:
            return empty("nothing", "No level moved.", looked)
        dimension = context.dataset.dimension(self.by)
        columns: list[dict[str, Any]] = [
            {"label": "Since", "is_text": True},
            {"label": dimension.label, "is_text": True},
            {"label": "Metric", "is_text": True},
            {"label": "Level before"},
            {"label": "Level since"},
            {"label": "Change"},
            {"label": "95 %"},
        ]
        listed = found.told[:_LISTED]
        rows = [_row(s, context.metric(s.metric), dimension) for s in listed]
        table = {"columns": columns, "rows": rows, "more": len(found.told) - len(listed)}
        return Drawing(kind="table", content={"tables": [table]}, notes=(looked,), filters=self.by)


def _row(shift: Shift, metric: Metric, dimension: Dimension) -> list[dict[str, Any]]:
    step = shift.step
    moved, low, high = (end / step.before - 1 for end in (step.after, step.low, step.high))
    before = written.day(shift.day - timedelta(days=1))
    return [
        {"text": written.day(shift.day), "tip": f"{before} was the last day at the level before"},
        {"text": written.value_label(shift.slice, dimension), "filter": shift.slice},
        {"text": metric.label},
        {"text": written.number(step.before, metric)},
        {"text": written.number(step.after, metric)},
        {"text": _change(moved, metric), "tone": written.tone(metric, low, high)},
        {"text": f"{_change(low, metric)} to {_change(high, metric)}"},
    ]


def _change(moved: float, metric: Metric) -> str:
    return written.change(moved, metric, relative=True)


def _looked_at(found: Shifts) -> str:
    few = f" Left out: {found.few} with fewer than 200 accounts a day." if found.few else ""
    return (
        f"{found.series} series of {found.days} days were looked at together: at most 1 in 20 of"
        " what is told is expected to be chance. A level holds for two weeks at least; growth,"
        f" weekdays and single odd days are no shift. The level before is carried on.{few}"
    )
