"""The impressions table: what was on screen in logged pages, and what came of it."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from queries.lake.demo import arrow
from queries.lake.demo.arrow import coded, known, maps
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.clock import arrival_delay_s
from queries.lake.demo.home import CONTINUE, RANKERS, Requests
from queries.lake.demo.images import artwork_id
from queries.lake.demo.journal import Journal, journal, request_id, who
from queries.lake.demo.playback import Played
from queries.lake.demo.pools import GENRE_ROW, SIMILAR, SIMILAR_TOO
from queries.lake.demo.slots import POLICIES, Slots
from queries.lake.demo.viewing import RESUMED, Events
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block

MODELS = ("pvr_v1", "rule")
IMAGE_POLICIES = ("first", "best")
_ROW_S = 9


@dataclass(frozen=True)
class Impressions:
    """The table, and the sums of true expected clicks by policy over `slots` slots.

    Counted are the slots that off-policy values are asked of: seen, by members, filled by a policy.
    """

    journal: Journal
    values: np.ndarray
    slots: int


def impressions_table(
    block: Block, of: Visits, pages: Requests, shown: Slots, outcome: tuple[Events, Played]
) -> Impressions:
    """Policy slots, then the row of things to go on with; sorted by day."""
    world, dice = block.world, block.dice("impressions table")
    part = _joined(shown, _continue_row(of, pages, outcome[1]), outcome)
    request = part["request"]
    visit = pages.visit[request]
    began = of.start_s[visit] + 2 + (part["row"].astype(np.int32) - 1) * _ROW_S
    arrives = began + 60 + arrival_delay_s(dice, len(pages.visit))[request]
    kept = arrives <= world.clock.end_s
    made = {
        **who(block, of, visit),
        "impression_id": lambda order: block.first_id + np.arange(len(order)),
        "request_id": request_id(block, visit),
        "ts": arrow.times(world.clock, began),
        "local_date": arrow.days(world.clock, of.day[visit].astype(np.int32)),
        "local_hour": (of.second[visit] // 3600).astype(np.int8),
        "page": arrow.constant("home", len(visit)),
        "row_context": _context(block, pages, part),
        "sample_w": np.full(len(visit), float(world.size.page_every)),
        "ingest_ts": arrow.times(world.clock, arrives),
        **_columns(block, pages, shown, part),
    }
    n = len(shown.request)
    counted = (kept & part["seen"])[:n] & (world.people.kind[of.account[visit[:n]]] == 0)
    return Impressions(
        journal=journal("impressions", made, of.day[visit], kept),
        values=shown.values[counted].astype(np.float64).sum(0),
        slots=int(counted.sum()),
    )


def _columns(
    block: Block, pages: Requests, shown: Slots, part: dict[str, np.ndarray]
) -> dict[str, object]:
    """Columns of slots; the row of things to go on with has no policy to compare with."""
    title, image = part["title"], part["image"]
    n = len(title)
    policy = np.arange(n) < len(shown.request)
    by_policy = {"targets": _padded(shown.weights, n), "dm": _padded(shown.models, n)}
    best = block.world.images.best[title]
    chosen = np.stack([image == 0, image == best], axis=1)
    return {
        "row_pos": part["row"],
        "col_pos": part["column"],
        "ranker": coded(part["kind"], RANKERS),
        "title_id": title + 1,
        "artwork_id": artwork_id(title, image),
        "model_version": coded(np.where(policy, 0, 1).astype(np.int8), MODELS),
        "explore": pages.explore[part["request"]] & policy,
        "propensity": part["propensity"],
        "art_propensity": part["image_propensity"],
        "targets": lambda order: maps(POLICIES, by_policy["targets"][order], policy[order]),
        "art_targets": lambda order: maps(IMAGE_POLICIES, chosen[order], policy[order]),
        "q_hat": known(part["score"], policy),
        "dm": lambda order: maps(POLICIES, by_policy["dm"][order], policy[order]),
        "seen": part["seen"],
        "clicked": part["clicked"],
        "played": part["played"],
        "watched_s": part["watched_s"],
        "in_progress": ~policy,
    }


def _padded(values: np.ndarray, n: int) -> np.ndarray:
    return np.concatenate([values, np.zeros((n - len(values), values.shape[1]), values.dtype)])


def _continue_row(of: Visits, pages: Requests, played: Played) -> dict[str, np.ndarray]:
    """Slots of “continue watching”: the profile's last titles, newest first, by rule.

    Whoever went on with the newest clicked the first slot.
    """
    visit = pages.visit
    before = np.searchsorted(played.visit, visit)
    slots: list[dict[str, np.ndarray]] = []
    row = (np.argmax(pages.layout == CONTINUE, axis=1) + 1).astype(np.int8)
    resumed = np.zeros(of.count, np.int32) - 1
    opener = np.flatnonzero(played.first & (played.source == RESUMED) & played.ok)
    resumed[played.visit[opener]] = opener
    taken = np.full((len(visit), 0), -1)
    steps = before - 1
    for column in range(1, 5):
        title, steps = _previous(of, played, (visit, steps, taken))
        found = (title >= 0) & (row <= pages.rows_loaded)
        opened = resumed[visit]
        hit = (
            found
            & (opened >= 0)
            & (played.title[np.maximum(opened, 0)] == title)
            & (row <= pages.rows_seen)
        )
        hit &= column <= pages.columns_seen
        at = np.flatnonzero(found)
        slots.append({
            "request": at.astype(np.int32),
            "row": row[at],
            "column": np.full(len(at), column, np.int8),
            "kind": np.full(len(at), CONTINUE, np.int8),
            "title": title[at].astype(np.int32),
            "seen": ((row <= pages.rows_seen) & (column <= pages.columns_seen))[at],
            "clicked": hit[at],
            "watched_s": np.where(hit, played.watched_s[np.maximum(opened, 0)], 0)[at],
        })  # fmt: skip
        taken = np.concatenate([taken, title[:, None]], axis=1)
    return {name: np.concatenate([s[name] for s in slots]) for name in slots[0]}


def _previous(
    of: Visits, played: Played, state: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The profile's title before the ones already taken, at most six plays back; else -1."""
    visit, steps, taken = state
    title = np.full(len(visit), -1, np.int64)
    for _ in range(6):
        inside = (title < 0) & (steps >= 0)
        at = np.maximum(steps, 0)
        candidate = played.title[at]
        mine = inside & (of.who[played.visit[at]] == of.who[visit])
        fresh = mine & (taken != candidate[:, None]).all(1)
        title = np.where(fresh, candidate, title)
        steps = np.where(inside, steps - 1, steps)
    return title, steps


def _joined(
    shown: Slots, goes_on: dict[str, np.ndarray], outcome: tuple[Events, Played]
) -> dict[str, np.ndarray]:
    n = len(goes_on["request"])
    rest = {
        "image": np.zeros(n, np.int8),
        "propensity": np.ones(n, np.float32),
        "image_propensity": np.ones(n),
        "score": np.zeros(n, np.float32),
        "played": goes_on["clicked"],
        **goes_on,
    }
    policy = {"watched_s": _watched(outcome, len(shown.request)), **vars(shown)}
    return {name: np.concatenate([policy[name], rest[name]]) for name in rest}


def _watched(outcome: tuple[Events, Played], slots: int) -> np.ndarray:
    """Seconds watched of what each policy slot started."""
    happened, played = outcome
    watched = np.zeros(slots, np.int32)
    slot = happened.slot[played.event]
    opener = np.concatenate([[True], played.event[1:] != played.event[:-1]]) & (slot >= 0)
    watched[slot[opener]] = np.where(played.ok, played.watched_s, 0)[opener]
    return watched


def _context(block: Block, pages: Requests, part: dict[str, np.ndarray]) -> pa.DictionaryArray:
    """What the row was made for: a genre, or a title that something is like."""
    world = block.world
    pool = pages.pool[part["request"]]
    kind = part["kind"]
    like = np.where(kind == SIMILAR, world.pools.titles[pool, 0], world.pools.titles[pool, 7])
    genre = world.titles.genre[world.pools.titles[pool, 3]]
    similar = (kind == SIMILAR) | (kind == SIMILAR_TOO)
    code = np.where(similar, like + len(GENRES), np.where(kind == GENRE_ROW, genre, -1))
    values = [f"genre: {g}" for g in GENRES] + [f"like: {t}" for t in world.titles.names]
    return coded(code.astype(np.int32), values)
