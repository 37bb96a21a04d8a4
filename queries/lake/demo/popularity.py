"""How hours spread over titles and days: as concentrated as the published lists, with launches.

Hours by rank follow a lognormal whose head is bent down; fitted to 17,000 published titles (Gini
.79 to .81, the top 1 % has 24 to 27 %, the top 10 % 68 to 71 %). A launch decays as the weekly
Top 10 does. Weights of starts are the wanted hours over the hours that a start brings.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from queries.lake.demo.catalogue import TASTES, Catalogue
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import MARKETS, geography

LAUNCH_DAYS = 91
SHOW_HOURS = 0.75
KIDS = TASTES
_SPREAD, _HEAD, _BEND = 1.965, 1.5, 0.26
_CONTINUE = 0.86
_FIRST_DAYS = 4
_FILM_WEEKS = np.array([1.0, 0.437, 0.19, 0.106, 0.07, 0.05, 0.04, 0.034, 0.03])
_SHOW_WEEKS = np.array([1.0, 0.355, 0.18, 0.105, 0.105, 0.085, 0.07, 0.055, 0.047])
_LATE_SHARE = 0.035
_LOCAL = 4.5
_COMMON, _MARKET = 0.4, 0.6
_ROUNDS = 6
_TASTE = 1.3


@dataclass(frozen=True)
class Popularity:
    """Cumulative weights of starts, flat: row r of a table ends at r + 1.

    One table for films, one for seasons. Their rows are days of: everybody, the markets, the taste
    clusters, and at last the kids.
    """

    films: np.ndarray
    seasons: np.ndarray
    cumulative: tuple[np.ndarray, np.ndarray]
    days: int
    share: np.ndarray
    daily: np.ndarray
    lean: np.ndarray

    def draw(self, dice: np.random.Generator, who: "Who", is_season: np.ndarray) -> np.ndarray:
        """A title index for each start: by everybody's taste, the market's or the cluster's."""
        n = len(is_season)
        pick = dice.random(n, np.float32)
        own = 1 + len(MARKETS) + who.taste
        group = np.where(pick < _COMMON, 0, np.where(pick < _MARKET, 1 + who.market, own))
        group = np.where(who.kids, 1 + len(MARKETS) + KIDS, group).astype(np.int32)
        row = group * self.days + who.day
        at = row + dice.random(n)
        found = np.empty(n, np.int32)
        for of_kind, titles, flat in (
            (~is_season, self.films, self.cumulative[0]),
            (is_season, self.seasons, self.cumulative[1]),
        ):
            index = np.searchsorted(flat, at[of_kind], "right")
            inside = np.clip(index - row[of_kind] * len(titles), 0, len(titles) - 1)
            found[of_kind] = titles[inside]
        return found


@dataclass(frozen=True, slots=True)
class Who:
    """Who starts something: arrays of the same length."""

    day: np.ndarray
    market: np.ndarray
    taste: np.ndarray
    kids: np.ndarray


def popularity(titles: Catalogue, clock: Clock, seed: int) -> Popularity:
    """Weights for every day, market and taste."""
    dice = stream(seed, "popularity")
    share = _wanted_share(dice, titles)
    shape, whole = _by_day(dice, titles, clock)
    lean = np.exp(_TASTE * titles.embedding @ _middles(dice).T)
    lean[titles.family] *= 0.7
    groups = [np.ones(titles.count), *_market_lean(titles), *lean.T]
    groups.append(np.where(titles.family, 1.0, 0.02 * (titles.genre % 3 == 1)))
    often = _fitted(share / _hours_a_start(titles), shape.mean(0) / whole, titles, groups)
    daily = shape * (often / whole)[None, :]
    films, seasons = np.flatnonzero(~titles.is_season), np.flatnonzero(titles.is_season)
    return Popularity(
        films=films,
        seasons=seasons,
        cumulative=(_cumulative(daily, groups, films), _cumulative(daily, groups, seasons)),
        days=clock.days,
        share=share,
        daily=daily,
        lean=lean.astype(np.float32),
    )


def expected_by(is_season: np.ndarray, age: np.ndarray, days: int) -> np.ndarray:
    """The share of a launch's starts in its first `days` that its first `age` days bring."""
    profiles = [_launch(weekly, days)[:days].cumsum() for weekly in (_FILM_WEEKS, _SHOW_WEEKS)]
    by_age = np.stack([p / p[-1] for p in profiles])
    return by_age[is_season.astype(int), np.minimum(age, days) - 1]


def market_shares(origin: np.ndarray) -> np.ndarray:
    """How much more than elsewhere titles of an origin (a market) are started in each market."""
    weight = np.where(origin[:, None] == np.arange(len(MARKETS))[None, :], _LOCAL, 1.0)
    return 1 - (_MARKET - _COMMON) + (_MARKET - _COMMON) * weight / weight.mean(axis=0)


def _middles(dice: np.random.Generator) -> np.ndarray:
    points = dice.normal(0, 1, (TASTES, TASTES))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _wanted_share(dice: np.random.Generator, titles: Catalogue) -> np.ndarray:
    """Share of all hours a title; seasons get three quarters, launches of the time their due."""
    n = titles.count
    normal = NormalDist()
    z = -np.array([normal.inv_cdf((rank + 0.5) / n) for rank in range(n)])
    by_rank = np.sort(np.exp(_SPREAD * z - _BEND * np.maximum(z - _HEAD, 0) ** 2))[::-1]
    by_rank /= by_rank.sum()
    charm = dice.normal(0, 1, n) + 0.25 * titles.quality
    charm += np.where(titles.release > -40, np.where(titles.is_season, 0.95, 0.6), 0)  # noqa: PLR2004
    low, high = -2.0, 4.0
    share = by_rank
    for _ in range(24):
        push = (low + high) / 2
        share = np.empty(n)
        share[np.argsort(-(charm + push * titles.is_season), kind="stable")] = by_rank
        low, high = (low, push) if share[titles.is_season].sum() > SHOW_HOURS else (push, high)
    return share


def _hours_a_start(titles: Catalogue) -> np.ndarray:
    """Hours that one start brings on the average: a season is rarely watched to the end."""
    watched = (1 - _CONTINUE ** titles.episodes.astype(float)) / (1 - _CONTINUE)
    return np.where(
        titles.is_season,
        watched * titles.runtime_s / titles.episodes / 3600,
        0.72 * titles.runtime_s / 3600,
    )


def _fitted(
    wanted: np.ndarray, out: np.ndarray, titles: Catalogue, groups: list[np.ndarray]
) -> np.ndarray:
    """Weights of starts that give the wanted ones once every group has leant its own way.

    `out` is each title's mean shape of a day.
    """
    chance = np.array([_COMMON, *_of_markets(), *[(1 - _MARKET) * 0.9 / TASTES] * TASTES, 0.05])
    often = wanted.copy()
    for _ in range(_ROUNDS):
        for of_kind in (titles.is_season, ~titles.is_season):
            weight = np.stack(groups)[:, of_kind] * (often * out)[of_kind]
            starts = (chance[:, None] * weight / weight.sum(1, keepdims=True)).sum(0)
            goal = (wanted * out)[of_kind]
            factor = (goal / goal.sum()) / (starts / starts.sum())
            often[of_kind] *= np.clip(factor, 0.2, 5) ** 0.8
    return often


def _of_markets() -> list[float]:
    places = geography()
    shares = np.array([c.share for c in places.countries])
    by_market = np.bincount(places.market, shares, len(MARKETS)) / shares.sum()
    return ((_MARKET - _COMMON) * by_market).tolist()


def _by_day(
    dice: np.random.Generator, titles: Catalogue, clock: Clock
) -> tuple[np.ndarray, np.ndarray]:
    """Relative starts by day and title, and their sum had the title been out all the time.

    Nothing before the release, then the decay of a launch.
    """
    age = np.arange(clock.days)[:, None] - titles.release[None, :]
    drift = np.cumsum(dice.normal(0, 0.08, (clock.days // 7 + 2, titles.count)), axis=0)
    steady = np.exp(drift[np.arange(clock.days) // 7])
    profiles = [_launch(weekly, clock.days) for weekly in (_FILM_WEEKS, _SHOW_WEEKS)]
    young = np.clip(age, 0, clock.days + 90)
    launch = np.where(titles.is_season[None, :], profiles[1][young], profiles[0][young])
    is_new = titles.release >= -91  # noqa: PLR2004 - the quarter before the world
    shape = np.where(is_new[None, :], launch * (age >= 0), steady)
    full = np.array([p[: clock.days].sum() for p in profiles])[titles.is_season.astype(int)]
    return shape, np.where(is_new, full, steady.sum(0))


def _launch(weekly: np.ndarray, days: int) -> np.ndarray:
    """Relative starts by days since the release: first those to Sunday, then by week."""
    week = (np.arange(days + 91) + 7 - _FIRST_DAYS) // 7
    return np.where(week < len(weekly), weekly[np.minimum(week, len(weekly) - 1)], _LATE_SHARE)


def _market_lean(titles: Catalogue) -> list[np.ndarray]:
    markets = geography().market[titles.origin]
    return [np.where(markets == m, _LOCAL, 1.0) for m in range(len(MARKETS))]


def _cumulative(daily: np.ndarray, groups: list[np.ndarray], of_kind: np.ndarray) -> np.ndarray:
    rows = np.concatenate([daily[:, of_kind] * g[of_kind][None, :] for g in groups])
    np.cumsum(rows, axis=1, out=rows)
    rows /= rows[:, -1:]
    rows += np.arange(len(rows))[:, None]
    return rows.ravel()
