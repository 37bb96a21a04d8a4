"""Logged home pages: in what order rows stand, and how far people scroll.

One request in twenty explores: its rows stand in random order, but the row to continue watching
stays where the layout has it. Who only wants to continue scrolls that far, so moving it would move
who sees the other rows, and random traffic would say nothing of how the usual pages are looked at.
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.pools import (
    COLUMNS,
    GENRE_ROW,
    ORDERS,
    PVR,
    SIMILAR,
    SIMILAR_TOO,
    TOP10,
    TRENDING,
)  # fmt: skip
from queries.lake.demo.popularity import KIDS
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block

CONTINUE = 7
RANKERS = (*ORDERS, "continue_watching")
EXPLORE = 0.05
ROWS = 8
_LAYOUTS = np.array([
    [CONTINUE, PVR, TRENDING, SIMILAR, TOP10, GENRE_ROW, SIMILAR_TOO],
    [PVR, CONTINUE, SIMILAR, TOP10, TRENDING, GENRE_ROW, SIMILAR_TOO],
    [CONTINUE, TRENDING, PVR, TOP10, GENRE_ROW, SIMILAR, SIMILAR_TOO],
    [CONTINUE, TOP10, PVR, TRENDING, SIMILAR_TOO, GENRE_ROW, SIMILAR],
], np.int8)  # fmt: skip
_STOPS, _SECOND_ROW, _SIDEWAYS = 0.29, 0.6, 0.18
_LOADED_AT_ONCE = 4
_ON_SCREEN = (6, 6, 3, 5)


@dataclass(frozen=True)
class Requests:
    """One row a logged page request. `browsing` is whether the visitor looked for something new."""

    visit: np.ndarray
    browsing: np.ndarray
    explore: np.ndarray
    layout: np.ndarray
    rows_seen: np.ndarray
    rows_loaded: np.ndarray
    columns_seen: np.ndarray
    pool: np.ndarray


def requests(block: Block, of: Visits, browsing: np.ndarray, first: np.ndarray) -> Requests:
    """Log the page of some visits. `browsing` and `first` are by visit.

    `first` marks a profile's first visits, which have nothing to continue.
    """
    dice = block.dice("requests")
    world = block.world
    visit = np.flatnonzero(dice.random(of.count, np.float32) < 1 / world.size.page_every)
    n = len(visit)
    explore = dice.random(n) < EXPLORE
    layout = np.empty((n, ROWS), np.int8)
    layout[:, 0] = 0
    layout[:, 1:] = _LAYOUTS[dice.choice(len(_LAYOUTS), n, p=[0.4, 0.25, 0.2, 0.15])]
    layout[explore, 1:] = _mixed(dice, layout[explore, 1:])
    looks = browsing[visit]
    rows_seen, rows_loaded, columns_seen = scrolled(dice, looks, of.device[visit])
    at = np.argmax(layout == CONTINUE, axis=1) + 1
    rows_seen = np.where(~looks & ~first[visit], np.maximum(rows_seen, at), rows_seen)
    cluster = np.where(of.kids[visit], KIDS, world.people.cluster[of.account[visit]])
    return Requests(
        visit=visit,
        browsing=looks,
        explore=explore,
        layout=layout,
        rows_seen=rows_seen.astype(np.int8),
        rows_loaded=np.maximum(rows_loaded, rows_seen).astype(np.int8),
        columns_seen=columns_seen.astype(np.int8),
        pool=world.pools.of(of.country[visit], cluster, of.day[visit]),
    )


def _mixed(dice: np.random.Generator, layout: np.ndarray) -> np.ndarray:
    """Rows in random order around the row to continue watching."""
    lots = dice.random(layout.shape)
    lots[layout == CONTINUE] = np.inf
    others = np.take_along_axis(layout, np.argsort(lots, axis=1, kind="stable"), axis=1)[:, :-1]
    mixed = layout.copy()
    mixed[layout != CONTINUE] = others.ravel()
    return mixed


def scrolled(
    dice: np.random.Generator, looks: np.ndarray, device: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows seen, rows loaded and columns seen, by whether the visitor looks for something new."""
    n = len(looks)
    deep = np.minimum(1 + dice.geometric(_STOPS, n), ROWS)
    seen = np.where(looks, deep, 1 + (dice.random(n) < _SECOND_ROW))
    loaded = np.clip(seen + 1 + dice.integers(0, 2, n), _LOADED_AT_ONCE, ROWS)
    sideways = dice.random(n) < _SIDEWAYS
    return seen, loaded, np.where(sideways, COLUMNS, np.array(_ON_SCREEN)[device])
