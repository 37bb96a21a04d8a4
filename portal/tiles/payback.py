"""When a sign-up has paid for itself, and how much one may bid for the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, band, figure
from portal.tiles.lifetime import Valued, valued
from portal.tiles.value_groups import ASKED, question, said_terms, terms
from queries.analyses import lifetime
from queries.catalog import builtin
from queries.condition import conjunction
from queries.interval import Estimate
from queries.model import Query, Result

_COST = "cost_per_signup_usd"
_COST_BY = ("country", "signup_channel")
_NOTHING = empty("nothing", "Nothing was spent to bring these members.", "Pick a paid channel.")
_MEAN = (
    "The cost is a mean over all sign-ups where and when the channel spent: of the next ones, and "
    "of those who would not have come anyway, it is higher. Hold what a campaign brought against "
    "the cap before scaling on it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback:
    """What a sign-up has brought over what its channel spent on one, by month."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320, dataset="cohorts"))
    metrics: tuple[str, ...] = ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        return _asked(context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a channel that money is spent on."""
        rows = [
            {
                "signup_channel": one.group.value,
                _COST: cost,
                "value_usd": one.worth.value.value,
                "payback_months": lifetime.payback_month(one.worth.cumulative, cost),
            }
            for one, cost in _paid(results, context)
        ]
        return (replace(results[1], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        paid = _paid(results, context)
        if not paid:
            return _NOTHING
        traces: list[Trace] = []
        says: list[str] = []
        for (one, cost), colour in zip(paid, SERIES, strict=False):
            label = one.group.label
            months = list(range(1, len(one.worth.cumulative) + 1))
            curve, low, high = (
                [round(float(v) / cost, 4) for v in values]
                for values in (one.worth.cumulative, one.worth.low, one.worth.high)
            )
            traces += [t | {"showlegend": False} for t in band(months, low, high, colour)]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": label,
                    "x": months,
                    "y": curve,
                    "line": {"color": colour, "width": 2},
                    "customdata": [[one.group.value]] * len(months),
                    "hovertemplate": f"{label}, by month %{{x}}: <b>%{{y:.2f}}×</b> its cost"
                    "<extra></extra>",
                }
            )
            month = lifetime.payback_month(one.worth.cumulative, cost)
            when = (
                f"paid back in month {month}"
                if month
                else f"not paid back within {len(months)} months"
            )
            says.append(f"{label}: ${written.grouped(cost)} a sign-up, {when}.")
        note = (
            "Cost: acquisition spend over the sign-ups of the channel where and when it spent, "
            "those included that would have come anyway; published totals, so without an interval."
        )
        line = {"color": "@muted", "width": 1, "dash": "dot"}
        layout: Layout = {
            "xaxis": {"title": {"text": "Months of 30 days since joining"}, "dtick": 6},
            "yaxis": {"ticksuffix": "×", "rangemode": "tozero"},
            "shapes": [
                {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 1, "y1": 1, "line": line}
            ],
            "showlegend": True,
            "hovermode": "closest",
        }
        notes = (note, *_not_of_the_cost(context))
        told = " ".join(says)
        drawn = figure(traces, layout, filters="signup_channel", says=told, notes=notes)
        return replace(drawn, seen=(_costs(results, paid),))


@dataclass(frozen=True, slots=True, kw_only=True)
class BidCaps:
    """What one may pay for a sign-up of each paid channel: what it is worth over the horizon."""

    place: Place = field(default_factory=lambda: Place(span=12, height=170, dataset="cohorts"))
    metrics: tuple[str, ...] = ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        return _asked(context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a channel that money is spent on."""
        rows = [
            {
                "signup_channel": one.group.value,
                "cap_usd": one.worth.value.value,
                "cap_low_usd": one.worth.value.low,
                "cap_high_usd": one.worth.value.high,
                _COST: cost,
                "decision": decision(cost, one.worth.value),
            }
            for one, cost in _paid(results, context)
        ]
        return (replace(results[1], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        paid = _paid(results, context)
        if not paid:
            return _NOTHING
        known, _ = terms(context)
        columns = [
            {"label": "Channel", "is_text": True},
            {"label": f"Worth by month {known.horizon}: the cap"},
            {"label": "95 %"},
            {"label": "A sign-up costs"},
            {"label": "Decision", "is_text": True},
        ]
        table = {"columns": columns, "rows": [_cap(*pair) for pair in paid], "more": 0}
        notes = (
            f"The cap is the value of one membership over {said_terms(known)}.",
            _MEAN,
            *_not_of_the_cost(context),
        )
        return Drawing(
            kind="table",
            content={"tables": [table]},
            filters="signup_channel",
            notes=notes,
            seen=(_costs(results, paid),),
        )


def decision(cost: float, cap: Estimate) -> str:
    """What the cost of a sign-up says to do, held against what one is worth."""
    if not cap.high >= cap.low:
        return "No cap: the value has no interval"
    if cost > cap.high:
        return f"Costs more than it is worth: bid at most ${written.grouped(cap.low)}"
    if cost >= cap.low:
        return f"At its cap: no more than ${written.grouped(cap.low)} is safe"
    return f"Room: bids up to ${written.grouped(cap.low)} pay back"


def _cap(one: Valued, cost: float) -> list[dict[str, Any]]:
    cap = one.worth.value
    low, high = written.grouped(cap.low), written.grouped(cap.high)
    tone = "bad" if cost > cap.high else "good" if cost < cap.low else "flat"
    return [
        {"text": one.group.label, "filter": one.group.value},
        {"text": f"${written.grouped(cap.value)}"},
        {"text": f"{low} to {high}" if cap.high >= cap.low else written.NOTHING},
        {"text": f"${written.grouped(cost)}", "tip": "Published totals, so without an interval."},
        {"text": decision(cost, cap), "tone": tone},
    ]


def _asked(context: Context) -> tuple[Query, ...]:
    """Who stays by channel, and what each channel costs; shared by the tiles of this module."""
    costs = builtin().dataset("acquisition")
    kept = [
        replace(f, dimension=costs.dimension(f.dimension.name))
        for f in (context.condition.filters() if context.condition else ())
        if f.dimension.name in _COST_BY
    ]
    asked = Query(
        dataset=costs,
        metrics=(costs.metric(_COST), costs.metric("spend_usd")),
        by=(costs.dimension("signup_channel"),),
        where=conjunction(*kept),
        with_total=False,
    )
    return (question(context, ("signup_channel",)), asked)


def _not_of_the_cost(context: Context) -> tuple[str, ...]:
    """Which filters say nothing of what a sign-up costs."""
    asked = context.condition.filters() if context.condition else ()
    labels = dict.fromkeys(
        f.dimension.label.lower() for f in asked if f.dimension.name not in _COST_BY
    )
    return (f"The cost of a sign-up is not filtered by {', '.join(labels)}.",) if labels else ()


def _costs(results: Sequence[Result], paid: Sequence[tuple[Valued, float]]) -> pl.DataFrame:
    """The costs that are shown."""
    return results[1].frame.filter(pl.col("signup_channel").is_in([v.group.value for v, _ in paid]))


def _paid(results: Sequence[Result], context: Context) -> list[tuple[Valued, float]]:
    """The channels that money is spent on, with what a sign-up of theirs costs."""
    costs = {
        row["signup_channel"]: row[_COST]
        for row in results[1].frame.iter_rows(named=True)
        if row[_COST] and row["spend_usd"]
    }
    found = valued(results[0], context)
    return [(v, float(costs[v.group.value])) for v in found if v.group.value in costs]
