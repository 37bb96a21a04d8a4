"""How a policy's weights lie: what it would never have shown, and the few rows that carry it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.rankers import scope
from portal.tiles.target_policy import chosen, threshold
from queries.analyses import offpolicy
from queries.model import Query, Result

_HEAVY = 0.05
_FRACTIONS = {1 / 2: "½", 1 / 4: "¼", 1 / 8: "⅛", 1 / 16: "1⁄16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWeights:
    """Rows and weight by the size of the weight, with what lies beyond the clip in colour."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300))
    metrics: tuple[str, ...] = ("mean_weight",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context)),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        policy = chosen(results[0], context)
        return (offpolicy.weights_question(scope(context), policy, threshold(context)),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A bin a row."""
        found = offpolicy.weights(results[-1].frame, threshold(context))
        frame = pl.DataFrame(
            {
                "weight": [_label(low, found.lows) for low in found.lows],
                "share_of_rows": found.rows,
                "share_of_weight": found.weight,
            }
        )
        return (replace(results[-1], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        tau = threshold(context)
        found = offpolicy.weights(results[-1].frame, tau)
        if not found.rows:
            return no_rows(context)
        labels = [_label(low, found.lows) for low in found.lows]
        colours = ["@warn" if low >= tau else "@accent" for low in found.lows]
        parts = (
            ("Rows", found.rows, colours, 1.0),
            ("Weight they carry", found.weight, ["@before"] * len(labels), 0.6),
        )
        traces: list[Trace] = [
            {
                "type": "bar",
                "name": name,
                "x": labels,
                "y": list(values),
                "marker": {"color": colour, "opacity": opacity},
                "hovertemplate": f"{name}, weight %{{x}}: <b>%{{y:.1%}}</b><extra></extra>",
            }
            for name, values, colour, opacity in parts
        ]
        layout: Layout = {
            "xaxis": {"type": "category", "title": {"text": "Weight: target over propensity"}},
            "yaxis": {"tickformat": ",.0%", "rangemode": "tozero"},
            "barmode": "group",
            "bargap": 0.25,
            "showlegend": True,
            "hovermode": "closest",
        }
        return figure(traces, layout, notes=_said(found, tau))


def _said(found: offpolicy.Weights, tau: float) -> tuple[str, ...]:
    rows, weight = found.over
    notes = [f"The policy would never have shown {found.never:.1%} of the rows."]
    if not rows:
        notes.append(f"No weight is over τ = {tau:g}: clipping changes nothing.")
    else:
        said = f"{rows:.2%} of the rows are over τ = {tau:g} and carry {weight:.1%} of the weight"
        strong = ": clipping would hide much of the policy." if weight > _HEAVY else "."
        notes.append(said + strong)
    return tuple(notes)


def _label(low: float, lows: Sequence[float]) -> str:
    if low < 0:
        return "0"
    above = [other for other in lows if other > low]
    if low == 0:
        return f"< {_written(above[0])}"
    return f"{_written(low)}–{_written(above[0])}" if above else f"≥ {_written(low)}"


def _written(value: float) -> str:
    return _FRACTIONS.get(value, f"{value:g}")
