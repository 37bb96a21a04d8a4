"""How long memberships last, a curve for each value of a dimension, with who is still at risk."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.cohort_options import censored, until
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.rankers import scope
from queries.analyses import survival
from queries.analyses.censoring import spans
from queries.condition import conjunction
from queries.estimators.product_limit import at_risk_of, parts
from queries.model import Query, Result
from queries.small_cells import FEWEST_SHOWN

HORIZON_DAYS = 720
_EVERY_DAYS = 180
_FEWEST = 200
_SMALLEST_P = 0.001
_TOO_FEW = empty(
    "no_rows",
    f"Fewer than {_FEWEST} memberships of each.",
    "A curve of so few would say little. Take a filter away:",
    undo=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenureCurves:
    """Kaplan-Meier by plan or by channel: whoever goes on, or changes plan, is censored there."""

    by: str
    place: Place = field(default_factory=lambda: Place(span=6, height=400, dataset="memberships"))
    metrics: tuple[str, ...] = ("median_tenure_days",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = replace(scope(context), period=None)
        day = until(context)[0]
        if day is not None:
            dataset, seen = spans(asked.dataset, day)
            asked = replace(asked, dataset=dataset, where=conjunction(asked.where, seen))
        return (survival.tenure_question(asked, (self.by,)),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The curves, not the counts they were made from."""
        frames = [
            survival.told(counted).frame.with_columns(pl.lit(label).alias(self.by))
            for label, counted in self._groups(results[0].frame, context)
        ]
        frame = pl.concat(frames) if frames else pl.DataFrame()
        return (replace(results[0], frame=frame),)

    def _values(self, frame: pl.DataFrame, context: Context) -> list[str]:
        """The largest values in their order, those with too few memberships left out."""
        dimension = context.dataset.dimension(self.by)
        sizes = frame.filter(pl.col("entry_days") == 0).group_by(self.by).agg(pl.col("rows").sum())
        kept = sizes.filter(pl.col("rows") >= _FEWEST).drop_nulls(self.by)
        names = kept.sort("rows", descending=True)[self.by].to_list()[: len(SERIES)]
        order = {value: n for n, value in enumerate(dimension.values_order)}
        return sorted(names, key=lambda v: (order.get(str(v), len(order)), str(v)))

    def _groups(self, frame: pl.DataFrame, context: Context) -> list[tuple[str, survival.Counts]]:
        dimension = context.dataset.dimension(self.by)
        return [
            (
                written.value_label(name, dimension),
                survival.tenure_counts(frame.filter(pl.col(self.by) == name)),
            )
            for name in self._values(frame, context)
        ]

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        groups = self._groups(results[0].frame, context)
        if not groups:
            return no_rows(context) if results[0].frame.is_empty() else _TOO_FEW
        traces: list[Trace] = []
        values = self._values(results[0].frame, context)
        for nth, ((label, counted), value) in enumerate(zip(groups, values, strict=True)):
            traces += _curve(label, survival.told(counted), SERIES[nth])
            traces[-1]["customdata"] = [[value]] * len(traces[-1]["x"])
            traces.append(_at_risk(label, counted, SERIES[nth]))
        low = 0.07 * len(groups) + 0.14
        layout: Layout = {
            "xaxis": {
                # The first numbers at risk begin at 0: room before them, or names touch them.
                "range": [-HORIZON_DAYS / 40, HORIZON_DAYS],
                "dtick": _EVERY_DAYS,
                "title": {"text": "Days since joining"},
                "anchor": "y2",
            },
            "yaxis": {"tickformat": ",.0%", "range": [0, 1], "domain": [low, 1]},
            "yaxis2": {
                "domain": [0, low - 0.1],
                "type": "category",
                "dtick": 1,
                "categoryorder": "array",
                "categoryarray": [label for label, _ in reversed(groups)],
                "range": [-0.8, len(groups) - 0.5],
                "showgrid": False,
                "fixedrange": True,
            },
            "showlegend": False,
            "hovermode": "closest",
            "margin": {"l": 84},
        }
        return figure(traces, layout, filters=self.by, notes=(*_notes(groups), *censored(context)))


def _curve(label: str, curve: survival.Curve, colour: str) -> list[Trace]:
    shown = curve.time <= HORIZON_DAYS
    times = [0.0, *(float(t) for t in curve.time[shown])]
    lows, highs, shares = (
        [1.0, *(None if math.isnan(v) else round(float(v), 5) for v in values[shown])]
        for values in (curve.low, curve.high, curve.survival)
    )
    step: Trace = {"type": "scatter", "mode": "lines", "x": times}
    edge: Trace = {**step, "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    said = [
        ["" if a is None or b is None else f"{a:.1%} to {b:.1%}"]
        for a, b in zip(lows, highs, strict=True)
    ]
    return [
        {**edge, "y": lows},
        {**edge, "y": highs, "fill": "tonexty", "fillcolor": f"{colour}/0.1"},
        {
            **step,
            "name": label,
            "y": shares,
            "line": {"color": colour, "width": 2, "shape": "hv"},
            "text": [text for (text,) in said],
            "hovertemplate": f"{label}, day %{{x}}: <b>%{{y:.1%}}</b> still member (%{{text}})"
            "<extra></extra>",
        },
    ]


def _at_risk(label: str, counted: survival.Counts, colour: str) -> Trace:
    days = list(range(0, HORIZON_DAYS + 1, _EVERY_DAYS))
    at_risk = at_risk_of(*parts(counted))
    numbers: list[str] = []
    for day in days:
        later = [n for time, n in zip(counted.time, at_risk, strict=True) if time >= day]
        left = float(later[0]) if later else 0.0
        is_few = 0 < left < FEWEST_SHOWN
        numbers.append(f"<{FEWEST_SHOWN}" if is_few else written.count(left))
    positions = ["middle right", *(["middle center"] * (len(days) - 2)), "middle left"]
    return {
        "type": "scatter",
        "mode": "text",
        "x": days,
        "y": [label] * len(days),
        "yaxis": "y2",
        "text": numbers,
        "textposition": positions,
        "textfont": {"color": colour, "size": 11},
        "hoverinfo": "skip",
    }


def _notes(groups: Sequence[tuple[str, survival.Counts]]) -> tuple[str, ...]:
    medians: list[str] = []
    for label, counted in groups:
        curve = survival.told(counted)
        middle = f"{curve.median:.0f} days"
        if math.isnan(curve.median):
            middle = f"not within {curve.end:.0f} days" if curve.end < math.inf else "not reached"
        medians.append(f"{label} {middle}")
    said: list[Any] = [f"Half are gone after: {', '.join(medians)}."]
    if len(groups) > 1:
        test = survival.log_rank([counted for _, counted in groups])
        p = "< 0.001" if test.p < _SMALLEST_P else f"= {test.p:.3f}"
        said.append(
            f"One curve for all? Log-rank χ² {test.statistic:.1f} on {test.degrees} df, p {p}."
        )
    said.append("Below the curves: memberships at risk. Bands 95 %, Greenwood on log(−log).")
    return tuple(said)
