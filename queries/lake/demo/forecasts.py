"""Forecasts of 91-day views as they were frozen at greenlight, and productions of past launches.

They know what one can know then: the kind, the budget and the tags. Those of the first model are
planted too narrow, those of the second are as wide as its errors were.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.appeal import TAGS, tags
from queries.lake.demo.arrow import coded
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.history import History
from queries.lake.demo.stages import LAUNCH_AFTER, planned_days
from queries.lake.demo.world import World

MODELS = ("quantiles_v0", "knn_cqr_v1")
NARROW = 0.5
_MODEL_CHANGED = -3.7 * 365
_PAST = 180
_NINE_TENTHS = 1.2815515655446004
_AHEAD = 150


@dataclass(frozen=True)
class Plans:
    """What was known of productions at greenlight; `greenlit` in days of the world."""

    is_season: np.ndarray
    budget_usd: np.ndarray
    tags: list[list[str]]
    greenlit: np.ndarray


def forecasts(of: World, past: History, plans: Plans) -> dict[str, object]:
    """The columns of frozen forecasts, from a straight line through what launches were watched."""
    titles, known = of.titles, ~np.isnan(past.level)
    everything = Plans(
        titles.is_season, titles.cost_usd, tags(titles, of.popular, of.seed), titles.release
    )
    line = _features(everything)[known]
    pull = np.diag([1e-9, 1e-9, 1e-9, *[1.0] * len(TAGS)])
    weights = np.linalg.solve(line.T @ line + pull, line.T @ past.level[known])
    free = max(len(line) - line.shape[1], 1)
    error = np.sqrt(((past.level[known] - line @ weights) ** 2).sum() / free)
    middle = _features(plans) @ weights
    is_new = plans.greenlit >= _MODEL_CHANGED
    reach = _NINE_TENTHS * error * np.where(is_new, 1.0, NARROW)
    return {
        "forecast_model": coded(is_new.astype(np.int8), MODELS),
        "fc_views91_p10": np.exp(middle - reach),
        "fc_views91_p50": np.exp(middle),
        "fc_views91_p90": np.exp(middle + reach),
    }


def past_productions(of: World, past: History, known: int) -> dict[str, object]:
    """Productions of launches before the world, as far as they are kept: no shoots, no tasks.

    `known` productions have an id already.
    """
    dice, titles = stream(of.seed, "past productions"), of.titles
    ours = past.title[titles.original[past.title]]
    title = np.sort(dice.choice(ours, min(len(ours), _PAST), replace=False))
    n, release = len(title), titles.release[title]
    called = tags(titles, of.popular, of.seed)
    launch = release - dice.integers(0, 30, n)
    due = launch - LAUNCH_AFTER
    late = np.minimum(np.round(dice.normal(2, 16, n)), LAUNCH_AFTER - 20).astype(int)
    shot = due - planned_days(titles.episodes[title])
    start = shot - np.where(titles.is_season[title], 90, 45)
    plans = Plans(
        titles.is_season[title], titles.cost_usd[title], [called[t] for t in title], start - _AHEAD
    )
    dates = of.clock.dates
    return {
        "production_id": known + np.arange(1, n + 1),
        "title_id": title + 1,
        "name": [titles.names[t] for t in title],
        "kind": coded(plans.is_season.astype(np.int8), ("film", "season")),
        "genre": coded(titles.genre[title], GENRES),
        "tags": plans.tags,
        "status": ["launched"] * n,
        "greenlit_date": dates(plans.greenlit),
        **forecasts(of, past, plans),
        "budget_usd": plans.budget_usd,
        "planned_shoot_start": dates(start),
        "planned_shoot_end": dates(shot),
        "planned_delivery": dates(due),
        "planned_launch": dates(launch),
        "shoot_start": dates(start),
        "shoot_end": dates(shot + np.maximum(late // 2, 0)),
        "delivery": dates(due + late),
        "launch": dates(release),
    }


def _features(plans: Plans) -> np.ndarray:
    """Constant, kind, log budget, a column each tag."""
    held = np.array([[tag in of for tag in TAGS] for of in plans.tags], float)
    plain = [np.ones(len(held)), plans.is_season.astype(float), np.log(plans.budget_usd)]
    return np.column_stack([*plain, held])
