"""What a membership is worth: the fitted curve, its value by group, and when it pays back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, band, figure
from portal.tiles.options import Option
from portal.tiles.rankers import scope
from queries.analyses import lifetime
from queries.catalog import builtin
from queries.condition import conjunction
from queries.errors import InvalidQuery
from queries.estimators.estimator import Setting
from queries.estimators.shifted_beta_geometric import SETTINGS, Terms
from queries.model import Query, Result

OPTIONS = (
    Option(
        name="by", label="By", choices=(("signup_channel", "Sign-up channel"), ("plan", "Plan"))
    ),
    Option(
        name="horizon",
        label="Over",
        choices=tuple((text, f"{text} months") for text in ("24", "12", "36", "60")),
    ),
    Option(
        name="margin",
        label="Margin",
        choices=(("0.4", "40%"), ("0.2", "20%"), ("0.6", "60%"), ("1", "100%: revenue")),
    ),
    Option(
        name="discount",
        label="Discount a year",
        choices=(("0.1", "10%"), ("0", "none"), ("0.05", "5%"), ("0.15", "15%")),
    ),
)
_FEWEST = 200
_COST = "cost_per_signup_usd"
_VALUE = "membership_value_usd"
_ASKED = (_VALUE, "at_risk", "leaving", "revenue_a_month_usd")


@dataclass(frozen=True, slots=True)
class Group:
    """One value of the dimension: who was there, what they pay, what one of them is worth."""

    value: str
    label: str
    counted: lifetime.Attrition
    worth: lifetime.Value


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeFit:
    """Share still member by month: observed, and by the fitted curve beyond it."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320, dataset="cohorts"))
    metrics: tuple[str, ...] = _ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (_question(context, ()),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        counted = lifetime.attrition(results[0].frame)
        terms = _terms(context)
        found = lifetime.worth(counted, terms)
        if found is None:
            return no_rows(context)
        seen = counted.survival[: terms.horizon + 1]
        months = list(range(terms.horizon + 1))
        curve = found.fit.survival(terms.horizon)
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
    metrics: tuple[str, ...] = _ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        by = context.view.option("by") or OPTIONS[0].choices[0][0]
        known = context.dataset.has_dimension(by)
        return (_question(context, (by if known else "signup_channel",)),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a group and month."""
        frames = [
            pl.DataFrame(
                {
                    "group": [g.label] * len(g.worth.cumulative),
                    "month": range(1, len(g.worth.cumulative) + 1),
                    "value_usd": g.worth.cumulative,
                    "low": g.worth.low,
                    "high": g.worth.high,
                    "revenue_a_month_usd": [g.counted.revenue_usd] * len(g.worth.cumulative),
                    "alpha": [g.worth.fit.alpha] * len(g.worth.cumulative),
                    "beta": [g.worth.fit.beta] * len(g.worth.cumulative),
                }
            )
            for g in _groups(results, context)
        ]
        frame = pl.concat(frames) if frames else pl.DataFrame()
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        groups = _groups(results, context)
        if not groups:
            return no_rows(context)
        traces: list[Trace] = []
        for group, colour in zip(groups, SERIES, strict=False):
            months = list(range(1, len(group.worth.cumulative) + 1))
            low, high = ([float(v) for v in e] for e in (group.worth.low, group.worth.high))
            traces += [t | {"showlegend": False} for t in band(months, low, high, colour)]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": group.label,
                    "x": months,
                    "y": [round(float(v), 3) for v in group.worth.cumulative],
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
        return figure(traces, layout, says=_worth(groups, context), notes=(_said(groups, context),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback:
    """What a sign-up has brought over what its channel spent on one, by month."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320, dataset="cohorts"))
    metrics: tuple[str, ...] = _ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        costs = builtin().dataset("acquisition")
        kept = [
            replace(f, dimension=costs.dimension(f.dimension.name))
            for f in (context.condition.filters() if context.condition else ())
            if f.dimension.name in ("country", "signup_channel")
        ]
        asked = Query(
            dataset=costs,
            metrics=(costs.metric(_COST), costs.metric("spend_usd")),
            by=(costs.dimension("signup_channel"),),
            where=conjunction(*kept),
            with_total=False,
        )
        return (_question(context, ("signup_channel",)), asked)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a channel that money is spent on."""
        rows = [
            {
                "signup_channel": group.value,
                _COST: cost,
                "value_usd": group.worth.value.value,
                "payback_months": lifetime.payback_month(group.worth.cumulative, cost),
            }
            for group, cost in _paid(results, context)
        ]
        return (replace(results[1], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        paid = _paid(results, context)
        if not paid:
            return empty(
                "nothing", "Nothing was spent to bring these members.", "Pick a paid channel."
            )
        traces: list[Trace] = []
        says: list[str] = []
        for (group, cost), colour in zip(paid, SERIES, strict=False):
            months = list(range(1, len(group.worth.cumulative) + 1))
            curve, low, high = (
                [round(float(v) / cost, 4) for v in values]
                for values in (group.worth.cumulative, group.worth.low, group.worth.high)
            )
            traces += [t | {"showlegend": False} for t in band(months, low, high, colour)]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": group.label,
                    "x": months,
                    "y": curve,
                    "line": {"color": colour, "width": 2},
                    "hovertemplate": f"{group.label}, by month %{{x}}: <b>%{{y:.2f}}×</b> its cost"
                    "<extra></extra>",
                }
            )
            month = lifetime.payback_month(group.worth.cumulative, cost)
            when = (
                f"paid back in month {month}"
                if month
                else f"not paid back within {len(months)} months"
            )
            says.append(f"{group.label}: ${cost:,.0f} a sign-up, {when}.")
        note = (
            "Cost: all acquisition spend over all sign-ups of the channel, those included that "
            "would have come anyway; published totals, so without an interval."
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
        return figure(traces, layout, says=" ".join(says), notes=(note,))


def _question(context: Context, by: Sequence[str]) -> Query:
    return lifetime.attrition_question(replace(scope(context), period=None), by)


def _terms(context: Context) -> Terms:
    """The options of the view; what a setting cannot be is the metric's own default."""
    usual = dict(context.metric(_VALUE).defaults)

    def read(setting: Setting) -> float:
        try:
            return setting.read(context.view.option(setting.name))
        except InvalidQuery:
            return setting.read(usual[setting.name])

    return Terms.of({setting.name: read(setting) for setting in SETTINGS})


def _groups(results: Sequence[Result], context: Context) -> list[Group]:
    """The groups of enough memberships, the most valuable first."""
    frame, by = results[0].frame, results[0].query.by[0].name
    dimension = context.dataset.dimension(by)
    found: list[Group] = []
    for value in frame[by].drop_nulls().unique().sort().to_list():
        counted = lifetime.attrition(frame.filter(pl.col(by) == value))
        if not counted.at_risk.size or counted.at_risk[0].sum() < _FEWEST:
            continue
        worth = lifetime.worth(counted, _terms(context))
        if worth is not None:
            label = written.value_label(value, dimension)
            found.append(Group(str(value), label, counted, worth))
    return sorted(found, key=lambda g: -g.worth.value.value)


def _paid(results: Sequence[Result], context: Context) -> list[tuple[Group, float]]:
    costs = {
        row["signup_channel"]: row[_COST]
        for row in results[1].frame.iter_rows(named=True)
        if row[_COST] and row["spend_usd"]
    }
    groups = _groups(results[:1], context)
    return [(g, float(costs[g.value])) for g in groups if g.value in costs]


def _worth(groups: Sequence[Group], context: Context) -> str:
    """What one is worth at the horizon: of the most and the least valuable group."""
    best, least = groups[0], groups[-1]
    said = f"{_usd(best)} by month {_terms(context).horizon}"
    if len(groups) == 1:
        return f"{best.label}: {said}."
    return f"{best.label} is worth most, {said}; {least.label} least, {_usd(least)}."


def _usd(group: Group) -> str:
    worth = group.worth.value
    return f"${worth.value:,.0f} (95 % {worth.low:,.0f} to {worth.high:,.0f})"


def _said(groups: Sequence[Group], context: Context) -> str:
    terms = _terms(context)
    values = ", ".join(
        f"{g.label} ${g.worth.value.value:,.0f} ({g.worth.value.low:,.0f} to "
        f"{g.worth.value.high:,.0f})"
        for g in groups
    )
    return (
        f"{terms.horizon} months at {terms.margin:.0%} margin, {terms.discount:.0%} a year off: "
        f"{values}. 95 % by leaving out accounts."
    )
