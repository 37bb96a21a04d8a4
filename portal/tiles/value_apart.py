"""Which memberships are worth more than others, and because of what: ratios to one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.figure import Layout, figure
from portal.tiles.forest import Mark, Series, forest
from portal.tiles.value_groups import ASKED, grouped, groups, reference, terms
from queries.analyses.value_apart import CALLED, Apart, pairs, surest, worths
from queries.interval import Estimate
from queries.model import Query, Result

_PARTS = (
    ("Worth", "@accent", -1.0),
    ("Paid a month", "@series-2", 0.0),
    ("Months", "@before", 1.0),
)
_TO_NAME = {"signup_channel": " sign-ups", "plan": " memberships"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueApart:
    """Each group against one: how many times it is worth, pays and stays. The last two multiply."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320, dataset="cohorts"))
    metrics: tuple[str, ...] = ASKED

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (grouped(context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a pair."""
        found, _ = _pairs(results[0], context)
        rows = [
            {"group": a.first, "against": a.other, "q": a.q}
            | _ends("worth", a.value)
            | _ends("paid_a_month", a.paid)
            | _ends("months", a.months)
            for a in found
        ]
        return (replace(results[0], frame=pl.DataFrame(rows)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found, _ = _pairs(results[0], context)
        if not found:
            return ()
        least = min(a.q for a in found)
        what = results[0].query.by[0].name
        best, horizon = surest(found), terms(context)[0].horizon
        if best is None:
            label = context.dataset.dimension(what).label.lower()
            silence = f"No {label} is shown to bring memberships worth more than another’s."
            return (Statement.unsaid(least, silence),)
        return (
            Statement(
                subject=f"{best.first}{_TO_NAME.get(what, '')}",
                verb="are worth",
                size=f"{best.value.value:.2f}× {best.other}",
                interval=f"95 % {_between(best.value)}",
                against=f"over {horizon} months",
                reason=f"{_parts(best)} The pair surest to differ, of {len(found)} compared.",
                evidence="descriptive",
                probability=least,
                is_sure=True,
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found, against = _pairs(results[0], context)
        if not against:
            return no_rows(context)
        mine = [a.turned if a.first == against else a for a in found]
        mine = sorted((a for a in mine if a.other == against), key=lambda a: -a.value.value)
        if not mine:
            return empty("no_rows", "Only one group has 200 memberships, so none can be compared.")
        is_mixed = len({a.is_called for a in mine}) > 1
        labels = [f"{a.first} (sure)" if is_mixed and a.is_called else a.first for a in mine]
        series = [
            Series(name, colour, [_mark(a, n) for a in mine], side)
            for n, (name, colour, side) in enumerate(_PARTS)
        ]
        traces, layout = forest(labels, series)
        return figure(
            traces,
            _against_one(layout, against),
            says=_says(found, terms(context)[0].horizon),
            notes=_notes(found, against),
        )


def _pairs(result: Result, context: Context) -> tuple[tuple[Apart, ...], str]:
    """Every pair of groups, by label, and the group that others are held against."""
    known = groups(result, context)
    if not known:
        return (), ""
    compared = worths([(g.label, g.counted) for g in known], terms(context)[0])
    return pairs(compared), reference(known, context)[0].label


def _mark(apart: Apart, part: int) -> Mark:
    found = (apart.value, apart.paid, apart.months)[part]
    name = ("is worth", "pays a month", "stays")[part]
    text = (
        f"{apart.first} {name} <b>{found.value:.2f}×</b> {apart.other}<br>95 % {_between(found)}, "
        f"q {apart.q:.2g}"
    )
    return Mark(found.value, found.low, found.high, found.low, found.high, text)


def _against_one(layout: Layout, against: str) -> Layout:
    line = layout["shapes"][0] | {"x0": 1, "x1": 1}
    axis = {"tickformat": ",.2~f", "ticksuffix": "×", "title": {"text": f"Times {against}"}}
    return layout | {"xaxis": layout["xaxis"] | axis, "shapes": [line]}


def _says(found: Sequence[Apart], horizon: int) -> str:
    best = surest(found)
    if best is None:
        return "None is shown to be worth more than another."
    return (
        f"{best.first} is worth {best.value.value:.2f}× {best.other} over {horizon} months "
        f"(95 % {_between(best.value)})."
    )


def _parts(best: Apart) -> str:
    return (
        f"{best.first} pays {best.paid.value:.2f}× as much a month ({_between(best.paid)}) and "
        f"stays {best.months.value:.2f}× as long ({_between(best.months)}), discounted: together "
        "they make it."
    )


def _notes(found: Sequence[Apart], against: str) -> tuple[str, ...]:
    best = surest(found)
    named = sum(a.is_called for a in found)
    tried = (
        f"{named} of {len(found)} pairs differ at a false discovery rate of {CALLED:.0%} "
        "(Benjamini-Hochberg). Margin is the same for all and cancels."
    )
    how = (
        f"Each against {against}, 95 % by leaving accounts out of both. It describes who came; "
        "whom a channel would bring next may differ."
    )
    return (tried, how) if best is None else (_parts(best), tried, how)


def _between(estimate: Estimate) -> str:
    return f"{estimate.low:.2f} to {estimate.high:.2f}"


def _ends(name: str, estimate: Estimate) -> dict[str, float]:
    return {
        f"{name}_times": estimate.value,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
    }
