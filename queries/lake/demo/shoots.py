"""Filming locations, and plans and progress of productions at them."""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.stages import LAUNCH_AFTER, planned_days
from queries.lake.demo.world import World

# city | country | incentive | cap | qualifying | labour | stage day | weather loss
_LOCATIONS = """
Atlanta|US|.30||.75|1.0|22000|.04
Albuquerque|US|.25||.80|.90|17000|.02
Los Angeles|US|.20|3e7|.70|1.18|31000|.01
Vancouver|CA|.28||.60|.92|21000|.09
Toronto|CA|.25||.65|.95|20000|.06
London|GB|.255||.80|1.05|26000|.06
Belfast|GB|.255||.80|.86|17500|.09
Dublin|IE|.32|1.25e8|.80|.96|19000|.08
Budapest|HU|.30||.85|.62|15000|.05
Prague|CZ|.25|6e6|.80|.64|14500|.06
Madrid|ES|.30|2.2e7|.80|.70|14000|.03
Rome|IT|.40|2e7|.75|.74|15500|.03
Bogota|CO|.40|8e6|.85|.46|9500|.07
Mexico City|MX|.15|2.3e6|.80|.48|11000|.05
Cape Town|ZA|.25|1.4e6|.85|.50|10500|.04
Seoul|KR|.25|9e5|.80|.78|16500|.06
Sydney|AU|.30||.85|1.02|21500|.04
"""


def rows() -> list[list[str]]:
    return [str(line).split("|") for line in _LOCATIONS.strip().splitlines()]


@dataclass(frozen=True)
class Shoots:
    """Plans and progress of productions, in days of the world; the future is in them too."""

    title: np.ndarray
    is_season: np.ndarray
    episodes: np.ndarray
    location: np.ndarray
    budget_usd: np.ndarray
    shoot_days: np.ndarray
    actual_days: np.ndarray
    planned_start: np.ndarray
    start: np.ndarray
    planned_end: np.ndarray
    end: np.ndarray
    planned_delivery: np.ndarray
    planned_launch: np.ndarray
    pages: np.ndarray


def shoots(of: World, dice: np.random.Generator) -> Shoots:
    """Launches of the world first, then productions whose title is still to come."""
    n = of.size.productions
    out = np.flatnonzero(of.titles.original & (of.titles.release >= 0))
    out = np.sort(dice.choice(out, min(len(out), int(n * 0.45)), replace=False))
    title = np.concatenate([out, np.full(n - len(out), -1)])
    is_season = np.where(title >= 0, of.titles.is_season[title], dice.random(n) < 0.6)  # noqa: PLR2004
    episodes = np.where(
        title >= 0, of.titles.episodes[title], np.where(is_season, dice.integers(6, 11, n), 1)
    )
    days = np.where(is_season, episodes * dice.integers(6, 10, n), dice.integers(24, 60, n))
    slip = np.maximum(0, np.round(days * dice.normal(0.08, 0.09, n))).astype(int)
    whole = _calendar(days) + planned_days(episodes) + LAUNCH_AFTER
    planned_start = np.where(
        title >= 0,
        of.titles.release[title] - whole - dice.integers(0, 30, n),
        of.clock.days - whole + dice.integers(0, 380, n),
    )
    start = planned_start + np.maximum(0, dice.normal(3, 6, n)).astype(int)
    planned_end = planned_start + _calendar(days)
    budget = 3.2e6 * episodes * np.exp(dice.normal(0, 0.6, n))
    planned_delivery = planned_end + planned_days(episodes)
    return Shoots(
        title=title,
        is_season=is_season.astype(bool),
        episodes=episodes.astype(np.int64),
        location=dice.integers(0, len(rows()), n),
        budget_usd=np.where(title >= 0, of.titles.cost_usd[title], budget),
        shoot_days=days,
        actual_days=days + slip,
        planned_start=planned_start,
        start=start,
        planned_end=planned_end,
        end=start + _calendar(days + slip),
        planned_delivery=planned_delivery,
        planned_launch=planned_delivery + LAUNCH_AFTER,
        pages=(days * 8 * dice.normal(4.2, 0.4, n)).astype(int),
    )


def _calendar(days: np.ndarray) -> np.ndarray:
    """Calendar days of shoot days, five a week."""
    return (days - 1) // 5 * 7 + (days - 1) % 5
