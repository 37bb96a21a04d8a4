"""The visits table, and the impressions table: what was on screen, and what came of it."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from queries.lake.demo import arrow
from queries.lake.demo.accounts import KINDS as ACCOUNT_KINDS
from queries.lake.demo.accounts import profile_id
from queries.lake.demo.arrow import coded, known, maps
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.clock import arrival_delay_s
from queries.lake.demo.geography import DEVICES, geography
from queries.lake.demo.home import CONTINUE, POLICIES, RANKERS, Requests, Slots
from queries.lake.demo.images import artwork_id
from queries.lake.demo.playback import Played
from queries.lake.demo.pools import GENRE_ROW, SIMILAR, SIMILAR_TOO
from queries.lake.demo.viewing import RESUMED, SOURCES, Events
from queries.lake.demo.visits import VERSIONS, Visits
from queries.lake.demo.world import Block

ENDS = ("play", "exit", "timeout")
MODELS = ("pvr_v1", "rule")
IMAGE_POLICIES = ("first", "best")


@dataclass(frozen=True)
class Journal:
    """A table and the days of its rows; and for impressions the sums of the policies' values."""

    rows: pa.Table
    day: np.ndarray
    values: np.ndarray
    slots: int


def visits_table(block: Block, of: Visits, pages: Requests, played: Played) -> Journal:
    """One row a visit; those without a logged page scrolled as people do."""
    world, dice = block.world, block.dice("visits table")
    n = of.count
    count = np.bincount(played.visit[played.ok], minlength=n)
    ends = np.zeros(n, np.int64)
    np.maximum.at(ends, played.visit, played.runs_s)
    opener = np.flatnonzero(played.first)
    choosing, source = np.full(n, -1, np.int64), np.full(n, -1, np.int8)
    started = opener[played.ok[opener]]
    choosing[played.visit[started]] = played.begins_s[started] * 1000 + dice.integers(
        0, 1000, len(started)
    )
    source[played.visit[started]] = played.source[started]
    looked = (choosing < 0) | (source != RESUMED)
    seen = np.where(looked, np.minimum(1 + dice.geometric(0.29, n), 8), 1 + (dice.random(n) < 0.6))  # noqa: PLR2004
    loaded = np.clip(seen + 1 + (dice.random(n) < 0.5), 4, 8)  # noqa: PLR2004
    columns = np.array([6, 6, 3, 5])[of.device]
    columns = np.where(dice.random(n) < 0.18, 6, columns)  # noqa: PLR2004
    seen[pages.visit], loaded[pages.visit] = pages.rows_seen, pages.rows_loaded
    columns[pages.visit] = pages.columns_seen
    idle_s = np.exp(dice.normal(4.4, 0.8, n)).astype(np.int64)
    ends = np.where(ends > 0, ends + 3, np.clip(idle_s, 3, 1700))
    arrives = of.start_s + ends + arrival_delay_s(dice, n)
    kept = arrives <= world.clock.end_s
    order = np.flatnonzero(kept)[np.argsort(of.day[kept], kind="stable")]
    some = {name: dice.poisson(rate * seen).astype(np.int16) for name, rate in _BROWSING.items()}
    searched = (source == 6) | ((choosing < 0) & (dice.random(n) < 0.12))  # noqa: PLR2004
    last = np.where(count > 0, 0, np.where(dice.random(n) < 0.86, 1, 2)).astype(np.int8)  # noqa: PLR2004
    columns_of = {
        **_who(block, of, np.arange(n)),
        "visit_id": block.first_id + np.arange(n),
        "start_ts": arrow.times(world.clock, of.start_s),
        "end_ts": arrow.times(world.clock, of.start_s + ends),
        "app_version": coded(of.version, [v for _, v in VERSIONS]),
        "rows_loaded": loaded,
        "rows_seen": seen,
        "max_row": seen,
        "max_col": columns,
        "v_scrolls": seen - 1 + some["hovers_n"] // 4,
        "h_scrolls": (columns > 3) * 1 + some["details_n"],  # noqa: PLR2004
        **some,
        "searches_n": searched.astype(np.int16),
        "plays_n": count,
        "first_play_ms": known(choosing, choosing >= 0),
        "first_play_source": coded(source, SOURCES),
        "end_reason": coded(last, ENDS),
        "ingest_ts": arrow.times(world.clock, arrives),
    }
    rows = arrow.table("visits", {n: arrow.taken(v, order) for n, v in columns_of.items()})
    return Journal(rows, of.day[order].astype(np.int32), np.zeros(0), 0)


_BROWSING = {"hovers_n": 2.3, "previews_n": 0.9, "details_n": 0.55}


def impressions_table(
    block: Block, of: Visits, pages: Requests, shown: Slots, outcome: tuple[Events, Played]
) -> Journal:
    """Policy slots and the row of things to go on with, sorted by day."""
    world, dice = block.world, block.dice("impressions table")
    goes_on = _continue_row(of, pages, outcome)
    part = _joined(shown, goes_on)
    request = part["request"]
    visit = pages.visit[request]
    n = len(request)
    policy = np.arange(n) < len(shown.request)
    watched = _watched(outcome, len(shown.request), n)
    watched[~policy] = goes_on["watched_s"]
    began = of.start_s[visit] + 2 + (part["row"].astype(np.int32) - 1) * 9
    arrives = began + 60 + arrival_delay_s(dice, len(pages.visit))[request]
    kept = arrives <= world.clock.end_s
    order = np.flatnonzero(kept)[np.argsort(of.day[visit[kept]], kind="stable")]
    model = np.where(policy, 0, 1).astype(np.int8)
    chosen = np.stack(
        [part["image"] == 0, part["image"] == world.images.best[part["title"]]], axis=1
    )
    columns = {
        **_who(block, of, visit),
        "request_id": (block.first_id + visit.astype(np.int64)) * 10,
        "visit_id": block.first_id + visit.astype(np.int64),
        "ts": arrow.times(world.clock, began),
        "page": arrow.constant("home", n),
        "row_pos": part["row"],
        "col_pos": part["column"],
        "ranker": coded(part["kind"], RANKERS),
        "row_context": _context(block, pages, part),
        "title_id": part["title"] + 1,
        "artwork_id": artwork_id(part["title"], part["image"]),
        "model_version": coded(model, MODELS),
        "explore": pages.explore[request] & policy,
        "propensity": part["propensity"],
        "art_propensity": part["image_propensity"],
        "q_hat": known(part["score"], policy),
        "seen": part["seen"],
        "clicked": part["clicked"],
        "played": part["played"],
        "watched_s": watched,
        "in_progress": ~policy,
        "sample_w": np.full(n, float(world.size.page_every)),
        "ingest_ts": arrow.times(world.clock, arrives),
    }
    taken = {name: arrow.taken(values, order) for name, values in columns.items()}
    of_policy, targets = policy[order], np.zeros((n, len(POLICIES)), np.float32)
    targets[: len(shown.request)] = shown.weights
    models = np.zeros((n, len(POLICIES)), np.float32)
    models[: len(shown.request)] = shown.models
    taken |= {
        "impression_id": block.first_id + np.arange(len(order)),
        "targets": maps(POLICIES, targets[order], of_policy),
        "dm": maps(POLICIES, models[order], of_policy),
        "art_targets": maps(IMAGE_POLICIES, chosen[order], of_policy),
    }
    member = world.people.kind[of.account[visit]] == 0
    counted = (kept & policy & part["seen"] & member)[: len(shown.request)]
    return Journal(
        rows=arrow.table("impressions", taken),
        day=of.day[visit[order]].astype(np.int32),
        values=shown.values[counted].astype(np.float64).sum(0),
        slots=int(counted.sum()),
    )


def _who(block: Block, of: Visits, visit: np.ndarray) -> dict[str, object]:
    account = of.account[visit]
    people = block.world.people
    return {
        "account_id": account + 1,
        "profile_id": profile_id(account, of.profile[visit]),
        "local_date": arrow.days(block.world.clock, of.day[visit].astype(np.int32)),
        "local_hour": (of.second[visit] // 3600).astype(np.int8),
        "country": coded(of.country[visit], geography().codes),
        "device": coded(of.device[visit], DEVICES),
        "feed": arrow.constant(arrow.FEED, len(visit)),
        "account_kind": coded(people.kind[account], ACCOUNT_KINDS),
        "bucket": people.bucket[account],
    }


def _continue_row(
    of: Visits, pages: Requests, outcome: tuple[Events, Played]
) -> dict[str, np.ndarray]:
    """Slots of “continue watching”: the profile's last titles, newest first, by rule.

    Whoever went on with the newest clicked the first slot.
    """
    _, played = outcome
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


def _joined(shown: Slots, goes_on: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    n = len(goes_on["request"])
    rest = {
        "image": np.zeros(n, np.int8),
        "propensity": np.ones(n, np.float32),
        "image_propensity": np.ones(n),
        "score": np.zeros(n, np.float32),
        "played": goes_on["clicked"],
        **{k: v for k, v in goes_on.items() if k != "watched_s"},
    }
    return {name: np.concatenate([getattr(shown, name), rest[name]]) for name in rest}


def _watched(outcome: tuple[Events, Played], policy: int, n: int) -> np.ndarray:
    """Seconds watched of what each slot started."""
    happened, played = outcome
    watched = np.zeros(n, np.int32)
    slot = happened.slot[played.event]
    opener = np.concatenate([[True], played.event[1:] != played.event[:-1]]) & (slot >= 0)
    watched[slot[opener]] = np.where(played.ok, played.watched_s, 0)[opener]
    watched[policy:] = 0
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
