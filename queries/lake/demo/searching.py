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
from queries.lake.demo.accounts import KINDS as ACCOUNT_KINDS
from queries.lake.demo.accounts import profile_id
from queries.lake.demo.arrow import coded, known, lists
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.clock import arrival_delay_s
from queries.lake.demo.geography import DEVICES, geography
from queries.lake.demo.journal import Journal
from queries.lake.demo.playback import Played
from queries.lake.demo.viewing import SEARCHED, Intents
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block, World

INTENTS = ("title", "person", "genre", "explore")
RESULTS = 10
_SPELLINGS = 4
_VAIN = 0.3


@dataclass(frozen=True)
class _Typed:
    """One row a query. `play` points into the plays, or is -1."""

    visit: np.ndarray
    play: np.ndarray
    again: np.ndarray
    wanted: np.ndarray
    intent: np.ndarray
    spelling: np.ndarray
    unmet: np.ndarray


def searches_table(block: Block, of: Visits, wants: Intents, played: Played) -> Journal:
    """Every settled query of the block, sorted by day."""
    world, dice = block.world, block.dice("searches")
    typed = _typed(block, dice, of, wants, played)
    n = len(typed.visit)
    hit = typed.play >= 0
    play = np.maximum(typed.play, 0)
    began = of.start_s[typed.visit] + np.where(hit, np.maximum(played.begins_s[play] - 9, 1), 6)
    rank = np.minimum(dice.geometric(0.55, n), RESULTS)
    none = typed.unmet >= 0
    found = np.where(
        none,
        0,
        np.where(hit, np.maximum(rank, 3 + dice.integers(0, 30, n)), dice.integers(1, 30, n)),
    )
    none |= ~hit & (dice.random(n) < 0.1)  # noqa: PLR2004 - typing errors too big to mend
    found = np.where(none, 0, found)
    browsed = ~hit & ~none & (dice.random(n) < 0.16)  # noqa: PLR2004 - looked at and left
    clicked = hit | browsed
    rank = np.where(clicked, np.minimum(rank, found), 0)
    title = np.where(hit, played.title[play], typed.wanted)
    query = _query(world, typed)
    arrives = began + 30 + arrival_delay_s(dice, n)
    kept = (arrives <= world.clock.end_s) & (began >= of.start_s[typed.visit])
    order = np.flatnonzero(kept)[np.argsort(of.day[typed.visit[kept]], kind="stable")]
    ids = block.first_id + np.arange(n)
    places = geography()
    account = of.account[typed.visit]
    spelled = np.minimum(4 + dice.integers(0, 14, n), 24)
    columns = {
        "search_id": ids,
        "visit_id": block.first_id + typed.visit.astype(np.int64),
        "account_id": account + 1,
        "profile_id": profile_id(account, of.profile[typed.visit]),
        "ts": arrow.times(world.clock, began),
        "local_date": arrow.days(world.clock, of.day[typed.visit].astype(np.int32)),
        "country": coded(of.country[typed.visit], places.codes),
        "device": coded(of.device[typed.visit], DEVICES),
        "query": query[0],
        "query_norm": query[1],
        "lang": coded(places.language[of.country[typed.visit]], places.languages),
        "keystrokes_n": np.where(typed.spelling == 1, np.minimum(spelled, 6), spelled),
        "results_n": found,
        "result_titles": _results(world, dice, (title, rank, found)),
        "clicked_rank": known(rank, clicked),
        "clicked_title_id": known(title + 1, clicked),
        "ms_to_click": known((900 + dice.standard_gamma(2.2, n) * 1900).astype(np.int32), clicked),
        "played_title_id": known(title + 1, hit & played.ok[play]),
        "watched_s": np.where(hit, played.watched_s[play], 0).astype(np.int32),
        "prev_search_id": known(ids - 1, typed.again),
        "intent": coded(typed.intent, INTENTS),
        "feed": arrow.constant(arrow.FEED, n),
        "account_kind": coded(world.people.kind[account], ACCOUNT_KINDS),
        "bucket": world.people.bucket[account],
        "ingest_ts": arrow.times(world.clock, arrives),
    }
    taken = {name: arrow.taken(values, order) for name, values in columns.items()}
    day = of.day[typed.visit[order]].astype(np.int32)
    return Journal(arrow.table("searches", taken), day, np.zeros(0), 0)


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
    last = nth == before[rows]
    visit, play = visit[rows], np.where(last, play[rows], -1)
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
        play=play,
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
    grows = ~hit & there & (dice.random(len(visit)) < plan.share * 3)
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
