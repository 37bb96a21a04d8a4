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
_LONGEST = 120
_FEWEST = 200
_COST = "cost_per_signup_usd"
_ASKED = ("at_risk", "leaving", "revenue_a_month_usd")


@dataclass(frozen=True, slots=True)
class Group:
    """One value of the dimension: who was there, what they pay, what one of them is worth."""

    value: str
    label: str
    counted: lifetime.Attrition
    revenue_usd: float
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
        terms = _terms(context, 1.0)
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
        return _both(context, by if context.dataset.has_dimension(by) else "signup_channel")

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
                    "revenue_a_month_usd": [g.revenue_usd] * len(g.worth.cumulative),
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
        return figure(traces, layout, notes=(_said(groups, context),))


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
        return (*_both(context, "signup_channel"), asked)

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
        return (replace(results[2], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        paid = _paid(results, context)
        if not paid:
            return empty(
                "nothing", "Nothing was spent to bring these members.", "Pick a paid channel."
            )
        traces: list[Trace] = []
        notes: list[str] = []
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
            when = f"in month {month}" if month else f"not within {len(months)} months"
            notes.append(f"{group.label}: ${cost:,.2f} a sign-up, paid back {when}.")
        notes.append(
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
        return figure(traces, layout, notes=notes)


def _both(context: Context, by: str) -> tuple[Query, Query]:
    """Who is at risk and leaves by group and month, and what a group pays in a month."""
    since = context.dataset.dimension("months_since")
    paid = context.question(("paid_usd", "at_risk"), by=(by, since))
    paid = replace(paid, compare=None, interval=False, with_total=False, period=None)
    return (_question(context, (by,)), paid)


def _question(context: Context, by: Sequence[str]) -> Query:
    return lifetime.attrition_question(replace(scope(context), period=None), by)


def _terms(context: Context, revenue_usd: float) -> lifetime.Terms:
    """The options of the view; what is no number, or out of bounds, is the first choice."""
    by_name = {o.name: o.choices[0][0] for o in OPTIONS}

    def read(name: str, least: float, most: float) -> float:
        for text in (context.view.option(name), by_name[name]):
            try:
                number = float(text)
            except ValueError:
                continue
            if least <= number <= most:
                return number
        return float(by_name[name])

    horizon = int(read("horizon", 1, _LONGEST))
    return lifetime.Terms(revenue_usd, read("margin", 0, 1), read("discount", 0, 1), horizon)


def _groups(results: Sequence[Result], context: Context) -> list[Group]:
    """The groups of enough memberships, the most valuable first."""
    frame, paid = results[0].frame, results[1].frame
    by = results[1].query.by[0].name
    dimension = context.dataset.dimension(by)
    found: list[Group] = []
    for value in frame[by].drop_nulls().unique().sort().to_list():
        counted = lifetime.attrition(frame.filter(pl.col(by) == value))
        if not counted.at_risk.size or counted.at_risk[0].sum() < _FEWEST:
            continue
        mine = paid.filter(pl.col(by) == value)
        months = float(mine["at_risk"].sum())
        revenue = float(mine["paid_usd"].sum()) / months if months else 0.0
        worth = lifetime.worth(counted, _terms(context, revenue))
        if worth is not None:
            label = written.value_label(value, dimension)
            found.append(Group(str(value), label, counted, revenue, worth))
    return sorted(found, key=lambda g: -g.worth.value.value)


def _paid(results: Sequence[Result], context: Context) -> list[tuple[Group, float]]:
    costs = {
        row["signup_channel"]: row[_COST]
        for row in results[2].frame.iter_rows(named=True)
        if row[_COST] and row["spend_usd"]
    }
    groups = _groups(results[:2], context)
    return [(g, float(costs[g.value])) for g in groups if g.value in costs]


def _said(groups: Sequence[Group], context: Context) -> str:
    terms = _terms(context, 0)
    values = ", ".join(
        f"{g.label} ${g.worth.value.value:,.0f} ({g.worth.value.low:,.0f} to "
        f"{g.worth.value.high:,.0f})"
        for g in groups
    )
    return (
        f"{terms.horizon} months at {terms.margin:.0%} margin, {terms.discount:.0%} a year off: "
        f"{values}. 95 % by leaving out accounts; revenue a month taken as it was."
    )
