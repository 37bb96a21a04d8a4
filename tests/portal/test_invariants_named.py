"""Each rule that every load must keep, broken on purpose in one small lake: each is named."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from portal.open_page import open_page
from portal.page import Page, Section
from portal.tiles import InvariantResults
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.health import outcomes
from queries.lake.contract import table
from queries.lake.lake import Change, Lake
from queries.rollups import refresh
from queries.warehouse import Warehouse

DAY = date(2026, 1, 10)
NOON = datetime(2026, 1, 10, 12)  # noqa: DTZ001 - the lake is naive UTC
OWNED = {"account_id": 1, "feed": "a", "account_kind": "member", "bucket": 1, "local_date": DAY}
PLAY: dict[str, Any] = OWNED | {
    "start_ts": NOON,
    "video_id": 11,
    "title_id": 1,
    "country": "US",
    "start_pos_s": 0,
    "max_pos_s": 50,
    "watched_s": 50,
    "wall_s": 60,
    "runtime_s": 100,
    "outcome": "played",
    "startup_ms": 500,
}
SHOWN: dict[str, Any] = OWNED | {
    "ts": NOON,
    "propensity": 0.5,
    "targets": [{"key": "even", "value": 0.5}],
    "seen": True,
    "clicked": False,
    "played": False,
    "sample_w": 1.0,
}
TASK: dict[str, Any] = {
    "stage": "vfx",
    "queued_ts": NOON,
    "started_ts": NOON + timedelta(1),
    "finished_ts": NOON + timedelta(2),
}
TABLES: dict[str, list[dict[str, Any]]] = {
    "titles": [
        {"title_id": n, "name": str(n), "kind": "film", "runtime_s": 100} for n in (1, 2, 3)
    ],
    "videos": [
        {"video_id": 10 + n, "title_id": n, "runtime_s": 100, "available_from": date(2025, 1, 1)}
        for n in (1, 2, 3)
    ],
    "availability": [{"title_id": 1, "country": "US", "window_start": date(2025, 1, 1)}],
    "billing_events": [
        {"event_id": n, "account_id": n, "event_ts": NOON - timedelta(60), "kind": "signup_paid"}
        | {"local_date": DAY - timedelta(60)}
        for n in (1, 2, 3)
    ],
    "playback": [PLAY | {"session_id": n} for n in range(1, 5)],
    "impressions": [SHOWN | {"impression_id": n, "bucket": n} for n in range(1, 5)],
    "post_tasks": [TASK | {"task_id": n} for n in (1, 2)],
}
LEFT = {
    "event_id": 9,
    "account_id": 2,
    "event_ts": NOON - timedelta(30),
    "kind": "cancel_voluntary",
}
PAID_TWICE = {"event_id": 8, "account_id": 3, "event_ts": NOON, "kind": "signup_paid"}
UNCLICKED = SHOWN | {"impression_id": 22, "played": True}
UNQUEUED = TASK | {"task_id": 22, "queued_ts": None, "finished_ts": NOON + timedelta(1.5)}
BREAKING: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "playback_key": ("playback", [PLAY | {"session_id": 1}]),
    "playback_positions_out_of_order": (
        "playback",
        [PLAY | {"session_id": 20, "start_pos_s": 60}],
    ),
    "playback_position_past_end": ("playback", [PLAY | {"session_id": 21, "max_pos_s": 106}]),
    "playback_watched_longer_than_session": (
        "playback",
        [PLAY | {"session_id": 22, "watched_s": 70}],
    ),
    "playback_watched_without_start": (
        "playback",
        [PLAY | {"session_id": 23, "outcome": "vsf"}],
    ),
    "play_outside_licence": ("playback", [PLAY | {"session_id": 24, "country": "BR"}]),
    "play_outside_membership": ("playback", [PLAY | {"session_id": 25, "account_id": 2}]),
    "video_before_it_was_there": (
        "playback",
        [PLAY | {"session_id": 26, "video_id": 13, "title_id": 3}],
    ),
    "impressions_propensity_out_of_range": (
        "impressions",
        [SHOWN | {"impression_id": 20, "propensity": 1.5, "targets": None}],
    ),
    "impressions_clicked_unseen": (
        "impressions",
        [SHOWN | {"impression_id": 21, "seen": False, "clicked": True}],
    ),
    "impressions_played_unclicked": (
        "impressions",
        [UNCLICKED],
    ),
    "weights_are_not_one": (
        "impressions",
        [
            SHOWN
            | {"impression_id": 30 + n, "bucket": n, "targets": [{"key": "bad", "value": 0.9}]}
            for n in range(1, 5)
        ],
    ),
    "runtime_is_not_of_videos": (
        "titles",
        [{"title_id": 4, "name": "4", "kind": "film", "runtime_s": 999}],
    ),
    "memberships_overlap": ("billing_events", [PAID_TWICE | {"local_date": DAY}]),
    "post_tasks_started_before_queued": (
        "post_tasks",
        [TASK | {"task_id": 20, "started_ts": NOON - timedelta(1)}],
    ),
    "post_tasks_finished_before_started": (
        "post_tasks",
        [TASK | {"task_id": 21, "finished_ts": NOON + timedelta(hours=1)}],
    ),
    "flow_breaks_littles_law": ("post_tasks", [UNQUEUED]),
}
MEANS = {
    "videos": [
        {"video_id": 14, "title_id": 4, "runtime_s": 100, "available_from": date(2025, 1, 1)}
    ],
    "billing_events": [LEFT | {"local_date": DAY - timedelta(30)}],
}
"""What makes rows of other tables wrong, and breaks nothing itself."""
LATER = date(2026, 2, 1)
PAGE = Page(
    path="/small",
    title="Small",
    question="What?",
    datasets=("playback",),
    sections=(Section(tiles=(InvariantResults(),)),),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory="500MB")
    yield engine
    engine.close()


def loaded(folder: Path, engine: DuckDBEngine, *, broken: bool) -> Lake:
    """The small world; every rule is broken in it, or none."""
    rows = {name: list(given) for name, given in TABLES.items()}
    if broken:
        for name, more in (*BREAKING.values(), *MEANS.items()):
            rows[name] += more
        rows["videos"][2] |= {"available_from": LATER}
    lake = Lake(folder)
    frames = {n: pl.DataFrame(r, schema=_schema(n, r), strict=False) for n, r in rows.items()}
    lake.commit([Change(table=n, rows=f) for n, f in frames.items()], "test")
    refresh(lake, (), engine)
    return lake


def _schema(name: str, rows: list[dict[str, Any]]) -> list[str]:
    """The columns that are given, in the order of the contract."""
    declared = table(name)
    assert declared
    return [c for c in declared.names if any(c in row for row in rows)]


def test_a_world_without_fault_breaks_nothing(tmp_path: Path, engine: DuckDBEngine):
    found = outcomes(loaded(tmp_path, engine, broken=False).snapshot_now())
    assert set(BREAKING) <= {o.invariant.name for o in found if o.broken == 0}
    assert not [o for o in found if o.broken or o.problem]


def test_each_rule_that_is_broken_is_named_with_how_often_and_stands_first_on_health(
    tmp_path: Path, engine: DuckDBEngine
):
    lake = loaded(tmp_path, engine, broken=True)
    found = {o.invariant.name: o.broken for o in outcomes(lake.snapshot_now()) if o.broken}
    assert found == dict.fromkeys(BREAKING, 1)
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    opened = open_page(PAGE, "", warehouse, Access())
    drawing = InvariantResults().report(warehouse.health(Access()), opened.context)
    first = drawing.content["tables"][0]["rows"][: len(BREAKING)]
    assert {row[3]["text"].split()[-1] for row in first} == set(BREAKING)
    assert {row[2]["tone"] for row in first} == {"bad"}
