"""What the tiles of a membership's value share: their options, and the groups they compare."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.options import Option, controls
from portal.tiles.rankers import scope
from queries.analyses import lifetime
from queries.errors import InvalidQuery
from queries.estimators.shifted_beta_geometric import SETTINGS, Terms
from queries.model import Query, Result

VALUE = "membership_value_usd"
ASKED = (VALUE, "at_risk", "leaving", "revenue_a_month_usd")
AGAINST = "against"
OPTIONS = (
    Option(
        name="by",
        label="By",
        choices=(("signup_channel", "Sign-up channel"), ("plan", "Plan")),
        clears=(AGAINST,),
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
NAMES = (*(option.name for option in OPTIONS), AGAINST)
_FEWEST = 200
_BY = tuple(name for name, _ in OPTIONS[0].choices)


@dataclass(frozen=True, slots=True)
class Group:
    """One value of the dimension, with who was counted month by month."""

    value: str
    label: str
    counted: lifetime.Attrition

    @property
    def memberships(self) -> float:
        """Those who were followed through their first month."""
        return float(self.counted.at_risk[0].sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOptions:
    """Controls of what is compared, and over which terms; what cannot be taken is said."""

    place: Place = field(
        default_factory=lambda: Place(span=12, height=44, dataset="cohorts", is_bare=True)
    )
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (grouped(context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = groups(results[0], context)
        _, said = terms(context)
        options = [*OPTIONS]
        if len(found) > 1:
            against, unknown = reference(found, context)
            rest = [g for g in found if g is not against]
            names = tuple((g.value, g.label) for g in (against, *rest))
            options.append(Option(name=AGAINST, label="Against", choices=names))
            said = (*said, *unknown)
        by = context.view.option("by")
        if by and by not in _BY:
            said = (f"“{by}” is nothing to compare by: {' or '.join(_BY)} is.", *said)
        return controls(options, context, " ".join(said))


def question(context: Context, by: Sequence[str]) -> Query:
    """Of all memberships since the first, whatever the period."""
    return lifetime.attrition_question(replace(scope(context), period=None), by)


def grouped(context: Context) -> Query:
    """By what the view compares; every tile asks it, so they share one answer."""
    by = context.view.option("by")
    return question(context, (by if by in _BY else _BY[0],))


def terms(context: Context) -> tuple[Terms, tuple[str, ...]]:
    """The terms of the view, with why a setting that it gives cannot be taken.

    The metric's own default is taken instead.
    """
    usual = dict(context.metric(VALUE).defaults)
    found: dict[str, float] = {}
    said: list[str] = []
    for setting in SETTINGS:
        text = context.view.option(setting.name)
        found[setting.name] = setting.read(usual[setting.name])
        if text:
            try:
                found[setting.name] = setting.read(text)
            except InvalidQuery as error:
                said.append(f"{error.message} {error.hint} {usual[setting.name]} is taken.")
    return Terms.of(found), tuple(said)


def groups(result: Result, context: Context) -> list[Group]:
    """The groups of enough memberships, the largest first."""
    frame, by = result.frame, result.query.by[0].name
    dimension = context.dataset.dimension(by)
    found: list[Group] = []
    for value in frame[by].drop_nulls().unique().sort().to_list():
        counted = lifetime.attrition(frame.filter(pl.col(by) == value))
        if counted.at_risk.size and counted.at_risk[0].sum() >= _FEWEST:
            found.append(Group(str(value), written.value_label(value, dimension), counted))
    return sorted(found, key=lambda g: -g.memberships)


def reference(found: Sequence[Group], context: Context) -> tuple[Group, tuple[str, ...]]:
    """The group that others are held against: the view's, else the largest.

    With why the one that the view names cannot be.
    """
    asked = context.view.option(AGAINST)
    known = next((g for g in found if g.value == asked), None)
    if known is not None or not asked:
        return known or found[0], ()
    said = f"“{asked}” has no {_FEWEST} memberships in view; {found[0].label} is taken."
    return found[0], (said,)


def said_terms(known: Terms) -> str:
    """The terms that a value is over, in words."""
    return f"{known.horizon} months at {known.margin:.0%} margin, {known.discount:.0%} a year off"
