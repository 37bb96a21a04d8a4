"""Candidate pools of the home page, and how each row's ranker orders them.

A pool is of one country, taste cluster and fortnight: titles that play there all that time. Row and
column give a slot its own few candidates, so a row never shows a title twice, and what one slot
shows does not depend on what the others do.
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.catalogue import TASTES, Catalogue
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import geography
from queries.lake.demo.popularity import KIDS, Popularity

POOL = 60
COLUMNS = 6
CANDIDATES = 8
SPAN_DAYS = 14
ORDERS = ("billboard", "pvr", "trending", "similar", "top10", "pvr", "similar")
BILLBOARD, PVR, TRENDING, SIMILAR, TOP10, GENRE_ROW, SIMILAR_TOO = range(7)
CLUSTERS = TASTES + 1


@dataclass(frozen=True)
class Pools:
    """`titles` by pool and place in it; `order` ranks the places for each kind of row.

    `fame` is how popular a title is within its pool, with mean 0 and spread 1.
    """

    titles: np.ndarray
    fame: np.ndarray
    order: np.ndarray
    place: np.ndarray
    spans: int

    def of(self, country: np.ndarray, cluster: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The pool of each request."""
        span = day.astype(np.int32) // SPAN_DAYS
        return (country.astype(np.int32) * CLUSTERS + cluster) * self.spans + span


def pools(titles: Catalogue, popular: Popularity, clock: Clock, seed: int) -> Pools:
    """Pools of every country, cluster and fortnight, best known titles first."""
    dice = stream(seed, "pools")
    spans = -(-clock.days // SPAN_DAYS)
    countries = geography().countries
    shape = (len(countries), CLUSTERS, spans)
    found = np.empty((*shape, POOL), np.int32)
    for span in range(spans):
        first, last = span * SPAN_DAYS, min((span + 1) * SPAN_DAYS, clock.days) - 1
        out = (titles.release <= first) & ~titles.weekly
        weight = popular.daily[first : last + 1].mean(0) * out
        for nth in range(len(countries)):
            plays = (titles.opens[:, nth] <= first) & (titles.closes[:, nth] > last + 1)
            local = np.where(geography().market[titles.origin] == geography().market[nth], 2.2, 1.0)
            for cluster in range(CLUSTERS):
                kids = cluster == KIDS
                lean = titles.family + 1e-4 if kids else popular.lean[:, cluster]
                score = weight * plays * local * lean
                found[nth, cluster, span] = np.argsort(-score, kind="stable")[:POOL]
    flat = found.reshape(-1, POOL)
    fame = _standard(np.log(popular.share[flat] + 1e-9))
    order = np.stack(
        [np.argsort(-s, axis=1, kind="stable") for s in _scores(dice, titles, flat, fame)], axis=1
    )
    return Pools(
        titles=flat,
        fame=fame.astype(np.float32),
        order=order.astype(np.int8),
        place=np.argsort(order, axis=2, kind="stable").astype(np.int8),
        spans=spans,
    )


def _scores(
    dice: np.random.Generator, titles: Catalogue, flat: np.ndarray, fame: np.ndarray
) -> list[np.ndarray]:
    """How much each kind of row wants each title of each pool, in the order of ORDERS."""
    new = np.exp(-np.maximum(-titles.release[flat], 0) / 400.0)
    some = [dice.normal(0, 1, flat.shape) for _ in range(4)]
    seed = titles.embedding[flat[:, :1]]
    near = (titles.embedding[flat] * seed).sum(-1)
    other = (titles.embedding[flat] * titles.embedding[flat[:, 7:8]]).sum(-1)
    return [
        2.5 * titles.original[flat] + 1.5 * new + 0.3 * fame + 0.8 * some[0],
        0.9 * fame + 0.7 * titles.quality[flat] + 0.5 * some[1],
        1.2 * new + 0.7 * fame + 0.5 * some[2],
        2.0 * near + 0.3 * fame,
        1.6 * fame,
        0.4 * fame
        + 0.6 * titles.quality[flat]
        + (titles.genre[flat] == titles.genre[flat[:, 3:4]]) * 2.0,
        2.0 * other + 0.3 * fame + 0.4 * some[3],
    ]


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(1, keepdims=True)
    return centred / np.maximum(centred.std(1, keepdims=True), 1e-6)
