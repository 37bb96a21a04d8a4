"""What a campaign returned: the cost of a sign-up, the return on spend and the payback."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import geo_experiment
from portal.tiles.headline import number
from queries.dataset import TimeBucket
from queries.model import Query, Result
from queries.period import Grain


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOutcome:
    """Of the newest campaign in view that held regions out, whatever the period."""

    place: Place = field(
        default_factory=lambda: Place(span=12, height=150, dataset="campaign_outcomes")
    )
    metrics: tuple[str, ...] = ("incremental_cost_usd", "return_on_spend", "payback_months")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (question(context, self.metrics),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        row = newest(results[0].frame, context.view.option(geo_experiment.HOLDOUT))
        if row is None:
            return geo_experiment.NO_HOLDOUT
        if row["return_on_spend"] is None:
            return geo_experiment.TOO_FEW
        metrics = results[0].query.metrics
        scores = [
            number(row, metric, replace(context, targets=()))
            | {"label": metric.label, "description": metric.description}
            for metric in metrics
        ]
        return Drawing(
            kind="scores",
            content={"scores": scores},
            notes=(*_notes(row, results[0]), *_chosen(context)),
        )


def question(context: Context, metrics: Sequence[str]) -> Query:
    """By campaign and the day it ended, over all days."""
    day = TimeBucket(context.dataset.time, Grain.DAY)
    return replace(
        context.question(metrics, by=("campaign", day)),
        period=None,
        compare=None,
        with_total=False,
    )


def newest(frame: pl.DataFrame, asked: str = "") -> dict[str, Any] | None:
    """The row of the campaign asked for, or that ended last; None where none held regions out."""
    known = frame.drop_nulls(["campaign", "ended"]).sort("ended", "campaign")
    named = known.filter(pl.col("campaign") == asked)
    known = named if named.height else known
    return known.row(-1, named=True) if known.height else None


def _chosen(context: Context) -> tuple[str, ...]:
    others = (n for n in geo_experiment.NAMES if n != geo_experiment.HOLDOUT)
    if not any(context.view.option(name) for name in others):
        return ()
    return ("As registered: all regions and days, by sign-ups, whatever is chosen above.",)


def _notes(row: dict[str, Any], result: Result) -> tuple[str, ...]:
    by_name = {m.name: dict(m.defaults) for m in result.query.metrics}
    terms = by_name["return_on_spend"]
    longest = by_name["payback_months"]["horizon"]
    said = (
        f"{row['campaign']}, ended {written.day(row['ended'])}. Return over {terms['horizon']} "
        f"months, payback within {longest}, at {float(terms['margin']):.0%} margin, "
        f"{float(terms['discount']):.0%} a year off."
    )
    unknown: list[str] = []
    if row["incremental_cost_usd"] is None:
        unknown.append("No cost: it cannot be excluded that the campaign brought nothing.")
    if row["payback_months"] is None:
        unknown.append(f"Not paid back within {longest} months.")
    elif row["payback_months__low"] is None or row["payback_months__high"] is None:
        unknown.append(f"It cannot be excluded that it takes more than {longest} months.")
    return (said, *unknown)
