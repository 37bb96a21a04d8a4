"""Earned value: what was planned, earned and spent, cumulated, and where that ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded
from portal.tiles.rankers import scope
from queries.analyses import earned_value
from queries.dataset import Metric
from queries.model import Query, Result

_LINES = (
    ("planned", "Planned value (PV)", "@before", "4px,3px"),
    ("earned", "Earned value (EV)", "@accent", "solid"),
    ("actual", "Actual cost (AC)", "@series-3", "solid"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnedValue:
    """The S-curves of all shoots in the view since their first day, whatever period it shows."""

    place: Place = field(default_factory=lambda: Place(span=8, height=320, dataset="shooting"))
    metrics: tuple[str, ...] = ("cpi", "spi", "earned_usd")

    def questions(self, context: Context) -> tuple[Query, ...]:
        everything = replace(
            context.question(("cpi", "spi", "productions")), period=None, compare=None
        )
        return (earned_value.question(scope(context)), everything)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn."""
        frame = earned_value.curves(results[0].frame, context.dataset.time.name)
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        time = context.dataset.time.name
        frame = earned_value.curves(results[0].frame.drop_nulls(time), time)
        if frame.is_empty():
            return no_rows(context)
        state = earned_value.state(results[0].frame)
        layout: Layout = {
            "xaxis": {"type": "date"},
            # d3 writes a billion as G; plotly itself writes B.
            "yaxis": {"tickprefix": "$", "exponentformat": "B", "rangemode": "tozero"},
            "showlegend": True,
        }
        usd = context.metric("earned_usd")
        traces = [_line(frame, time, line, usd) for line in _LINES]
        says, *notes = _said(state, results[1], context)
        return figure(traces, layout, says=says, notes=notes)


def _line(frame: pl.DataFrame, time: str, line: tuple[str, str, str, str], usd: Metric) -> Trace:
    name, label, colour, dash = line
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label,
        "x": [str(d) for d in frame[time]],
        "y": rounded(frame[name]),
        "text": [written.number(value, usd) for value in frame[name]],
        "line": {"color": colour, "width": 2.25, "dash": dash},
        "hovertemplate": "%{fullData.name}: <b>%{text}</b><extra></extra>",
    }


def _said(state: earned_value.EarnedValue, whole: Result, context: Context) -> list[str]:
    """Performance in words, each with its interval or why it has none."""
    row = whole.frame.row(0, named=True)
    count = int(row["productions"] or 0)
    usd = context.metric("earned_usd")
    few = f"no interval: {count} production{'' if count == 1 else 's'}, too few"

    def measured(name: str, value: float) -> str:
        low, high = row[f"{name}__low"], row[f"{name}__high"]
        around = few if low is None else f"95 % {low:.2f} to {high:.2f}"
        return f"{value:.2f} ({around})"

    said = [
        (
            f"CPI {measured('cpi', state.cost_performance)}: a dollar spent earned "
            f"${state.cost_performance:.2f} of planned work."
        ),
        (
            f"SPI {measured('spi', state.schedule_performance)}: "
            f"{state.schedule_performance:.0%} of the work planned by now is done."
        ),
    ]
    if math.isfinite(state.estimate):
        over = state.estimate / state.at_completion - 1
        least, most = row["cpi__low"], row["cpi__high"]
        around = ""
        if least is not None and least > 0:
            ends = (written.number(state.at_completion / c, usd) for c in (most, least))
            around = f" (95 % {' to '.join(ends)})"
        said.append(
            f"At this cost performance all ends at {written.number(state.estimate, usd)}{around}, "
            f"{abs(over):.1%} {'over' if over > 0 else 'under'} the budget at completion of "
            f"{written.number(state.at_completion, usd)} for the pages of the scripts."
        )
    return said
