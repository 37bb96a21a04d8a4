"""What each visit is for: to go on with something, to find something new, or neither.

A profile goes through viewings one after the other: it starts a title and comes back to it for some
sittings. In visits whose home page is logged the page decides what is started, in the others a draw
of the same rates does.
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.home import CONTINUE, Requests
from queries.lake.demo.pools import (
    BILLBOARD,
    GENRE_ROW,
    PVR,
    SIMILAR,
    SIMILAR_TOO,
    TOP10,
    TRENDING,
)  # fmt: skip
from queries.lake.demo.slots import PLAYS, Slots
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block

SOURCES = (
    "pvr", "trending", "continue_watching", "similar", "top10", "billboard", "search", "my_list",
    "deeplink", "autoplay_next",
)  # fmt: skip
RESUMED, SEARCHED, MY_LIST, DEEPLINK, AUTOPLAY = 2, 6, 7, 8, 9
RECOMMENDED = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], bool)
SOURCE_OF_ROW = np.zeros(CONTINUE + 1, np.int8)
SOURCE_OF_ROW[[BILLBOARD, PVR, TRENDING, SIMILAR, TOP10, GENRE_ROW, SIMILAR_TOO, CONTINUE]] = [
    5, 0, 1, 3, 4, 0, 3, 2,
]  # fmt: skip
IDLE = 0.17
FILM_STARTS = 0.25
_NEW_SOURCE = np.array([0.262, 0.118, 0, 0.092, 0.085, 0.093, 0.225, 0.035, 0.018, 0])
_SITTINGS_FILM, _SITTINGS_SEASON = 0.2, 0.28
_FAILS = 0.022


@dataclass(frozen=True)
class Intents:
    """By visit: nothing played, something new wanted, a season rather than a film, from where."""

    idle: np.ndarray
    new: np.ndarray
    season: np.ndarray
    source: np.ndarray

    @property
    def browsing(self) -> np.ndarray:
        return self.idle | (self.new & RECOMMENDED[self.source])


@dataclass(frozen=True)
class Events:
    """Things a visit plays, in order. `title` is -1 where it is still to be drawn.

    `slot` points into the slots of logged pages, or is -1; `fails` are starts that never play.
    """

    visit: np.ndarray
    new: np.ndarray
    season: np.ndarray
    source: np.ndarray
    title: np.ndarray
    image: np.ndarray
    slot: np.ndarray
    fails: np.ndarray


def intents(block: Block, of: Visits) -> Intents:
    """Plan sittings profile by profile: a viewing takes the next few visits that are not idle."""
    dice = block.dice("intents")
    n = of.count
    idle = dice.random(n, np.float32) < IDLE
    sitting = np.flatnonzero(~idle)
    film = dice.random(len(sitting)) < FILM_STARTS
    length = np.where(
        film,
        1 + (dice.random(len(sitting), np.float32) < _SITTINGS_FILM),
        dice.geometric(_SITTINGS_SEASON, len(sitting)),
    )
    starts = np.concatenate([[0], np.cumsum(length)])
    starts = starts[starts < len(sitting)]
    viewing = np.zeros(len(sitting), np.int32)
    viewing[starts[1:]] = 1
    viewing = np.cumsum(viewing)
    new = np.zeros(n, bool)
    new[sitting[starts]] = True
    first = np.zeros(n, bool)
    first[sitting[_changes(of.who[sitting])]] = True
    season = np.zeros(n, bool)
    season[sitting] = ~film[viewing]
    source = np.where(new | first, _new_source(dice, n), RESUMED).astype(np.int8)
    return Intents(idle, new | first, season, source)


def events(block: Block, of: Visits, wants: Intents, pages: Requests, shown: Slots) -> Events:
    """Everything that is played, sorted by visit: the pages' clicks and the other visits' plans."""
    dice = block.dice("events")
    logged = np.zeros(of.count, bool)
    logged[pages.visit[pages.browsing]] = True
    planned = np.flatnonzero(~wants.idle & ~logged)
    tries = np.where(
        wants.new[planned] & RECOMMENDED[wants.source[planned]], _tries(dice, len(planned)), 1
    )
    planned = np.repeat(planned, tries)
    failing = (
        shown.clicked
        & ~shown.played
        & (dice.random(len(shown.clicked), np.float32) < _FAILS * PLAYS / (1 - PLAYS))
    )
    slot = np.flatnonzero(shown.played | failing)
    visit = np.concatenate([planned, pages.visit[shown.request[slot]]])
    order = np.argsort(visit, kind="stable")
    own = np.full(len(planned), -1)
    from_page = SOURCE_OF_ROW[shown.kind[slot]]
    titles = block.world.titles
    made = Events(
        visit=visit,
        new=np.concatenate([wants.new[planned], np.ones(len(slot), bool)]),
        season=np.concatenate([wants.season[planned], titles.is_season[shown.title[slot]]]),
        source=np.concatenate([wants.source[planned], from_page]),
        title=np.concatenate([own, shown.title[slot]]).astype(np.int32),
        image=np.concatenate([own, shown.image[slot]]).astype(np.int8),
        slot=np.concatenate([own, slot]).astype(np.int32),
        fails=np.concatenate([np.zeros(len(planned), bool), failing[slot]]),
    )
    made = Events(**{name: values[order] for name, values in vars(made).items()})
    first = _changes(of.who[made.visit])
    return Events(**{**vars(made), "new": made.new | first})


def _new_source(dice: np.random.Generator, n: int) -> np.ndarray:
    edges = np.cumsum(_NEW_SOURCE / _NEW_SOURCE.sum())[:-1]
    return np.searchsorted(edges, dice.random(n), "right").astype(np.int8)


def _tries(dice: np.random.Generator, n: int) -> np.ndarray:
    """Titles tried in a visit that finds something: the first one is not always it."""
    drawn = dice.random(n, np.float32)
    return 1 + (drawn < 0.36).astype(int) + (drawn < 0.1) + (drawn < 0.02)  # noqa: PLR2004


def _changes(values: np.ndarray) -> np.ndarray:
    """Whether a value differs from the one before; the first one does."""
    return np.concatenate([[True], values[1:] != values[:-1]]) if len(values) else values > 0
