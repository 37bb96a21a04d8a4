"""Launches before the first play of the world: views of the first 91 days, by title and country.

They follow the launches of the world: as many views in the middle and as far apart, a title where
it stands among its kind.
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.appeal import standing
from queries.lake.demo.catalogue import Catalogue
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import geography
from queries.lake.demo.popularity import LAUNCH_DAYS, expected_by, market_shares
from queries.lake.demo.world import World

YEARS = 4
_FIRST_DAY = -365 * YEARS
_SEEN_DAYS = 14
_LEAST = 0.5
_NOISE = 0.15


@dataclass(frozen=True)
class History:
    """Titles by index with views by country (a row a title), and log views of all launches.

    `level` is missing for titles whose launch is neither in the history nor far enough in the
    world; `spread` is the standard deviation of a kind's.
    """

    title: np.ndarray
    views: np.ndarray
    level: np.ndarray


def history(of: World, seen: np.ndarray) -> History:
    """`seen` are views of each title in the days of the world that are its first 91."""
    titles, dice = of.titles, stream(of.seed, "history")
    z = standing(titles, of.popular)
    level = _of_the_world(of, seen)
    known = ~np.isnan(level)
    middle = np.array([level[known & (titles.is_season == kind)].mean() for kind in (False, True)])
    centred = level[known] - middle[titles.is_season[known].astype(int)]
    slope = float((centred * z[known]).sum() / (z[known] ** 2).sum())
    past = np.flatnonzero(
        titles.release_known & (titles.release >= _FIRST_DAY) & (titles.release < 0)
    )
    level[past] = (
        middle[titles.is_season[past].astype(int)]
        + slope * z[past]
        + dice.normal(0, _NOISE, len(past))
    )
    expected = np.exp(level[past])[:, None] * _by_country(titles)[past]
    expected *= _licensed(titles, past)
    return History(past, dice.poisson(expected * 4) / 4, level)


def history_rows(of: World, found: History) -> dict[str, object]:
    """The columns of `launch_history`, a row a title and country."""
    titles, countries = found.views.shape
    return {
        "title_id": np.repeat(found.title + 1, countries),
        "country": list(geography().codes) * titles,
        "release_date": of.clock.dates(np.repeat(of.titles.release[found.title], countries)),
        "views_91d": found.views.ravel(),
    }


def _of_the_world(of: World, seen: np.ndarray) -> np.ndarray:
    """Log views of 91 days of the titles released in the world a fortnight ago or longer."""
    age = np.minimum(of.clock.days - of.titles.release, LAUNCH_DAYS)
    fits = (of.titles.release >= 0) & (age >= _SEEN_DAYS)
    level = np.full(of.titles.count, np.nan)
    share = expected_by(of.titles.is_season[fits], age[fits], LAUNCH_DAYS)
    level[fits] = np.log((seen[fits] + _LEAST) / share)
    return level


def _by_country(titles: Catalogue) -> np.ndarray:
    """The share of a title's views each country is to have, by where the title comes from."""
    places = geography()
    accounts = np.array([c.share for c in places.countries])
    share = accounts * market_shares(places.market[titles.origin])[:, places.market]
    return share / share.sum(axis=1, keepdims=True)


def _licensed(titles: Catalogue, past: np.ndarray) -> np.ndarray:
    """Where a title could be played in its first 91 days."""
    release = titles.release[past, None]
    opens, closes = titles.opens[past], titles.closes[past]
    return (opens < release + LAUNCH_DAYS) & (closes >= release)
