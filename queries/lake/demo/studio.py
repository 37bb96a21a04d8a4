"""The studio: locations, productions with frozen forecasts, shoot days, post-production tasks."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from queries.lake.demo import names
from queries.lake.demo.appeal import TAGS, tags
from queries.lake.demo.appeal import tagged as draw_tags
from queries.lake.demo.arrow import coded, known, plain, table
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.forecasts import Plans, forecasts, past_productions
from queries.lake.demo.history import History, history, history_rows
from queries.lake.demo.post import post_table
from queries.lake.demo.shoots import Shoots, rows
from queries.lake.demo.shoots import shoots as plan_shoots
from queries.lake.demo.truth import Truth
from queries.lake.demo.world import World

STATUSES = ("development", "shooting", "post", "delivered", "launched")
_BACK_DAYS = 620


def studio_tables(of: World, views: np.ndarray) -> tuple[dict[str, pa.Table], list[Truth]]:
    """The tables, and when what is in post is delivered that will be late.

    `views` are those of each title's first 91 days, as they came about in the world.
    """
    dice = stream(of.seed, "studio")
    shoots = plan_shoots(of, dice)
    post, delivered = post_table(of, dice, shoots)
    past = history(of, views)
    made = table("productions", _productions(of, dice, (shoots, delivered, past)))
    before = table("productions", past_productions(of, past, len(shoots.title)))
    tables = {
        "locations": table("locations", _locations()),
        "launch_history": table("launch_history", history_rows(of, past)),
        "productions": pa.concat_tables([plain(made), plain(before)]),
        "production_days": table("production_days", _days(of, dice, shoots)),
        "post_tasks": table("post_tasks", post),
    }
    return tables, _late(of, shoots, delivered, made["name"].to_pylist())


def _late(
    of: World, shoots: Shoots, delivered: np.ndarray, called: Sequence[str | None]
) -> list[Truth]:
    """Of productions in post, whose days to come nobody else knows."""
    in_post = (shoots.title < 0) & (shoots.end <= of.clock.days) & (delivered > of.clock.days)
    late = delivered - shoots.planned_delivery
    return [
        Truth(
            "late_delivery", "productions", "Days from the planned delivery to the one to come.",
            float(late[i]), {"production_id": i + 1, "name": called[i]},
        )
        for i in np.flatnonzero(in_post & (late > 0)).tolist()
    ]  # fmt: skip


def _locations() -> dict[str, object]:
    places = rows()
    numbers = [[float(v) if v else np.nan for v in r[2:]] for r in places]
    rate, cap, qualifying, labour, stage, weather = np.array(numbers).T
    return {
        "location_id": np.arange(1, len(places) + 1),
        "city": [r[0] for r in places],
        "country": [r[1] for r in places],
        "incentive_rate": rate,
        "incentive_cap_usd": known(cap, ~np.isnan(cap)),
        "qualifying_share": qualifying,
        "labour_index": labour,
        "stage_day_usd": stage,
        "weather_loss_rate": weather,
    }


def _productions(
    of: World, dice: np.random.Generator, what: tuple[Shoots, np.ndarray, History]
) -> dict[str, object]:
    shoots, delivered, past = what
    now, n = of.clock.days, len(shoots.title)
    release = np.where(shoots.title >= 0, of.titles.release[shoots.title], 10**6)
    launched = release < now
    done = np.where(launched, np.minimum(delivered, release - 20), delivered)
    status = np.select(
        [shoots.start > now, shoots.end > now, done > now, ~launched], [0, 1, 2, 3], 4
    ).astype(np.int8)
    called = names.titles(stream(of.seed, "productions"), n)
    titled = [
        of.titles.names[t] if t >= 0 else called[i] for i, t in enumerate(shoots.title.tolist())
    ]
    genre = np.where(
        shoots.title >= 0, of.titles.genre[shoots.title], dice.integers(0, len(GENRES), n)
    )
    dates = of.clock.dates
    known_tags = tags(of.titles, of.popular, of.seed)
    drawn = draw_tags(stream(of.seed, "production tags").gumbel(size=(n, len(TAGS))))
    tagged = [known_tags[t] if t >= 0 else drawn[i] for i, t in enumerate(shoots.title.tolist())]
    plans = Plans(shoots.is_season, shoots.budget_usd, tagged, shoots.planned_start - 150)
    return {
        "production_id": np.arange(1, n + 1),
        "title_id": known(shoots.title + 1, shoots.title >= 0),
        "name": titled,
        "kind": coded(shoots.is_season.astype(np.int8), ("film", "season")),
        "genre": coded(genre.astype(np.int8), GENRES),
        "tags": tagged,
        "lead_location_id": shoots.location + 1,
        "status": coded(status, STATUSES),
        "greenlit_date": dates(shoots.planned_start - 150),
        **forecasts(of, past, plans),
        "comparables": _comparables(of, shoots, genre),
        "budget_usd": shoots.budget_usd,
        "pages_8ths_total": shoots.pages,
        "planned_shoot_days": shoots.shoot_days,
        "planned_shoot_start": dates(shoots.planned_start),
        "planned_shoot_end": dates(shoots.planned_end),
        "planned_delivery": dates(shoots.planned_delivery),
        "planned_launch": dates(shoots.planned_launch),
        "shoot_start": pa.array(dates(shoots.start), mask=shoots.start >= now),
        "shoot_end": pa.array(dates(shoots.end), mask=shoots.end >= now),
        "delivery": pa.array(dates(done), mask=done >= now),
        "launch": pa.array(dates(np.where(launched, release, 0)), mask=~launched),
    }


def _comparables(of: World, shoots: Shoots, genre: np.ndarray) -> list[list[int]]:
    """Five well-known titles of the same kind and genre, older than the production."""
    best = np.argsort(-of.popular.share, kind="stable")
    lists = []
    for season, kind in zip(shoots.is_season.tolist(), genre.tolist(), strict=True):
        same = (of.titles.is_season[best] == season) & (of.titles.genre[best] == kind)
        lists.append((best[same & (of.titles.release[best] < -91)][:5] + 1).tolist())  # noqa: PLR2004
    return lists


def _shot_by(of: World, dice: np.random.Generator, shoots: Shoots) -> tuple[np.ndarray, ...]:
    """Production, which day of its shoot, date and unit of each row, in the order of dates."""
    production = np.repeat(np.arange(len(shoots.title)), shoots.actual_days)
    nth = np.arange(len(production)) - np.repeat(
        np.cumsum(shoots.actual_days) - shoots.actual_days, shoots.actual_days
    )
    day = shoots.start[production] + nth // 5 * 7 + nth % 5
    second = dice.random(len(day)) < 0.18  # noqa: PLR2004 - days with a second unit
    both = np.concatenate([np.arange(len(day)), np.flatnonzero(second)])
    unit = np.concatenate([np.zeros(len(day), np.int8), np.ones(int(second.sum()), np.int8)])
    keep = (day[both] < of.clock.days) & (day[both] > -_BACK_DAYS - 400)
    both, unit = both[keep], unit[keep]
    order = np.argsort(day[both], kind="stable")
    both, unit = both[order], unit[order]
    return production[both], nth[both], day[both], unit


def _days(of: World, dice: np.random.Generator, shoots: Shoots) -> dict[str, object]:
    """Main unit every shoot day, a second unit on some; nothing of the future."""
    p, k, day, unit = _shot_by(of, dice, shoots)
    n = len(p)
    places = rows()
    labour = np.array([float(r[5]) for r in places])[shoots.location[p]]
    rain = dice.random(n) < np.array([float(r[7]) for r in places])[shoots.location[p]]
    planned_pages = np.where(
        k < shoots.shoot_days[p], shoots.pages[p] / shoots.shoot_days[p], 0
    ) * (unit == 0)
    shot = (
        shoots.pages[p]
        / shoots.actual_days[p]
        * np.exp(dice.normal(0, 0.2, n))
        * np.where(rain, 0.6, 1)
    )
    crew = np.where(unit == 0, dice.integers(85, 140, n), dice.integers(18, 40, n))
    cost = shoots.budget_usd[p] * 0.55 / shoots.shoot_days[p] * np.where(unit == 0, 1, 0.16)
    overtime = np.maximum(0, dice.normal(0.8, 0.9, n) + 1.5 * rain)
    return {
        "production_id": p + 1,
        "shoot_date": of.clock.dates(day),
        "unit": coded(unit, ("main", "second")),
        "location_id": shoots.location[p] + 1,
        "planned_pages_8ths": np.round(planned_pages).astype(np.int32),
        "shot_pages_8ths": np.round(np.where(unit == 0, shot, shot * 0.1)).astype(np.int32),
        "setups_n": dice.integers(12, 32, n),
        "crew_n": crew,
        "crew_h": crew * 10.0,
        "overtime_h": np.round(overtime * crew, 1),
        "weather_delay_h": np.where(rain, np.round(dice.gamma(2, 1.4, n), 1), 0.0),
        "planned_cost_usd": np.round(np.where(k < shoots.shoot_days[p], cost, 0), 2),
        "cost_usd": np.round(
            cost
            * (0.45 + 0.55 * labour)
            * np.exp(dice.normal(0.06, 0.13, n))
            * (1 + 0.04 * overtime),
            2,
        ),
    }
