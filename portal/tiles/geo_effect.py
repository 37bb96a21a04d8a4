"""What a campaign caused, in a sentence, with what it rests on.

What is claimed on top of the page is always what was registered: a choice of regions, days and
outcome made by hand is drawn here, beside it, and stated nowhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.statement import Statement
from portal.tiles import geo_experiment as shared
from portal.tiles.experiment import p_value
from portal.tiles.geo_experiment import Reading
from queries.analyses.geo_experiment import Brought, brought, cost, weekly
from queries.analyses.geo_outcome import Outcome
from queries.estimators.geo_difference import assignments
from queries.model import Query, Result

_MANY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoEffect:
    """Of the newest campaign in view that held regions out."""

    place: Place = field(
        default_factory=lambda: Place(span=7, height=260, dataset="campaign_regions")
    )
    metrics: tuple[str, ...] = ("signups", "spend", "attributed_signups")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return shared.following(results, context)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = shared.chosen(results, context)
        if found is None or not found.has_enough:
            return ()
        effect = brought(found)
        signups = effect.signups
        around = f"95 % {shared.count(signups.low)} to {shared.count(signups.high)}"
        if not (signups.low > 0 or signups.high < 0):
            silence = (
                f"{found.campaign}: {shared.count(signups.value)} sign-ups more than without it "
                f"({around}), which cannot exclude zero."
            )
            return (Statement.unsaid(effect.p, silence),)
        one = cost(found.spend, signups)
        return (
            Statement(
                subject=found.campaign,
                verb="brought" if signups.value > 0 else "cost",
                size=f"{shared.count(abs(signups.value))} sign-ups",
                interval=around,
                reason=f"Channels claim {shared.count(found.attributed)}. One cost "
                f"{shared.price(one.value, context)} ({shared.costs(one, context)}).",
                evidence="quasi-experiment",
                probability=effect.p,
                is_sure=True,
                tone="good" if signups.value > 0 else "bad",
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        read = shared.reading(results, context)
        instead = shared.withheld(read.experiment if read else None)
        if read is None or instead is not None:
            return instead or shared.NO_HOLDOUT
        effect = brought(read.experiment)
        word, tone = _word(effect, read.outcome)
        content = {
            "word": word,
            "tone": tone,
            "sentence": _sentence(read, effect, context),
            "reasons": [*_by_hand(read), *_reasons(read, effect, context)],
            "kind": "quasi-experiment",
        }
        return Drawing(kind="verdict", content=content, notes=(shared.days(read.experiment),))


def _word(effect: Brought, outcome: Outcome) -> tuple[str, str]:
    size = shared.count(abs(effect.signups.value))
    if effect.signups.low > 0:
        return f"{size} {outcome.noun} brought", "good"
    if effect.signups.high < 0:
        return f"It cost {size} {outcome.noun}", "bad"
    return "Not shown to work", "flat"


def _sentence(read: Reading, effect: Brought, context: Context) -> str:
    found, signups = read.experiment, effect.signups
    one = cost(found.spend, signups)
    around = f"95 % {shared.count(signups.low)} to {shared.count(signups.high)}"
    said = f"{shared.count(signups.value)} {read.outcome.noun} more than without it ({around})"
    if signups.low > 0:
        price = shared.price(one.value, context)
        costs = shared.costs(one, context)
        return f"{found.campaign}: {said}. One {read.outcome.one} cost {price} ({costs})."
    excluded = "" if signups.high < 0 else ", which cannot exclude zero"
    return (
        f"{found.campaign}: {said}{excluded}. The cost of one {read.outcome.one} is "
        f"{shared.costs(one, context)}: do not scale it on what it claims."
    )


def _by_hand(read: Reading) -> Iterator[dict[str, Any]]:
    """That a choice is not what was registered, and what that says."""
    if read.is_registered:
        return
    registered = brought(read.registered)
    signups = registered.signups
    yield {
        "text": f"Chosen by hand: {shared.by_hand(read)}. It is not the set that was registered, "
        "so its p counts for less; read it as a check of whether the result holds.",
        "tone": "bad",
    }
    yield {
        "text": f"As registered: {shared.count(signups.value)} sign-ups (95 % "
        f"{shared.count(signups.low)} to {shared.count(signups.high)}), "
        f"p {p_value(registered.p)}.",
        "tone": "flat",
    }


def _reasons(read: Reading, effect: Brought, context: Context) -> Iterator[dict[str, Any]]:
    found = read.experiment
    treated, ways = int(found.treated.sum()), assignments(found.seen)
    among = f"among {ways:,.0f} ways to draw them".replace(",", "\u2009")
    yield {
        "text": f"{treated} regions had it, {len(found.treated) - treated} were held out; "
        f"permutation p {p_value(effect.p)}, {among if ways < _MANY else 'by re-drawing which'}.",
        "tone": "good" if effect.p < 0.05 else "flat",  # noqa: PLR2004
    }
    claimed = shared.price(found.spend / found.attributed, context) if found.attributed else "–"
    yield {
        "text": f"Channels claim {shared.count(found.attributed)} sign-ups, at {claimed} each, for "
        f"{shared.price(found.spend, context)} spent.",
        "tone": "flat",
    }
    weeks = weekly(found)
    before = weeks.filter(pl.col("week") < 0)
    out = before.filter(~pl.col("difference").is_between("low", "high")).height
    apart = "in none" if not out else f"in {out}"
    yield {
        "text": f"Treated and held-out regions differed beyond chance {apart} of the "
        f"{before.height} weeks before.",
        "tone": "bad" if out > 1 else "flat" if out else "good",
    }
