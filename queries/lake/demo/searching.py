"""The searches table: what people typed, what came up, what they played.

A visit that plays from the search typed one to three queries, the last one with the title in it;
some visits that play nothing searched in vain, now and then for what the catalogue lacks.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from queries.lake.demo import arrow, names
from queries.lake.demo.arrow import coded, known, lists
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.clock import arrival_delay_s
from queries.lake.demo.geography import geography
from queries.lake.demo.journal import Journal, journal, who
from queries.lake.demo.playback import Played, search_id
from queries.lake.demo.viewing import SEARCHED, Intents
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block, World

INTENTS = ("title", "person", "genre", "explore")
RESULTS = 10
_SPELLINGS = 4
_VAIN = 0.3
_VAIN_S, _QUERY_S = 60, 14
_VAIN_IDS = 50_000_000
_MISTYPED, _LOOKED = 0.1, 0.16


@dataclass(frozen=True)
class _Typed:
    """One row a query.

    `leads` points to the play that the chain of queries ends in, or is -1; `play` is the same for
    the chain's last query and -1 for the others. `steps` counts the queries still to come in it.
    """

    visit: np.ndarray
    leads: np.ndarray
    play: np.ndarray
    steps: np.ndarray
    again: np.ndarray
    wanted: np.ndarray
    intent: np.ndarray
    spelling: np.ndarray
    unmet: np.ndarray


@dataclass(frozen=True)
class Searches:
    """The table, and how many searches each visit has."""

    journal: Journal
    by_visit: np.ndarray


def searches_table(block: Block, of: Visits, wants: Intents, played: Played) -> Searches:
    """Every settled query of the block, sorted by day."""
    world, dice = block.world, block.dice("searches")
    typed = _typed(block, dice, of, wants, played)
    n, visit = len(typed.visit), typed.visit
    leads = np.where(typed.leads >= 0, played.begins_s[np.maximum(typed.leads, 0)], _VAIN_S)
    began = of.start_s[visit] + np.maximum(leads - 9 - _QUERY_S * typed.steps, 1)
    arrives = began + 30 + arrival_delay_s(dice, n)
    query, evened = _query(world, typed)
    spelled = np.minimum(4 + dice.integers(0, 14, n), 24)
    places = geography()
    made = {
        **who(block, of, visit),
        **_outcome(world, dice, typed, played),
        "search_id": _ids(block, typed, played),
        "prev_search_id": known(_ids(block, typed, played) - 1, typed.again),
        "ts": arrow.times(world.clock, began),
        "local_date": arrow.days(world.clock, of.day[visit].astype(np.int32)),
        "query": query,
        "query_norm": evened,
        "lang": coded(places.language[of.country[visit]], places.languages),
        "keystrokes_n": np.where(typed.spelling == 1, np.minimum(spelled, 6), spelled),
        "intent": coded(typed.intent, INTENTS),
        "ingest_ts": arrow.times(world.clock, arrives),
    }
    return Searches(
        journal=journal("searches", made, of.day[visit], arrives <= world.clock.end_s),
        by_visit=np.bincount(visit, minlength=of.count),
    )


def _ids(block: Block, typed: _Typed, played: Played) -> np.ndarray:
    """Ids of a chain of queries follow on; the last one is what its play names."""
    event = played.event[np.maximum(typed.leads, 0)]
    chain = np.where(typed.leads >= 0, event, _VAIN_IDS + typed.visit)
    return search_id(block, chain, typed.steps)


def _outcome(
    world: World, dice: np.random.Generator, typed: _Typed, played: Played
) -> dict[str, object]:
    """What came up and what was clicked: the title played, or a look at another one, or nothing."""
    n = len(typed.visit)
    hit, play = typed.play >= 0, np.maximum(typed.play, 0)
    none = (typed.unmet >= 0) | (~hit & (dice.random(n) < _MISTYPED))
    rank = np.minimum(dice.geometric(0.55, n), RESULTS)
    many = np.maximum(dice.integers(1, 33, n), np.where(hit, np.maximum(rank, 3), 1))
    found = np.where(none, 0, many)
    clicked = hit | (~none & (dice.random(n) < _LOOKED))
    rank = np.where(clicked, np.minimum(rank, found), 0)
    title = np.where(hit, played.title[play], typed.wanted)
    took = (900 + dice.standard_gamma(2.2, n) * 1900).astype(np.int32)
    return {
        "results_n": found,
        "result_titles": _results(world, dice, (title, rank, found)),
        "clicked_rank": known(rank, clicked),
        "clicked_title_id": known(title + 1, clicked),
        "ms_to_click": known(took, clicked),
        "played_title_id": known(title + 1, hit & played.ok[play]),
        "watched_s": np.where(hit, played.watched_s[play], 0).astype(np.int32),
    }


def _typed(
    block: Block, dice: np.random.Generator, of: Visits, wants: Intents, played: Played
) -> _Typed:
    opener = np.concatenate([[True], played.event[1:] != played.event[:-1]])
    plays = np.flatnonzero(opener & (played.source == SEARCHED))
    empty = np.ones(of.count, bool)
    empty[played.visit] = False
    vain = np.flatnonzero(empty & wants.idle & (dice.random(of.count) < _VAIN))
    visit = np.concatenate([played.visit[plays], vain])
    play = np.concatenate([plays, np.full(len(vain), -1)])
    before = np.minimum(dice.geometric(0.76, len(visit)) - 1, 3)
    rows = np.repeat(np.arange(len(visit)), before + 1)
    starts = np.concatenate([[0], np.cumsum(before + 1)[:-1]])
    nth = np.arange(len(rows)) - starts[rows]
    steps = before[rows] - nth
    visit, leads = visit[rows], play[rows]
    play = np.where(steps == 0, leads, -1)
    n = len(visit)
    order = np.argsort(visit, kind="stable")
    drawn = dice.random(n)
    intent = np.searchsorted([0.68, 0.82, 0.93], drawn, "right").astype(np.int8)
    hit = play >= 0
    wanted = np.where(
        hit, played.title[np.maximum(play, 0)], dice.integers(0, block.world.titles.count, n)
    )
    typed = _Typed(
        visit=visit,
        leads=leads,
        play=play,
        steps=steps,
        again=nth > 0,
        wanted=wanted,
        intent=np.where(hit & (drawn > 0.9), 0, intent).astype(np.int8),  # noqa: PLR2004
        spelling=dice.integers(0, _SPELLINGS, n).astype(np.int8),
        unmet=_unmet(block, dice, of, (visit, hit)),
    )
    return _Typed(**{name: values[order] for name, values in vars(typed).items()})


def _unmet(
    block: Block, dice: np.random.Generator, of: Visits, at: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Which unmet wish a vain query is for; the planted one grows in its country."""
    visit, hit = at
    plan = block.world.plan.unmet
    some = ~hit & (dice.random(len(visit)) < 0.16)  # noqa: PLR2004 - of queries in vain
    wish = np.where(some, dice.integers(0, len(names.UNMET), len(visit)), -1)
    there = (of.country[visit] == geography().index(plan.country)) & (of.day[visit] >= plan.day)
    grows = ~hit & there & (dice.random(len(visit)) < plan.share)
    return np.where(grows, names.UNMET.index(plan.query), wish).astype(np.int8)


def _query(world: World, typed: _Typed) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """What was typed and what it was evened out to."""
    plain = [name.lower().partition(":")[0] for name in world.titles.names]
    forms = [(p, p[:5], p.replace("e", "", 1), p.upper()) for p in plain]
    typed_as = [f for group in forms for f in group]
    first = len(typed_as)
    extra = [*names.PEOPLE, *GENRES, *names.UNMET]
    people, genres = first, first + len(names.PEOPLE)
    unmet = genres + len(GENRES)
    code = typed.wanted.astype(np.int64) * _SPELLINGS + typed.spelling
    code = np.where(typed.intent == 1, people + typed.wanted % len(names.PEOPLE), code)
    code = np.where(
        typed.intent == INTENTS.index("genre"),
        genres + world.titles.genre[typed.wanted].astype(np.int64),
        code,
    )
    code = np.where(typed.unmet >= 0, unmet + typed.unmet.astype(np.int64), code).astype(np.int32)
    evened = [
        f.lower() if i % _SPELLINGS == 1 else plain[i // _SPELLINGS] for i, f in enumerate(typed_as)
    ]
    return coded(code, [*typed_as, *extra]), coded(code, [*evened, *extra])


def _results(
    world: World, dice: np.random.Generator, what: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> pa.ListArray:
    """At most ten title ids, the clicked one at its rank."""
    title, rank, found = what
    shown = np.minimum(found, RESULTS)
    ids = dice.integers(1, world.titles.count + 1, (len(title), RESULTS))
    at = np.flatnonzero(rank > 0)
    ids[at, np.minimum(rank[at], RESULTS) - 1] = title[at] + 1
    inside = np.arange(RESULTS)[None, :] < shown[:, None]
    offsets = np.concatenate([[0], np.cumsum(shown)])
    return lists(offsets, pa.array(ids[inside]))
