"""What channels claim against what the campaign brought: sign-ups, and what one of them cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import geo_experiment as shared
from portal.tiles.figure import Layout, Trace, figure
from queries.analyses.geo_experiment import GeoExperiment, brought, cost
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoAttribution:
    """Claimed sign-ups are reported, so they have no interval; those brought have one."""

    place: Place = field(
        default_factory=lambda: Place(span=5, height=260, dataset="campaign_regions")
    )
    metrics: tuple[str, ...] = ("attributed_signups", "signups")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """Claimed and brought, a row each."""
        found = shared.chosen(results)
        rows = [] if found is None or shared.withheld(found) else _facts(found)
        return (replace(results[0], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        instead = shared.withheld(found)
        if found is None or instead is not None:
            return instead or shared.NO_HOLDOUT
        claimed, caused = _facts(found)
        bars: Trace = {
            "type": "bar",
            "x": ["Claimed by channels", "Brought"],
            "y": [claimed["signups"], caused["signups"]],
            "marker": {"color": ["@before", "@accent"]},
            "width": 0.5,
            "text": [shared.count(row["signups"]) for row in (claimed, caused)],
            "textposition": "none",
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [0, caused["high"] - caused["signups"]],
                "arrayminus": [0, caused["signups"] - caused["low"]],
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
        one = cost(found.spend, brought(found).signups)
        price = shared.price(claimed["cost"], context) if claimed["cost"] else "unknown"
        notes = (
            f"Cost of one: claimed {price}; brought {shared.costs(one, context)}.",
            _inflation(found, caused),
        )
        return figure([bars], layout, notes=notes)


def _facts(found: GeoExperiment) -> list[dict[str, Any]]:
    signups = brought(found).signups
    one = cost(found.spend, signups)
    claimed = found.spend / found.attributed if found.attributed else None
    return [
        {"what": "claimed", "signups": found.attributed, "low": None, "high": None,
         "cost": claimed, "cost_low": None, "cost_high": None},
        {"what": "brought", "signups": signups.value, "low": signups.low, "high": signups.high,
         "cost": one.value, "cost_low": one.low, "cost_high": one.high},
    ]  # fmt: skip


def _inflation(found: GeoExperiment, caused: dict[str, Any]) -> str:
    """Claimed over brought; without an upper end where none brought cannot be excluded."""
    if caused["high"] <= 0:
        return "Claims cannot be held against nothing brought."
    least = found.attributed / caused["high"]
    if caused["low"] <= 0:
        return f"Claimed over brought is at least {least:.1f}×, with no upper bound."
    value, most = found.attributed / caused["signups"], found.attributed / caused["low"]
    return f"Claimed over brought: {value:.1f}× ({least:.1f}× to {most:.1f}×)."
