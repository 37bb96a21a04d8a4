"""The truths table: everything planted, and what only the generator can know.

One row a fact: the table it shows in, the rows (`where`, JSON), the days (`period`) and a value.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.lake.demo.block import Made
from queries.lake.demo.drivers import drivers
from queries.lake.demo.forecasts import MODELS, NARROW
from queries.lake.demo.images import artwork_id
from queries.lake.demo.interactions import SCENE
from queries.lake.demo.licences import dear_titles
from queries.lake.demo.slots import PLAYS, POLICIES
from queries.lake.demo.truth import Truth, span
from queries.lake.demo.world import World


@dataclass
class Found:
    """What the blocks found, summed up as they come."""

    met: np.ndarray
    views: np.ndarray
    values: np.ndarray
    slots: int
    outage_plays: int

    @classmethod
    def nothing(cls, of: World) -> "Found":
        return cls(
            met=np.full(of.cells.of.shape, -1, np.int64),
            views=np.zeros(of.titles.count),
            values=np.zeros(len(POLICIES)),
            slots=0,
            outage_plays=0,
        )

    def add(self, block: Made) -> None:
        self.met = np.maximum(self.met, block.met)
        self.views += block.views
        self.values += block.values
        self.slots += block.slots
        self.outage_plays += block.outage_plays


def truths_table(of: World, found: Found, late: Sequence[Truth]) -> pl.DataFrame:
    """All facts, in a table apart; `late` are the deliveries that will be."""
    facts = [
        *_policies(found), *_playback(of, found), *_members(of), *_catalogue(of), *_trials(of),
        *_arrivals(of), *_studio(of), *late, *drivers(of),
    ]  # fmt: skip
    rows = [
        {
            "name": f.name,
            "table": f.table,
            "description": f.description,
            "value": float(f.value),
            "where": json.dumps(f.where),
            "period": f.period,
        }
        for f in facts
    ]
    return pl.DataFrame(rows)


def _policies(found: Found) -> list[Truth]:
    facts: list[Truth] = []
    for policy, total in zip(POLICIES, found.values.tolist(), strict=True):
        clicks = total / max(found.slots, 1)
        for reward, value in (("plays", clicks * PLAYS), ("clicks", clicks)):
            facts.append(
                Truth(
                    f"policy_value_{policy}_{reward}",
                    "impressions",
                    f"Expected {reward} per seen slot had {policy} chosen the titles.",
                    value,
                    {"policy": policy, "reward": reward},
                )
            )
    return facts


def _playback(of: World, found: Found) -> list[Truth]:
    plan, clock = of.plan, of.clock
    outage, slow, cut = plan.outage, plan.regression, plan.cut
    video = (of.cut_title + 1) * 100
    return [
        Truth(
            "outage", "playback",
            f"Starts over {outage.cdn} in {outage.country} fail for hours; value: failed starts.",
            found.outage_plays,
            {"country": outage.country, "cdn": outage.cdn, "outcome": "vsf"},
            span(of.clock, outage.day, outage.day + 1),
        ),
        Truth(
            "slow_version", "playback", "Factor on the startup time of a version of the app.",
            slow.startup_factor, {"device": slow.device, "app_version": slow.version},
            span(of.clock, slow.day, clock.days - 1),
        ),
        Truth(
            "bad_cut", "playback", "Share of viewers that leave an episode between two positions.",
            cut.leaving,
            {"video_id": video + cut.episode, "from_s": cut.from_s, "to_s": cut.to_s},
        ),
        Truth(
            "loved_scene", "playback", "Where in the runtime a scene is that people go back to.",
            SCENE[0], {"video_id": video + 1},
        ),
    ]  # fmt: skip


def _members(of: World) -> list[Truth]:
    plan = of.plan
    price, ad, unmet = plan.price, plan.campaign, plan.unmet
    return [
        Truth(
            "price_change", "billing_events", "Factor on leaving at renewals after a price rise.",
            price.churn_factor, {"country": price.country, "plan": price.plan},
            span(of.clock, price.day, price.day + price.felt_days - 1),
        ),
        Truth(
            "price_rise", "billing_events", "Factor on what the plan costs since then.",
            price.factor, {"country": price.country, "plan": price.plan},
            span(of.clock, price.day, of.clock.days - 1),
        ),
        Truth(
            "campaign_signups", "marketing_daily", "Sign-ups the regional campaign brought.",
            of.people.incremental, {"campaign_id": ad.campaign_id, "countries": ad.countries},
            span(of.clock, ad.first_day, ad.first_day + ad.days - 1),
        ),
        Truth(
            "campaign_inflation", "marketing_daily", "Sign-ups claimed over those brought.",
            ad.inflation, {"campaign_id": ad.campaign_id},
        ),
        Truth(
            "unmet_demand", "searches", "Share of this query in those there that lead to no play.",
            unmet.share, {"country": unmet.country, "query_norm": unmet.query},
            span(of.clock, unmet.day, of.clock.days - 1),
        ),
    ]  # fmt: skip


def _catalogue(of: World) -> list[Truth]:
    winner, image = of.images.winner_title, of.images.winner_image
    best = int(artwork_id(np.array(winner), np.array(image)))
    return [
        Truth(
            "winning_artwork", "impressions", "Factor on the click rate over the usual image.",
            of.plan.winning_lift, {"title_id": winner + 1, "artwork_id": best},
        ),
        Truth(
            "close_up_lift", "impressions", "Factor on the click rate of close-ups.",
            of.plan.close_up_lift, {"shot_type": "close_up"},
        ),
        *(
            Truth(
                f"dear_licence_{nth}", "availability",
                "Factor on the fee of a licence that ends within 60 days.",
                of.plan.dear_factor, {"title_id": int(title) + 1},
            )
            for nth, title in enumerate(dear_titles(of), 1)
        ),
    ]  # fmt: skip


def _trials(of: World) -> list[Truth]:
    return [
        Truth(
            f"experiment_{t.name}", "allocations",
            "Relative effect on how often an account comes, in the second cell.",
            t.effect,
            {"exp_id": t.exp_id, "cells": t.cells, "planned": t.planned, "actual": t.actual},
            span(of.clock, t.first_day, min(t.first_day + t.days, of.clock.days) - 1),
        )
        for t in of.plan.trials
    ]  # fmt: skip


def _arrivals(of: World) -> list[Truth]:
    lost = [
        Truth(
            "missing_day", "playback", "No event of a country arrived for a day.", 0.0,
            {"country": gap.country}, span(of.clock, gap.day, gap.day),
        )
        for gap in of.plan.missing
    ]  # fmt: skip
    return [
        *lost,
        Truth(
            "late_share", "playback", "Share of events that arrive over 24 hours late.", 0.03, {}
        ),
    ]


def _studio(of: World) -> list[Truth]:
    plan = of.plan
    return [
        Truth(
            "slow_vendor", "post_tasks", "Factor on the queue before a stage at one vendor.",
            plan.slow_factor, {"vendor": plan.slow_vendor, "stage": plan.slow_stage},
        ),
        Truth(
            "narrow_forecasts", "productions",
            "Width of a model's intervals over the width they would have to have.",
            NARROW, {"forecast_model": MODELS[0]},
        ),
    ]  # fmt: skip
