"""Slots of the home page: which title each showed, with what probability, and what was clicked.

The logging policy draws each slot by itself from the slot's candidates, so the propensity written
down is exactly the probability it was drawn with, and so are the probabilities of the target
policies. Who clicks is decided by a model known here alone; its expectation under a policy is that
policy's true value.
"""

from dataclasses import dataclass, fields

import numpy as np

from queries.lake.demo.home import CONTINUE, ROWS, Requests
from queries.lake.demo.images import USUAL
from queries.lake.demo.pools import BILLBOARD, CANDIDATES, COLUMNS, POOL
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block, World

PLAYS = 0.76
POLICIES = ("popularity", "pvr_v2")
_BASE, _FAME, _TASTE = -2.05, 0.4, 1.5
_MODEL_BASE, _MODEL_FAME, _MODEL_TASTE = -2.2, 0.5, 0.9
_MODEL_SCALE = 0.6 * PLAYS
_LOG_FAME, _LOG_TASTE = 0.55, 0.8
_V2_FAME, _V2_TASTE = 0.5, 2.4
_POPULAR_FAME = 1.5
_CHUNK = 6_000


@dataclass(frozen=True)
class Slots:
    """One row a slot that a policy filled; `request` points into the requests.

    `weights`, `models` and `values` have a column a target policy: its probability of the shown
    title, its value by the reward model, and its true expected clicks.
    """

    request: np.ndarray
    row: np.ndarray
    column: np.ndarray
    kind: np.ndarray
    title: np.ndarray
    image: np.ndarray
    propensity: np.ndarray
    image_propensity: np.ndarray
    score: np.ndarray
    seen: np.ndarray
    clicked: np.ndarray
    played: np.ndarray
    weights: np.ndarray
    models: np.ndarray
    values: np.ndarray


def examination(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Chance that somebody looks at a slot on screen; rows and columns from 1."""
    return (1 / ((1 + 0.16 * (row - 1.0)) * (1 + 0.07 * (column - 1.0)))).astype(np.float32)


def slots(block: Block, of: Visits, pages: Requests) -> Slots:
    """Fill every policy slot of the logged pages and let people click."""
    dice = block.dice("slots")
    taste = block.world.people.taste[of.account[pages.visit]]
    parts = [
        _fill(block.world, dice, pages, (taste, np.arange(start, min(start + _CHUNK, len(taste)))))
        for start in range(0, len(taste), _CHUNK)
    ]
    return Slots(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Slots)}
    )


@dataclass(frozen=True)
class _Shelf:
    """Policy slots and their candidates: a row a slot, a column a candidate.

    `places` are within the slot's pool; `liking` is by request of the chunk and place in its pool.
    """

    request: np.ndarray
    line: np.ndarray
    row: np.ndarray
    column: np.ndarray
    kind: np.ndarray
    pool: np.ndarray
    first: np.ndarray
    places: np.ndarray
    fame: np.ndarray
    like: np.ndarray
    liking: np.ndarray


@dataclass(frozen=True)
class _Choice:
    """What a slot shows: the place in its pool, and where among the candidates, if it is one."""

    place: np.ndarray
    rank: np.ndarray
    inside: np.ndarray
    propensity: np.ndarray
    title: np.ndarray
    image: np.ndarray
    image_propensity: np.ndarray


def _shelf(world: World, pages: Requests, taste: np.ndarray, chunk: np.ndarray) -> _Shelf:
    request, row, column, kind = _grid(pages, chunk)
    pool, line = pages.pool[request], request - chunk[0]
    vectors = world.titles.embedding[world.pools.titles[pages.pool[chunk]]]
    liking = np.einsum("rpk,rk->rp", vectors, taste[chunk])
    first = np.where(kind == BILLBOARD, 0, (column - 1) * CANDIDATES)
    places = world.pools.order[pool[:, None], kind[:, None], first[:, None] + np.arange(CANDIDATES)]
    fame, like = world.pools.fame[pool[:, None], places], liking[line[:, None], places]
    return _Shelf(request, line, row, column, kind, pool, first, places, fame, like, liking)


def _choose(world: World, dice: np.random.Generator, shelf: _Shelf, explore: np.ndarray) -> _Choice:
    """The logging policy: a draw among the slot's candidates, or from the pool to explore."""
    n = len(shelf.request)
    logging = _softmax(_LOG_FAME * shelf.fame + _LOG_TASTE * shelf.like)
    below = np.cumsum(logging, axis=1) < dice.random(n, np.float32)[:, None]
    drawn = np.minimum(below.sum(1), CANDIDATES - 1)
    rows = np.arange(n)
    anywhere = dice.integers(0, POOL, n, np.int8)
    place = np.where(explore, anywhere, shelf.places[rows, drawn])
    rank = world.pools.place[shelf.pool, shelf.kind, place] - shelf.first
    inside = (rank >= 0) & (rank < CANDIDATES)
    image, image_propensity = _image(dice, explore)
    return _Choice(
        place=place,
        rank=np.where(inside, rank, 0),
        inside=inside,
        propensity=np.where(explore, np.float32(1 / POOL), logging[rows, drawn]),
        title=world.pools.titles[shelf.pool, place],
        image=image,
        image_propensity=image_propensity,
    )


def _fill(
    world: World,
    dice: np.random.Generator,
    pages: Requests,
    part: tuple[np.ndarray, np.ndarray],
) -> Slots:
    """Draw the titles of a chunk of requests, and let people click."""
    shelf = _shelf(world, pages, *part)
    explore = pages.explore[shelf.request]
    choice = _choose(world, dice, shelf, explore)
    n, rows = len(shelf.request), np.arange(len(shelf.request))
    fame = world.pools.fame[shelf.pool, choice.place]
    like = shelf.liking[shelf.line, choice.place]
    reach = examination(shelf.row, shelf.column) * pages.browsing[shelf.request]
    seen = shelf.row <= pages.rows_seen[shelf.request]
    seen &= shelf.column <= pages.columns_seen[shelf.request]
    pull = _pull(fame, like) * world.images.draw[choice.title, choice.image]
    clicked = seen & (dice.random(n, np.float32) < np.minimum(pull, 1) * reach)
    targets = (
        _softmax(_POPULAR_FAME * shelf.fame),
        _softmax(_V2_FAME * shelf.fame + _V2_TASTE * shelf.like),
    )
    believed = _believed(shelf, shelf.fame, shelf.like)
    expected = _expected(world, shelf, explore) * reach[:, None]
    return Slots(
        request=shelf.request,
        row=shelf.row,
        column=shelf.column,
        kind=shelf.kind,
        title=choice.title,
        image=choice.image,
        propensity=choice.propensity,
        image_propensity=choice.image_propensity,
        score=_believed(shelf, fame[:, None], like[:, None])[:, 0],
        seen=seen,
        clicked=clicked,
        played=clicked & (dice.random(n, np.float32) < PLAYS),
        weights=np.stack([t[rows, choice.rank] * choice.inside for t in targets], axis=1),
        models=np.stack([(t * believed).sum(1) for t in targets], axis=1),
        values=np.stack([(t * expected).sum(1) for t in targets], axis=1),
    )


def _pull(fame: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Chance that somebody who looks at a title clicks it, by the usual image."""
    return _sigmoid(_BASE + _FAME * fame + _TASTE * like)


def _expected(world: World, shelf: _Shelf, explore: np.ndarray) -> np.ndarray:
    """The chance by candidate, averaged over the images it may be shown with."""
    titles = world.pools.titles[shelf.pool[:, None], shelf.places]
    factor = np.where(explore[:, None], world.images.even()[titles], world.images.usual()[titles])
    return np.minimum(_pull(shelf.fame, shelf.like) * factor, 1)


def _believed(shelf: _Shelf, fame: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The reward model of the rankers: sees taste dimly, and is wrong on the whole."""
    looks = examination(shelf.row, shelf.column)[:, None]
    score = _sigmoid(_MODEL_BASE + _MODEL_FAME * fame + _MODEL_TASTE * like)
    return (score * looks * np.float32(_MODEL_SCALE)).astype(np.float32)


def _grid(
    pages: Requests, chunk: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Request, row, column and kind of row of every policy slot. The billboard is one slot."""
    shape = (len(chunk), ROWS, COLUMNS)
    row = np.broadcast_to(np.arange(1, ROWS + 1)[None, :, None], shape)
    column = np.broadcast_to(np.arange(1, COLUMNS + 1)[None, None, :], shape)
    kind = np.broadcast_to(pages.layout[chunk][:, :, None], shape)
    filled = (row <= pages.rows_loaded[chunk][:, None, None]) & (kind != CONTINUE)
    filled &= (kind > 0) | (column == 1)
    request = np.broadcast_to(chunk[:, None, None], shape)[filled].astype(np.int32)
    return request, row[filled].astype(np.int8), column[filled].astype(np.int8), kind[filled]


def _image(dice: np.random.Generator, explore: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Image and its probability: the first one mostly, any one where the request explores."""
    draw = dice.random(len(explore))
    usual = np.searchsorted(np.cumsum(USUAL)[:-1], draw, "right")
    image = np.where(explore, (draw * len(USUAL)).astype(int), usual)
    return image.astype(np.int8), np.where(explore, 1 / len(USUAL), USUAL[image])


def _softmax(logits: np.ndarray) -> np.ndarray:
    weight = np.exp(logits)
    return weight / weight.sum(1, keepdims=True)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))
