"""How late productions are delivered: a curve that keeps those in that are still open."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, band, figure
from portal.tiles.rankers import scope
from queries.analyses import survival
from queries.estimators.product_limit import Curve, summed
from queries.model import Query, Result

_FEWEST = 10
_SMALLEST_P = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSlip:
    """Kaplan-Meier by kind of all productions: what is open is censored at what it is late by now.

    The period of the page is looked through, since a production that is due in it may be open.
    """

    place: Place = field(default_factory=lambda: Place(span=12, height=320, dataset="productions"))
    metrics: tuple[str, ...] = ("slip",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (survival.slip_question(replace(scope(context), period=None), ("kind",)),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The curves, not the counts they were made from."""
        frames = [
            survival.kaplan_meier(counted).frame.with_columns(pl.lit(label).alias("kind"))
            for label, counted in _groups(results[0].frame, context)
        ]
        return (replace(results[0], frame=pl.concat(frames) if frames else pl.DataFrame()),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        groups = _groups(results[0].frame, context)
        if not groups:
            return no_rows(context)
        curves = [(label, survival.kaplan_meier(counted)) for label, counted in groups]
        traces: list[Trace] = []
        for (label, curve), colour in zip(curves, SERIES, strict=False):
            traces += _traces(label, curve, colour)
        line = {"color": "@muted", "width": 1, "dash": "dot"}
        layout: Layout = {
            "xaxis": {"title": {"text": "Days after the planned delivery"}, "showgrid": True},
            "yaxis": {
                "title": {"text": "Not delivered yet"},
                "tickformat": ",.0%",
                "range": [0, 1.02],
            },
            "shapes": [
                {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": line}
            ],
            "showlegend": True,
            "hovermode": "closest",
        }
        notes = [_said(label, curve, counted) for (label, curve), (_, counted)
                 in zip(curves, groups, strict=True)]  # fmt: skip
        if len(groups) > 1:
            test = survival.log_rank([counted for _, counted in groups])
            p = "< 0.001" if test.p < _SMALLEST_P else f"= {test.p:.3f}"
            notes.append(f"One curve for all? Log-rank χ² {test.statistic:.1f}, p {p}.")
        notes.append("Bands 95 %, Greenwood on log(−log): each production counts once.")
        return figure(traces, layout, filters="kind", notes=notes)


def _groups(frame: pl.DataFrame, context: Context) -> list[tuple[str, survival.Counts]]:
    """The kinds with enough productions."""
    dimension = context.dataset.dimension("kind")
    sizes = frame.drop_nulls("seen_slip_days").group_by("kind").agg(pl.col("rows").sum())
    names = sizes.filter(pl.col("rows") >= _FEWEST).drop_nulls("kind")["kind"].sort().to_list()
    return [
        (
            written.value_label(name, dimension),
            survival.slip_counts(frame.filter(pl.col("kind") == name)),
        )
        for name in names
    ]


def _traces(label: str, curve: Curve, colour: str) -> list[Trace]:
    first = float(curve.time[0]) - 1 if len(curve.time) else 0.0
    days = [first, *(float(t) for t in curve.time)]
    share = [1.0, *(round(float(v), 5) for v in curve.survival)]
    low, high = (
        [1.0, *(None if isnan(v) else round(float(v), 5) for v in ends)]
        for ends in (curve.low, curve.high)
    )
    edges = [
        {**edge, "line": {"width": 0, "shape": "hv"}} for edge in band(days, low, high, colour)
    ]
    return [
        *edges,
        {
            "type": "scatter",
            "mode": "lines",
            "name": label,
            "x": days,
            "y": share,
            "line": {"color": colour, "width": 2.25, "shape": "hv"},
            "hovertemplate": f"{label}, day %{{x:+d}}: <b>%{{y:.0%}}</b> not delivered"
            "<extra></extra>",
        },
    ]


def _said(label: str, curve: Curve, counted: survival.Counts) -> str:
    """The median with the ends of its band (Brookmeyer & Crowley 1982), and what stands at 0."""
    open_ones = int(summed(counted.censored).sum())
    many = int(summed(counted.events).sum()) + open_ones
    late = curve.at(0)
    middle = f"by day {_day(curve.median)} (95 % {_day(curve.median_low)} to "
    middle += f"{_day(curve.median_high)})"
    if isnan(curve.median):
        middle = "on no day that is known yet"
    return (
        f"{label}: half are delivered {middle}; {late:.0%} are late. {many} productions, "
        f"{open_ones} of them open."
    )


def _day(value: float) -> str:
    """A day against the plan: `+12` is late."""
    return "unknown" if isnan(value) else f"{value:+.0f}".replace("-", "−")  # a minus
