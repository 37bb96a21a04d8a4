"""The catalogue: films and seasons with invented names, their episodes, licences and images.

Arrays are by title (row i is title_id i + 1). Runtimes follow the published lists: films 1:44 in
the median, seasons 5:24; release dates of many licensed titles are not known.
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo import names
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import Geography, geography
from queries.lake.demo.size import Size

GENRES = (
    "drama", "comedy", "thriller", "crime", "romance", "action", "science fiction", "documentary",
    "horror", "reality", "family", "animation",
)  # fmt: skip
FAMILY = (10, 11)
TASTES = 8
IMAGES = 4
EPISODES_MAX = 24
FILMS = 0.55
FOREVER = 30_000
_GENRE_SHARE = np.array([0.17, 0.15, 0.12, 0.1, 0.08, 0.09, 0.06, 0.08, 0.04, 0.05, 0.04, 0.02])
_FILM_MEDIAN_S, _FILM_SPREAD = 104 * 60, 0.143
_SEASON_MEDIAN_S, _SEASON_SPREAD = 324 * 60, 0.66
_NEW_A_YEAR = 0.14
COST_SPREAD = 0.7


@dataclass(frozen=True)
class Catalogue:
    """Titles by index. `opens` and `closes` are the licence days by title and country."""

    names: list[str]
    show: np.ndarray
    is_season: np.ndarray
    season: np.ndarray
    genre: np.ndarray
    origin: np.ndarray
    original: np.ndarray
    release: np.ndarray
    release_known: np.ndarray
    weekly: np.ndarray
    episodes: np.ndarray
    runtime_s: np.ndarray
    first_video: np.ndarray
    video_runtime_s: np.ndarray
    cost_usd: np.ndarray
    embedding: np.ndarray
    quality: np.ndarray
    opens: np.ndarray
    closes: np.ndarray

    @property
    def count(self) -> int:
        return len(self.names)

    @property
    def family(self) -> np.ndarray:
        return np.isin(self.genre, FAMILY)


def catalogue(size: Size, clock: Clock, seed: int) -> Catalogue:
    """All titles that anybody in the world can play on some day of it."""
    dice = stream(seed, "catalogue")
    n = size.titles
    is_season = dice.random(n) >= FILMS
    show, season, called = _shows(dice, is_season, names.titles(stream(seed, "names"), n))
    genre = dice.choice(len(GENRES), n, p=_GENRE_SHARE / _GENRE_SHARE.sum())
    places = geography()
    shares = np.array([c.share for c in places.countries]) ** 0.7
    origin = dice.choice(len(shares), n, p=shares / shares.sum())
    _same_within_show(show, genre, origin)
    original = dice.random(n) < np.where(is_season, 0.45, 0.2)
    release, weekly = _releases(dice, clock, n, is_season)
    is_new = release > -91  # noqa: PLR2004 - a quarter
    original |= is_new & (dice.random(n) < 0.7)  # noqa: PLR2004 - originals among them
    known = original | is_new | (dice.random(n) < 0.06)  # noqa: PLR2004 - licences with a date
    episodes, first, video_runtime = _episodes(dice, is_season)
    runtime = np.add.reduceat(video_runtime, first)
    opens, closes = _licences(dice, clock, places, (original, release, origin))
    spread = np.exp(dice.normal(0, COST_SPREAD, n))
    return Catalogue(
        names=called,
        show=show,
        is_season=is_season,
        season=season,
        genre=genre.astype(np.int8),
        origin=origin.astype(np.int8),
        original=original,
        release=release,
        release_known=known,
        weekly=weekly,
        episodes=episodes.astype(np.int16),
        runtime_s=runtime.astype(np.int32),
        first_video=first.astype(np.int32),
        video_runtime_s=video_runtime.astype(np.int32),
        cost_usd=usual_cost(is_season, episodes) * spread,
        embedding=_embedding(dice, genre),
        quality=dice.normal(0, 1, n).astype(np.float32),
        opens=opens,
        closes=closes,
    )


def usual_cost(is_season: np.ndarray, episodes: np.ndarray) -> np.ndarray:
    """The median cost of such a title, in US dollars."""
    return np.where(is_season, 2.6e6 * episodes, 1.1e7)


def _shows(
    dice: np.random.Generator, is_season: np.ndarray, base: list[str]
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Group seasons to shows of one to five seasons; films are shows of their own."""
    n = len(is_season)
    lengths = dice.choice([1, 2, 3, 4, 5], n, p=[0.44, 0.25, 0.16, 0.1, 0.05])
    seasons = np.flatnonzero(is_season)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    starts = starts[starts < len(seasons)]
    order = np.arange(len(seasons))
    nth = np.searchsorted(starts, order, "right") - 1
    show = np.empty(n, np.int64)
    show[seasons] = seasons[starts[nth]]
    films = np.flatnonzero(~is_season)
    show[films] = films
    season = np.zeros(n, np.int16)
    season[seasons] = order - starts[nth] + 1
    called = [
        f"{base[s]}: Season {k}" if k else base[i]
        for i, (s, k) in enumerate(zip(show.tolist(), season.tolist(), strict=True))
    ]
    return show, season, called


def _same_within_show(show: np.ndarray, *attributes: np.ndarray) -> None:
    for values in attributes:
        values[:] = values[show]


def _releases(
    dice: np.random.Generator, clock: Clock, n: int, is_season: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Days of release; those within the world and the quarter before fall on Thursday or Friday."""
    recent = (clock.days + 91) / 365 * _NEW_A_YEAR
    is_new = dice.random(n) < recent
    day = np.where(
        is_new, dice.integers(-91, clock.days - 2, n), -91 - dice.exponential(1100, n).astype(int)
    )
    thursday = day - (day - (3 - clock.first.weekday())) % 7
    day = np.where(is_new, thursday + (dice.random(n) < 0.55), day)  # noqa: PLR2004 - Fridays
    weekly = is_season & (dice.random(n) < 0.08)  # noqa: PLR2004 - seasons by the week
    return day.astype(np.int32), weekly


def _episodes(
    dice: np.random.Generator, is_season: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Episodes a title, where its videos start, and the runtime of every video in seconds."""
    n = len(is_season)
    film = np.exp(dice.normal(np.log(_FILM_MEDIAN_S), _FILM_SPREAD, n))
    season = np.exp(dice.normal(np.log(_SEASON_MEDIAN_S), _SEASON_SPREAD, n))
    short = dice.random(n) < 0.32  # noqa: PLR2004 - half-hour shows
    length = np.where(short, dice.normal(26, 3, n), dice.normal(46, 6, n)).clip(15, 75) * 60
    episodes = np.where(is_season, np.round(season / length).clip(3, EPISODES_MAX), 1).astype(int)
    first = np.concatenate([[0], np.cumsum(episodes)[:-1]])
    title = np.repeat(np.arange(n), episodes)
    mean = np.where(is_season, season / episodes, film)[title]
    jitter = np.where(is_season[title], np.exp(dice.normal(0, 0.06, len(title))), 1)
    return episodes, first, np.round(mean * jitter).clip(600, 12_000).astype(int)


def _licences(
    dice: np.random.Generator,
    clock: Clock,
    places: Geography,
    about: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """First and last day by title and country. Originals are everywhere and for good.

    Most licences are one deal for the world, the others one a market.
    """
    original, release, origin = about
    shape = (len(original), len(places.countries))
    opens = np.broadcast_to(np.maximum(release, -2500)[:, None], shape).copy()
    closes = np.full(shape, FOREVER)
    licensed = ~original
    start = opens + dice.integers(0, 200, shape) * (opens < -400)  # noqa: PLR2004 - older titles
    end = dice.integers(clock.days + 20, clock.days + 900, shape)
    end = _by_deal(end, places.market)
    ends_within = dice.random(len(original)) < 0.05  # noqa: PLR2004 - licences that end soon
    end = np.where(
        ends_within[:, None], (dice.integers(30, clock.days + 60, len(original)))[:, None], end
    )
    sold = dice.random(shape) < 0.85  # noqa: PLR2004 - countries a licence covers
    sold[np.arange(len(origin)), origin] = True
    opens[licensed] = start[licensed]
    closes[licensed] = np.where(sold, np.maximum(end, start), start - 1)[licensed]
    return opens.astype(np.int32), closes.astype(np.int32)


def _by_deal(end: np.ndarray, market: np.ndarray) -> np.ndarray:
    """Ends by title and country, those of one deal alike."""
    is_whole = end[:, -1] % 4 > 0
    _, first, of_market = np.unique(market, return_index=True, return_inverse=True)
    return np.where(is_whole[:, None], end[:, :1], end[:, first[of_market]])


def _embedding(dice: np.random.Generator, genre: np.ndarray) -> np.ndarray:
    """A point of length 1 a title, near the middle of its genre."""
    middles = dice.normal(0, 1, (len(GENRES), TASTES))
    points = middles[genre] + dice.normal(0, 0.8, (len(genre), TASTES))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
