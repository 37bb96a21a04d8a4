"""Invariants are tried on every load and never stop one; doubts reach every answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.health import failed_tests, outcomes, tables_of
from queries.lake.invariants import declared
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.rollups import refresh
from queries.warehouse import Warehouse

DATASETS = builtin().datasets


@dataclass
class World:
    lake: Lake
    engine: DuckDBEngine

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.lake, self.engine, FrameCache(None), builtin())

    def load(self, broken: int) -> None:
        """Titles, of which some do not run as long as their videos; and windows of a licence."""
        titles = pl.DataFrame(
            {
                "title_id": [1, 2, 3],
                "name": ["A", "B", "C"],
                "kind": ["film"] * 3,
                "runtime_s": [100 + (n < broken) for n in range(3)],
            }
        )
        videos = pl.DataFrame(
            {"video_id": [1, 2, 3], "title_id": [1, 2, 3], "runtime_s": [100] * 3}
        )
        changes = [
            Change(table=n, rows=f, fresh=True) for n, f in (("titles", titles), ("videos", videos))
        ]
        self.lake.commit(changes, "test")

    def tried(self) -> dict[str, int | None]:
        return {o.invariant.name: o.broken for o in outcomes(self.lake.snapshot_now())}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = DuckDBEngine(memory="500MB")
    yield World(Lake(tmp_path / "lake"), engine)
    engine.close()


def test_rows_that_break_an_invariant_are_counted_beside_the_data_version(world: World):
    world.load(broken=2)
    assert world.tried()["runtime_is_not_of_videos"] is None
    refresh(world.lake, DATASETS, world.engine)
    assert world.tried()["runtime_is_not_of_videos"] == 2
    assert world.tried()["titles_key"] == 0
    version = world.lake.snapshot_now().data_version
    refresh(world.lake, DATASETS, world.engine)
    assert world.lake.snapshot_now().data_version == version, "nothing changed, so nothing is tried"


def test_an_invariant_is_tried_again_once_its_tables_change(world: World):
    world.load(broken=1)
    refresh(world.lake, DATASETS, world.engine)
    world.load(broken=0)
    assert world.tried()["runtime_is_not_of_videos"] is None
    refresh(world.lake, DATASETS, world.engine)
    assert world.tried()["runtime_is_not_of_videos"] == 0


def test_one_that_cannot_be_tried_says_so_and_stops_nothing(world: World):
    world.lake.commit([Change(table="videos", rows=pl.DataFrame({"video_id": [1]}))], "test")
    odd = pl.DataFrame({"title_id": [1], "name": ["A"], "kind": ["film"]})
    world.lake.commit([Change(table="titles", rows=odd)], "test")
    refresh(world.lake, DATASETS, world.engine)
    assert None not in world.tried().values()


def test_an_answer_says_which_invariant_of_its_tables_is_broken(world: World):
    dataset = replace(builtin().dataset("launches"), derived=(), rollups=(), table="titles")
    world.load(broken=3)
    refresh(world.lake, (), world.engine)
    query = Query(dataset=dataset, metrics=(dataset.metric("rows"),), interval=False)
    result = world.warehouse.ask(query, Access())
    assert len(result.doubts) == 1
    assert "3 rows of titles" in result.doubts[0]


def test_a_metric_is_doubted_for_the_tables_of_the_joins_that_it_reads():
    playback = builtin().dataset("playback")
    assert tables_of(playback.metric("plays"), playback) == {"playback"}
    assert "titles" in tables_of(playback.metric("views"), playback)
    audience = builtin().dataset("audience")
    assert "playback" in tables_of(audience.metric("starters"), audience)


def test_a_test_of_a_metric_is_held_against_every_value_and_no_missing_one():
    metric = builtin().dataset("playback").metric("recommendation_share")
    frame = pl.DataFrame({metric.name: [0.2, None, float("nan"), 1.0]})
    assert failed_tests(metric, [frame]) == ()
    assert failed_tests(metric, [frame, pl.DataFrame({metric.name: [1.2]})]) == (
        "value BETWEEN 0 AND 1",
    )


def test_every_test_of_the_catalog_can_be_evaluated():
    for metric in (m for d in DATASETS for m in d.metrics):
        failed_tests(metric, [pl.DataFrame({metric.name: [0.5]})])


def test_who_may_not_count_rows_is_not_told_how_many_there_are(world: World):
    world.load(broken=2)
    refresh(world.lake, DATASETS, world.engine)
    everything = world.warehouse.health(Access())
    assert {t.name: t.rows for t in everything.tables} == {"titles": 3, "videos": 3}
    for access in (Access(hidden=frozenset({ROWS})), Access(rows=(("country", ("BR",)),))):
        seen = world.warehouse.health(access)
        assert {t.rows for t in seen.tables} == {None}
        assert {o.broken for o in seen.outcomes} == {0, 1}


def test_hidden_metrics_are_not_in_the_catalog_of_who_they_are_hidden_from(world: World):
    plays = builtin().dataset("playback").metric("plays")
    seen = world.warehouse.health(Access(hidden=frozenset(plays.formula.aggregates())))
    names = {m.name for d in seen.datasets if d.name == "playback" for m in d.metrics}
    assert "plays" not in names
    assert "hours_viewed" in names


def test_every_key_and_check_of_a_contract_is_an_invariant():
    names = set(declared())
    assert {"playback_key", "playback_negative_watch", "play_outside_licence"} <= names
