"""What a campaign caused, in a sentence, with what it rests on."""

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
from queries.analyses.geo_experiment import Brought, GeoExperiment, brought, cost, weekly
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoEffect:
    """Of the newest campaign in view that held regions out."""

    place: Place = field(
        default_factory=lambda: Place(span=7, height=260, dataset="campaign_regions")
    )
    metrics: tuple[str, ...] = ("signups", "spend", "attributed_signups")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = shared.chosen(results)
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
        found = shared.chosen(results)
        instead = shared.withheld(found)
        if found is None or instead is not None:
            return instead or shared.NO_HOLDOUT
        effect = brought(found)
        word, tone = _word(effect)
        content = {
            "word": word,
            "tone": tone,
            "sentence": _sentence(found, effect, context),
            "reasons": [*_reasons(found, effect, context)],
            "kind": "quasi-experiment",
        }
        return Drawing(kind="verdict", content=content, notes=(shared.days(found),))


def _word(effect: Brought) -> tuple[str, str]:
    if effect.signups.low > 0:
        return f"{shared.count(effect.signups.value)} sign-ups brought", "good"
    if effect.signups.high <= 0:
        return "It brought none", "bad"
    return "Not shown to work", "flat"


def _sentence(found: GeoExperiment, effect: Brought, context: Context) -> str:
    signups, one = effect.signups, cost(found.spend, effect.signups)
    around = f"95 % {shared.count(signups.low)} to {shared.count(signups.high)}"
    said = f"{shared.count(signups.value)} sign-ups more than without it ({around})"
    if signups.low > 0:
        price = shared.price(one.value, context)
        return f"{found.campaign}: {said}. One cost {price} ({shared.costs(one, context)})."
    return (
        f"{found.campaign}: {said}, which cannot exclude zero. The cost of one is "
        f"{shared.costs(one, context)}: do not scale it on what it claims."
    )


def _reasons(found: GeoExperiment, effect: Brought, context: Context) -> Iterator[dict[str, Any]]:
    p = p_value(effect.p)
    treated = int(found.treated.sum())
    yield {
        "text": f"{treated} regions had it, {len(found.treated) - treated} were held out; "
        f"permutation p {p}, by re-drawing which.",
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
        "tone": "bad" if out > 1 else "good",
    }
