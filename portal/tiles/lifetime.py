"""What a membership is worth: the fitted curve, and its value by group and month."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, band, figure
from portal.tiles.value_groups import (
    ASKED,
    Group,
    grouped,
    groups,
    question,
    said_terms,
    terms,
)
from queries.analyses import lifetime
from queries.model import Query, Result


@dataclass(frozen=True, slots=True)
class Valued:
    """A group, with what one of its memberships is worth by month."""

    group: Group
    worth: lifetime.Value

    @property
    def usd(self) -> str:
        """What one is worth at the horizon, with its interval."""
        total = self.worth.value
        value, low, high = (written.grouped(end) for end in (total.value, total.low, total.high))
        return f"${value} (95 % {low} to {high})"


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeFit:
    """Share still member by month: observed, and by the fitted curve beyond it."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320, dataset="cohorts"))
    metrics: tuple[str, ...] = ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (question(context, ()),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a month: what is drawn."""
        counted, (known, _) = lifetime.attrition(results[0].frame), terms(context)
        found = lifetime.worth(counted, known)
        if found is None:
            return (replace(results[0], frame=pl.DataFrame()),)
        fitted = found.fit.survival(known.horizon)
        seen = counted.survival[: len(fitted)].tolist()
        columns = {
            "month": range(len(fitted)),
            "observed": [*seen, *[None] * (len(fitted) - len(seen))],
            "fitted": fitted,
        }
        return (replace(results[0], frame=pl.DataFrame(columns)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        counted = lifetime.attrition(results[0].frame)
        known, _ = terms(context)
        found = lifetime.worth(counted, known)
        if found is None:
            return no_rows(context)
        seen = counted.survival[: known.horizon + 1]
        months = list(range(known.horizon + 1))
        curve = found.fit.survival(known.horizon)
        traces: list[Trace] = [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "Fitted",
                "x": months,
                "y": [round(float(s), 5) for s in curve],
                "line": {"color": "@accent", "width": 2.25},
                "hovertemplate": "Month %{x}: <b>%{y:.1%}</b> by the curve<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "Observed",
                "x": months[: len(seen)],
                "y": [round(float(s), 5) for s in seen],
                "marker": {"color": "@ink", "size": 5},
                "hovertemplate": "Month %{x}: <b>%{y:.1%}</b> observed<extra></extra>",
            },
        ]
        layout: Layout = {
            "xaxis": {"title": {"text": "Months of 30 days since joining"}, "dtick": 6},
            "yaxis": {"tickformat": ",.0%", "range": [0, 1.02]},
            "showlegend": True,
        }
        shown = min(len(seen), len(curve))
        gap = max(
            abs(float(a) - float(b)) for a, b in zip(seen[:shown], curve[:shown], strict=True)
        )
        notes = (
            f"Shifted beta-geometric: α {found.fit.alpha:.3f}, β {found.fit.beta:.3f}.",
            f"At most {gap * 100:.1f} points from what was observed, returns included.",
        )
        return figure(traces, layout, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeValue:
    """Discounted margin of a membership, cumulated by month, for each channel or plan."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320, dataset="cohorts"))
    metrics: tuple[str, ...] = ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (grouped(context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a group and month."""
        frames = [
            pl.DataFrame(
                {
                    "group": [g.group.label] * len(g.worth.cumulative),
                    "month": range(1, len(g.worth.cumulative) + 1),
                    "value_usd": g.worth.cumulative,
                    "low": g.worth.low,
                    "high": g.worth.high,
                    "revenue_a_month_usd": [g.group.counted.revenue_usd] * len(g.worth.cumulative),
                    "alpha": [g.worth.fit.alpha] * len(g.worth.cumulative),
                    "beta": [g.worth.fit.beta] * len(g.worth.cumulative),
                }
            )
            for g in valued(results[0], context)
        ]
        frame = pl.concat(frames) if frames else pl.DataFrame()
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = valued(results[0], context)
        if not found:
            return no_rows(context)
        traces: list[Trace] = []
        for one, colour in zip(found, SERIES, strict=False):
            group = one.group
            months = list(range(1, len(one.worth.cumulative) + 1))
            low, high = ([float(v) for v in e] for e in (one.worth.low, one.worth.high))
            traces += [t | {"showlegend": False} for t in band(months, low, high, colour)]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": group.label,
                    "x": months,
                    "y": [round(float(v), 3) for v in one.worth.cumulative],
                    "line": {"color": colour, "width": 2},
                    "customdata": [[group.value]] * len(months),
                    "hovertemplate": f"{group.label}, by month %{{x}}: <b>$%{{y:,.2f}}</b>"
                    "<extra></extra>",
                }
            )
        layout: Layout = {
            "xaxis": {"title": {"text": "Months of 30 days since joining"}, "dtick": 6},
            "yaxis": {"tickprefix": "$", "tickformat": ",.0f", "rangemode": "tozero"},
            "showlegend": True,
            "hovermode": "closest",
        }
        says, notes = _worth(found, context), (_said(found, context),)
        by = results[0].query.by[0].name
        return figure(traces, layout, filters=by, says=says, notes=notes)


def valued(result: Result, context: Context) -> list[Valued]:
    """The groups with what they are worth, the most valuable first."""
    known, _ = terms(context)
    found = [
        Valued(group, worth)
        for group in groups(result, context)
        if (worth := lifetime.worth(group.counted, known)) is not None
    ]
    return sorted(found, key=lambda v: -v.worth.value.value)


def _worth(found: Sequence[Valued], context: Context) -> str:
    """What one is worth at the horizon: of the most and the least valuable group."""
    best, least = found[0], found[-1]
    said = f"{best.usd} by month {terms(context)[0].horizon}"
    if len(found) == 1:
        return f"{best.group.label}: {said}."
    return f"{best.group.label} is worth most, {said}; {least.group.label} least, {least.usd}."


def _said(found: Sequence[Valued], context: Context) -> str:
    known, _ = terms(context)
    values = ", ".join(f"{v.group.label} {v.usd.replace('95 % ', '')}" for v in found)
    return f"{said_terms(known)}: {values}. 95 % by leaving out accounts."
