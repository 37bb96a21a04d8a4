"""What channels claim against what the campaign brought: sign-ups, and what one of them cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import geo_experiment as shared
from portal.tiles.figure import Layout, Trace, figure
from queries.analyses.geo_experiment import brought
from queries.estimators.geo_difference import cost, over_brought
from queries.interval import Estimate
from queries.model import Query, Result

_CLAIMED = ("sign-ups", "paid sign-ups")
_NOT_CLAIMED = empty(
    "not_defined",
    "Channels claim sign-ups and nothing else.",
    "Choose sign-ups as the outcome.",
    actions=[{"label": "By sign-ups", "set": {shared.OUTCOME: ""}}],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoAttribution:
    """Claimed sign-ups are reported, so they have no interval; those brought have one."""

    place: Place = field(
        default_factory=lambda: Place(span=5, height=260, dataset="campaign_regions")
    )
    metrics: tuple[str, ...] = ("signups", "spend", "attributed_signups")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return shared.following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row: what is claimed, brought and spent."""
        read = shared.reading(results, context)
        if read is None or shared.withheld(read.experiment) is not None:
            return (replace(results[0], frame=pl.DataFrame()),)
        signups = brought(read.experiment).signups
        frame = pl.DataFrame(
            {
                "campaign": [read.experiment.campaign],
                "outcome": [read.outcome.noun],
                "claimed_signups": [read.experiment.attributed],
                "brought": [signups.value],
                "brought_low": [signups.low],
                "brought_high": [signups.high],
                "spend_usd": [read.experiment.spend],
            }
        )
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        read = shared.reading(results, context)
        instead = shared.withheld(read.experiment if read else None)
        if read is None or instead is not None:
            return instead or shared.NO_HOLDOUT
        if read.outcome.noun not in _CLAIMED:
            return _NOT_CLAIMED
        found = read.experiment
        signups, claimed = brought(found).signups, found.attributed
        bars: Trace = {
            "type": "bar",
            "x": ["Claimed by channels", "Brought"],
            "y": [claimed, signups.value],
            "marker": {"color": ["@before", "@accent"]},
            "width": 0.5,
            "text": [shared.count(n) for n in (claimed, signups.value)],
            "textposition": "none",
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [0, signups.high - signups.value],
                "arrayminus": [0, signups.value - signups.low],
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
        price = shared.price(found.spend / claimed, context) if claimed else "unknown"
        costs = shared.costs(cost(found.spend, signups), context)
        notes = [f"Cost of one: claimed {price}; brought {costs}.", _inflation(claimed, signups)]
        if not read.is_registered:
            notes.append(f"Chosen by hand: {shared.by_hand(read)}.")
        return figure([bars], layout, notes=notes)


def _inflation(claimed: float, signups: Estimate) -> str:
    """Claimed over brought; without an upper end where none brought cannot be excluded."""
    if signups.low > 0:
        found = over_brought(claimed, signups)
        return f"Claimed over brought: {found.value:.1f}× ({found.low:.1f}× to {found.high:.1f}×)."
    if not signups.high > 0:
        return "Claims cannot be held against nothing brought."
    return f"Claimed over brought is at least {claimed / signups.high:.1f}×, with no upper bound."
