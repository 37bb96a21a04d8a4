"""Net adds as a waterfall: members at the start, who came, who left, members at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from queries.model import Query, Result
from queries.period import Grain, Period, start_of, whole_buckets

_STEPS = (("signups", 1), ("rejoins", 1), ("voluntary_cancels", -1), ("involuntary_cancels", -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFlow:
    """Two questions: the months of the period, and the last month before it.

    Where a plan is filtered to, what is left over are members who changed to it or from it.
    """

    place: Place = field(default_factory=lambda: Place(span=7, height=300, dataset="churn"))
    metrics: tuple[str, ...] = ("net_adds", *(name for name, _ in _STEPS), "members")

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = replace(context.question(self.metrics), compare=None)
        months = None if context.period is None else whole_buckets(context.period, Grain.MONTH)
        if months is None:
            return (asked,)
        day = months.start - timedelta(1)
        before = replace(asked, metrics=(context.metric("members"),))
        return (asked, replace(before, period=Period(start_of(day, Grain.MONTH), day)))

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a step."""
        rows = _steps(results, context)
        frame = pl.DataFrame(
            {"step": [r[0] for r in rows], "accounts": [r[1] for r in rows]},
            schema={"step": pl.String, "accounts": pl.Float64},
        )
        return (replace(results[0], frame=frame, total=frame.clear()),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        steps = _steps(results, context)
        if not steps or all(not size for _, size, _ in steps):
            return no_rows(context)
        ends = (steps[0][1], steps[-1][1])
        levels, at = [], ends[0]
        for _, size, _ in steps[1:-1]:
            levels += [at, at + size]
            at += size
        lowest, highest = min([*ends, *levels]), max([*ends, *levels])
        room = max(highest - lowest, 1) * 0.35
        layout: Layout = {
            "yaxis": {
                "range": [max(0, lowest - room), highest + room],
                "tickformat": ",.3~s",
                "title": {"text": "Accounts"},
            },
            "xaxis": {
                "type": "category",
                "autotickangles": [0, 45],
                "tickvals": [label for label, _, _ in steps],
                "ticktext": ["<br>".join(label.rsplit(" ", 1)) for label, _, _ in steps],
            },
            "bargap": 0.35,
            "hovermode": "closest",
            "shapes": _links(steps),
        }
        notes = [f"Days at home; whole months. {_GROUND if lowest > room else ''}".strip()]
        row = results[0].frame.row(0, named=True)
        net = context.metric("net_adds")
        around = written.interval(row, net)
        says = f"Net adds {written.exact(row['net_adds'], net)} (95 % {around})."
        return figure(_bars(steps), layout, says=says, notes=notes)


Step = tuple[str, float, str]
_GROUND = "The axis does not begin at zero."


def _steps(results: Sequence[Result], context: Context) -> list[Step]:
    """Label, size and interval of each bar; the first and the last stand on the ground."""
    if not results[0].frame.height:
        return []
    row = results[0].frame.row(0, named=True)
    end = float(row["members"] or 0)
    found = [
        (context.metric(name).label, sign * float(row[name] or 0), _interval(row, name, context))
        for name, sign in _STEPS
    ]
    net = sum(size for _, size, _ in found)
    start, said = end - net, ""
    if len(results) > 1 and results[1].frame.height:
        before = results[1].frame.row(0, named=True)
        start, said = float(before["members"] or 0), _interval(before, "members", context)
    moved = end - start - net
    if moved:
        found.append(("Changes of plan", moved, ""))
    found = [("At the start", start, said), *found]
    return [*found, ("At the end", end, _interval(row, "members", context))]


def _interval(row: dict[str, Any], name: str, context: Context) -> str:
    found = written.interval(row, context.metric(name))
    return f"95 % {found}" if found else ""


def _bars(steps: Sequence[Step]) -> list[Trace]:
    at = steps[0][1]
    bases, heights, colours = [0.0], [at], ["@before"]
    for _, size, _ in steps[1:-1]:
        bases.append(min(at, at + size))
        heights.append(abs(size))
        colours.append("@good" if size >= 0 else "@bad")
        at += size
    last = steps[-1][1]
    return [
        {
            "type": "bar",
            "x": [label for label, _, _ in steps],
            "y": [*heights, last],
            "base": [*bases, 0.0],
            "marker": {"color": [*colours, "@before"]},
            "text": [_text(n, size, len(steps)) for n, (_, size, _) in enumerate(steps)],
            "textposition": "outside",
            "constraintext": "none",
            "cliponaxis": False,
            "customdata": [[said] for _, _, said in steps],
            "hovertemplate": "%{x}: <b>%{text}</b> accounts<br>%{customdata[0]}<extra></extra>",
        }
    ]


def _text(nth: int, size: float, steps: int) -> str:
    sign = "" if nth in (0, steps - 1) else "+" if size > 0 else "−" if size < 0 else ""
    return f"{sign}{abs(size):,.0f}".replace(",", "\u2009")


def _links(steps: Sequence[Step]) -> list[Layout]:
    """A thin line from each level to the next bar."""
    at, lines = 0.0, list[Layout]()
    for nth, (_, size, _) in enumerate(steps[:-1]):
        at += size
        line = {"color": "@line-strong", "width": 1}
        lines.append(
            {"type": "line", "x0": nth, "x1": nth + 1, "y0": at, "y1": at, "line": line,
             "layer": "below"}
        )  # fmt: skip
    return lines
