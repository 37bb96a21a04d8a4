"""What channels claim against what the campaign brought: sign-ups, and what one of them cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import campaign_outcome as shared
from portal.tiles import geo_experiment
from portal.tiles.figure import Layout, Trace, figure
from queries.estimators.geo_difference import cost
from queries.interval import Estimate
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoAttribution:
    """Claimed sign-ups are reported, so they have no interval; those brought have one."""

    place: Place = field(
        default_factory=lambda: Place(span=5, height=260, dataset="campaign_outcomes")
    )
    metrics: tuple[str, ...] = (
        "attributed_signups",
        "incremental_signups",
        "spend",
        "incremental_cost_usd",
        "attribution_inflation",
    )

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context, self.metrics),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        row = shared.newest(results[0].frame)
        if row is None:
            return geo_experiment.NO_HOLDOUT
        if row["incremental_signups"] is None:
            return geo_experiment.TOO_FEW
        brought = _estimate(row, "incremental_signups")
        claimed = float(row["attributed_signups"] or 0)
        bars: Trace = {
            "type": "bar",
            "x": ["Claimed by channels", "Brought"],
            "y": [claimed, brought.value],
            "marker": {"color": ["@before", "@accent"]},
            "width": 0.5,
            "text": [geo_experiment.count(n) for n in (claimed, brought.value)],
            "textposition": "none",
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [0, brought.high - brought.value],
                "arrayminus": [0, brought.value - brought.low],
                "color": "@ink",
                "thickness": 1.5,
                "width": 5,
            },
            "hovertemplate": "%{x}: <b>%{text}</b> sign-ups<extra></extra>",
        }
        layout: Layout = {
            "xaxis": {"type": "category"},
            "yaxis": {"tickformat": ",.3~s", "rangemode": "tozero", "zeroline": True},
        }
        price = geo_experiment.price(row["spend"] / claimed, context) if claimed else "unknown"
        costs = geo_experiment.costs(cost(float(row["spend"]), brought), context)
        notes = (f"Cost of one: claimed {price}; brought {costs}.", _inflation(row, brought))
        return figure([bars], layout, notes=notes)


def _estimate(row: dict[str, Any], name: str) -> Estimate:
    ends = (row[name], row[f"{name}__low"], row[f"{name}__high"])
    return Estimate(*(float("nan") if end is None else float(end) for end in ends))


def _inflation(row: dict[str, Any], brought: Estimate) -> str:
    """Claimed over brought; without an upper end where none brought cannot be excluded."""
    if row["attribution_inflation"] is not None:
        found = _estimate(row, "attribution_inflation")
        return f"Claimed over brought: {found.value:.1f}× ({found.low:.1f}× to {found.high:.1f}×)."
    if not brought.high > 0:
        return "Claims cannot be held against nothing brought."
    least = float(row["attributed_signups"] or 0) / brought.high
    return f"Claimed over brought is at least {least:.1f}×, with no upper bound."
