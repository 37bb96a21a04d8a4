"""Filming here or there: what a script costs at two locations, how surely, and what drives it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.inputs import Field
from portal.tiles.rankers import scope
from portal.view import View
from queries.analyses import filming
from queries.formula import Array
from queries.model import Query, Result

OPTIONS = ("a", "b", "script_genre", "script_kind", "cap")
_NUMBERS = (
    Field(name="pages", label="Pages", low=1, high=5_000),
    Field(name="budget", label="Budget", unit="US$", low=1e4, high=1e10),
    Field(name="days", label="Shoot days", low=1, high=1_000),
    Field(name="stage_days", label="Stage days", low=0, high=1_000),
    Field(name="crew", label="Crew a day", low=1, high=5_000),
    Field(name="wage", label="Day wage", unit="US$", low=10, high=10_000),
)
_TERMS = (
    Field(name="rate", label="Incentive", unit="share", low=0, high=1),
    Field(name="exchange", label="Exchange", unit="× today", low=0.2, high=5),
)
NUMBERS = (*(f.name for f in _NUMBERS), *(f"{f.name}_{s}" for f in _TERMS for s in "ab"))
_WAGE = 450.0
_HALF, _DOUBT = 0.5, 0.025
_WEEK_DAYS = 5
NOT_ENOUGH = empty(
    "no_rows",
    f"Fewer than {filming.FEWEST_PRODUCTIONS} finished productions.",
    "A projection from so few would only look like one.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The view read against the past: the script, two places and what they ask."""

    cities: tuple[str, str]
    script: filming.Script
    terms: tuple[filming.Terms, filming.Terms]
    rates: tuple[filming.Rates, filming.Rates]
    usual: Mapping[str, str]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmingTile:
    """What all tiles of the planner ask."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320))
    metrics: tuple[str, ...] = ("cost_per_page", "net_cost_per_page")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (filming.question(scope(context)),)


class FilmingInputs(FilmingTile):
    """The script, the places, and what one supposes of them."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        past = filming.finished(results[0].frame)
        plan = read_plan(past, context)
        if plan is None:
            return NOT_ENOUGH
        cities = [(c, c) for c in sorted(past["city"].unique().to_list())]
        groups: list[dict[str, Any]] = []
        for side, city in zip("ab", plan.cities, strict=True):
            picked = Field(name=side, label="Location", choices=tuple(cities))
            fields = [picked.content(context.view, city)]
            for one in _TERMS:
                named = Field(name=f"{one.name}_{side}", label=one.label, unit=one.unit)
                fields.append(named.content(context.view, plan.usual[named.name]))
            groups.append({"label": f"Place {side.upper()}", "fields": fields})
        script = [
            Field(name=f"script_{c}", label=c.capitalize(), choices=_choices(past, c)).content(
                context.view, getattr(plan.script, c)
            )
            for c in ("genre", "kind")
        ]
        script += [f.content(context.view, plan.usual[f.name]) for f in _NUMBERS]
        cap = Field(name="cap", label="Caps", choices=(("", "as they are"), ("off", "lifted")))
        groups.append({"label": "The script", "fields": [*script, cap.content(context.view)]})
        return Drawing(kind="inputs", content={"groups": groups}, notes=plan.said)


class FilmingContest(FilmingTile):
    """Ridges of the net cost at both places, with P(A cheaper)."""

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        projection = filming.project(results[0].frame)
        plan = read_plan(filming.finished(results[0].frame), context)
        few = NOT_ENOUGH if projection is None or plan is None else few_here(projection, plan)
        if projection is None or plan is None or few is not None:
            why = written.lowered(str((few or NOT_ENOUGH).content["message"]))
            return (Statement.untried(f"Nothing can be compared here: {why}"),)
        (a, b), usd = plan.cities, context.metric("cost_usd")
        found = filming.contest(projection, plan.script, ((a, plan.terms[0]), (b, plan.terms[1])))
        cheaper, said, saved = _cheaper(found, plan.cities)
        low, middle, high = (written.number(v, usd) for v in saved)
        likely = found.first_is_cheaper
        around = f"{middle} (80 % {low} to {high})"
        if min(likely, 1 - likely) > _DOUBT:
            silence = f"Neither place is cheaper beyond doubt: {said}; it saves {around}."
            return (Statement.unsaid(2 * min(likely, 1 - likely), silence),)
        return (
            Statement(
                subject=f"{said}:",
                verb=f"filming in {cheaper} is expected to save",
                size=middle,
                interval=f"80 % {low} to {high}",
                reason=f"By {projection.past.height} finished productions, for the script below.",
                evidence="forecast",
                probability=2 * min(likely, 1 - likely),
                is_sure=True,
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = results[0].frame
        projection = filming.project(frame)
        plan = read_plan(filming.finished(frame), context)
        if projection is None or plan is None:
            return NOT_ENOUGH
        if few := few_here(projection, plan):
            return few
        (a, b), usd = plan.cities, context.metric("cost_usd")
        found = filming.contest(projection, plan.script, ((a, plan.terms[0]), (b, plan.terms[1])))
        _, said, saved = _cheaper(found, plan.cities)
        low, middle, high = (written.number(v, usd) for v in saved)
        curves = [_density(costs, projection.past.height) for costs in found.costs]
        tallest = max(float(likely.max()) for _, likely in curves)
        traces = [
            _ridge(at, base + 0.95 * likely / tallest, base, f"{side} {city}", colour)
            for (at, likely), base, side, city, colour in zip(
                curves, (1.0, 0.0), "AB", (a, b), ("@accent", "@series-3"), strict=True
            )
        ]
        layout: Layout = {
            "xaxis": {"tickformat": "$,.2~s", "title": {"text": "Net cost of the shoot"}},
            "yaxis": {"tickvals": [0, 1], "ticktext": [f"B {b}", f"A {a}"], "range": [-0.05, 2.1]},
            "hovermode": "closest",
        }  # fmt: skip
        counts = f"{projection.here(a)} were shot in {a}, {projection.here(b)} in {b}"
        notes = [
            "The saving is the middle of the draws: a forecast, no effect of a place.",
            *(_projected(projection, plan, i, context) for i in (0, 1)),
            (
                f"From {projection.past.height} finished productions; {counts}. Errors of the two "
                "places are drawn apart, so the probability is nearer to a half than if they moved "
                "together."
            ),
        ]
        says = f"{said}; it saves {middle} (80 % {low} to {high})."
        return figure(traces, layout, says=says, notes=notes)


class FilmingDrivers(FilmingTile):
    """What makes the difference by the rates of the places, driver by driver."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(filming.finished(results[0].frame), context)
        if plan is None:
            return NOT_ENOUGH
        a, b = plan.rates
        swings = filming.drivers(a, b)[::-1]
        usd = context.metric("cost_usd")
        trace: Trace = {
            "type": "bar",
            "orientation": "h",
            "x": [s.contribution for s in swings],
            "y": [s.driver.capitalize() for s in swings],
            "marker": {"color": ["@good" if s.contribution > 0 else "@bad" for s in swings]},
            "hovertemplate": "%{y}: <b>%{x:$,.3~s}</b><extra></extra>",
        }
        layout: Layout = {
            "xaxis": {"tickformat": "$,.2~s", "zeroline": True, "showgrid": True,
                      "title": {"text": f"What {plan.cities[0]} saves against {plan.cities[1]}"}},
            "yaxis": {"type": "category", "dtick": 1},
            "hovermode": "closest",
        }  # fmt: skip
        costs = [
            f"{city}: labour {written.number(r.labour_usd, usd)} + stage "
            f"{written.number(r.stage_usd, usd)} − incentive "
            f"{written.number(r.incentive_usd, usd)} = {written.number(r.net_usd, usd)} net, "
            f"{r.shoot_days:.1f} days with weather."
            for city, r in zip(plan.cities, plan.rates, strict=True)
        ]
        saved = b.net_usd - a.net_usd
        first, second = plan.cities if saved >= 0 else plan.cities[::-1]
        less = written.number(abs(saved), usd)
        says = f"By rates alone {first} is cheaper than {second} by {less}."
        told = (
            "Labour and stage by their rates only, so without an interval. Past productions, to be "
            "seen beside this, count every cost and may point the other way."
        )
        return figure([trace], layout, says=says, notes=[*costs, told])


def few_here(projection: filming.Projection, plan: Plan) -> Drawing | None:
    """Why two places cannot be held against each other, or None."""
    few = [c for c in plan.cities if projection.here(c) < filming.FEWEST_HERE]
    if not few:
        return None
    return empty(
        "no_rows",
        f"Fewer than {filming.FEWEST_HERE} of our productions were shot in {' and in '.join(few)}.",
        "Choose another location, or go by the rates beside.",
    )


def _choices(past: pl.DataFrame, column: str) -> tuple[tuple[str, str], ...]:
    return tuple((v, v.capitalize()) for v in sorted(past[column].unique().to_list()))


def _projected(projection: filming.Projection, plan: Plan, side: int, context: Context) -> str:
    usd, city = context.metric("cost_usd"), plan.cities[side]
    low, high = projection.interval(plan.script, city)
    ends = np.array([projection.cost_per_page(plan.script, city), low, high]) * plan.script.pages
    middle, least, most = (
        written.number(float(v) / plan.script.pages, usd) for v in plan.terms[side].net(ends)
    )
    return f"{city}: {middle} a page net of the incentive (80 % {least} to {most})."


def _density(costs: Array, past: int) -> tuple[Array, Array]:
    """A Gaussian kernel density of the draws; Silverman's width, of so many past productions."""
    spread = float(np.std(costs)) or 1.0
    low, high = np.quantile(costs, (0.005, 0.995)) + np.array([-1, 1]) * spread
    counts, edges = np.histogram(costs, bins=240, range=(low, high), density=True)
    middles = (edges[1:] + edges[:-1]) / 2
    width = 0.9 * spread * past**-0.2
    kernel = np.exp(-0.5 * ((middles[:, None] - middles[None, :]) / width) ** 2)
    return middles, kernel @ counts / kernel.sum(axis=1).max()


def _ridge(at: Array, heights: Array, base: float, name: str, colour: str) -> Trace:
    """A density standing on its base, so that two that are alike do not hide one another."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [float(f"{v:.5g}") for v in (at[0], *at, at[-1])],
        "y": [base, *(float(f"{v:.4g}") for v in heights), base],
        "fill": "toself",
        "hoveron": "points",
        "fillcolor": f"{colour}/0.15",
        "line": {"color": colour, "width": 2},
        "hovertemplate": "%{fullData.name}: %{x:$,.3~s}<extra></extra>",
    }


def read_plan(past: pl.DataFrame, context: Context) -> Plan | None:
    """The view read against finished productions; None where there is too little to learn from."""
    if past.height < filming.FEWEST_PRODUCTIONS:
        return None
    view = context.view
    counted = past.group_by("city").len().sort(["len", "city"], descending=[True, False])
    ranked = counted["city"].to_list()
    if len(ranked) < 2:  # noqa: PLR2004 - two places
        return None
    (a, b), said = places(ranked, view)
    usual = _usual(past)
    numbers: dict[str, float] = {}
    for one in _NUMBERS:
        numbers[one.name], problem = one.number(view, usual[one.name])
        said += [problem] if problem else []
    picked = {
        c: view.option(f"script_{c}")
        if view.option(f"script_{c}") in past[c]
        else str(past[c].mode().sort()[0])
        for c in ("genre", "kind")
    }
    script = filming.Script(picked["genre"], picked["kind"], numbers["pages"], numbers["budget"])
    said += [
        f"No finished production has the {c} “{view.option(f'script_{c}')}”; {picked[c]} is taken."
        for c in picked
        if view.option(f"script_{c}") not in ("", picked[c])
    ]
    if view.option("cap") not in ("", "off"):
        said.append(f"Caps cannot be “{view.option('cap')}”: they are taken as they are.")
    texts = {name: f"{value:,.0f}" for name, value in usual.items()}
    sides = [_side(past, context, s, c) for s, c in (("a", a), ("b", b))]
    wages = [_wage(past, c, numbers["wage"]) for c in (a, b)]
    for _, found, problems in sides:
        texts |= found
        said += problems
    rates = [
        filming.Rates(
            days=numbers["days"], stage_days=numbers["stage_days"], crew=numbers["crew"],
            day_wage_usd=1.0, labour=wage, stage_day_usd=_of(past, city, "stage_day_usd"),
            weather=_of(past, city, "weather_loss_rate"), terms=terms,
        )
        for (wage, _), city, (terms, _, _) in zip(wages, (a, b), sides, strict=True)
    ]  # fmt: skip
    said += [text for _, text in wages]
    return Plan(
        (a, b), script, (sides[0][0], sides[1][0]), (rates[0], rates[1]), texts, tuple(said)
    )


def places(ranked: Sequence[str], view: View) -> tuple[tuple[str, str], list[str]]:
    """The two places of the view, else those of most productions; and what cannot be taken."""
    asked = (view.option("a"), view.option("b"))
    a = asked[0] if asked[0] in ranked else next(c for c in ranked if c != asked[1])
    b = asked[1] if asked[1] in ranked and asked[1] != a else next(c for c in ranked if c != a)
    said = [
        f"No finished production was shot in {wanted}; {city} is shown."
        for wanted, city in zip(asked, (a, b), strict=True)
        if wanted not in ("", *ranked)
    ]
    same = [f"A place cannot be held against itself; {b} is shown."] if asked[1] == a else []
    return (a, b), [*said, *same]


def _usual(past: pl.DataFrame) -> dict[str, float]:
    """Medians of the past; a fifth of the days on a stage where nobody says."""
    days = float(past["shoot_days"].median() or 1)  # type: ignore[arg-type]
    named = {"pages": "script_pages", "budget": "budget_usd", "crew": "crew_size"}
    found = {n: float(past[c].median() or 1) for n, c in named.items()}  # type: ignore[arg-type]
    return {**found, "days": days, "stage_days": round(days / 5), "wage": _reference(past) or _WAGE}


def _reference(past: pl.DataFrame) -> float | None:
    """A day's wage where the labour index is 1, if wages of that place are published."""
    there = past.filter(pl.col("labour_index") == 1).drop_nulls("weekly_wage_usd")
    return None if there.is_empty() else float(there["weekly_wage_usd"][0]) / _WEEK_DAYS


def _cheaper(
    found: filming.Contest, cities: tuple[str, str]
) -> tuple[str, str, tuple[float, float, float]]:
    """The place that is likelier cheaper, that in words, and what it saves."""
    (a, b), likely = cities, found.first_is_cheaper
    low, middle, high = found.saved()
    if likely < _HALF:
        a, b, likely = b, a, 1 - likely
        low, middle, high = -high, -middle, -low
    return a, f"{a} is cheaper than {b} with probability {likely:.2f}", (low, middle, high)


def _of(past: pl.DataFrame, city: str, column: str, missing: float = 0.0) -> float:
    value = past.filter(pl.col("city") == city)[column][0]
    return missing if value is None else float(value)


def _wage(past: pl.DataFrame, city: str, base: float) -> tuple[float, str]:
    """A crew day's wage at a place, and where it comes from."""
    row = past.filter(pl.col("city") == city).row(0, named=True)
    if row["weekly_wage_usd"] is not None:
        wage = float(row["weekly_wage_usd"]) / _WEEK_DAYS
        return wage, (
            f"Labour in {city}: ${written.grouped(wage)} a day, BLS wages of "
            f"{row['wage_area']} up to the quarter of {row['wage_quarter']}."
        )
    wage = base * float(row["labour_index"])
    index = f"labour index {row['labour_index']:.2f}"
    return (
        wage,
        (
            f"Labour in {city}: ${written.grouped(wage)} a day, {index} of the location table "
            f"× ${written.grouped(base)}."
        ),
    )


def _side(
    past: pl.DataFrame, context: Context, side: str, city: str
) -> tuple[filming.Terms, dict[str, str], list[str]]:
    usual = {"rate": _of(past, city, "incentive_rate"), "exchange": 1.0}
    values: dict[str, float] = {}
    said: list[str] = []
    for one in _TERMS:
        named = Field(name=f"{one.name}_{side}", label=one.label, low=one.low, high=one.high)
        values[one.name], problem = named.number(context.view, usual[one.name])
        said += [problem] if problem else []
    cap = _of(past, city, "incentive_cap_usd", math.inf)
    cap = math.inf if context.view.option("cap") == "off" else cap
    share = _of(past, city, "qualifying_share")
    terms = filming.Terms(values["rate"], share, cap, values["exchange"])
    return terms, {f"{n}_{side}": f"{v:g}" for n, v in usual.items()}, said
