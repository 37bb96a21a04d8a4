"""Every analysis asks a question that the warehouse answers, and reads the answer it gets."""

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest

from queries.analyses import (
    concentration,
    launch,
    offpolicy,
    survival,
)
from queries.analyses.cluster import Scope
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.period import Period
from queries.warehouse import Warehouse
from tests.queries.contract_rows import random_rows

TABLES = ("playback", "impressions", "visits", "titles", "artworks", "accounts", "videos")
SPAN = Period(date(2026, 1, 1), date(2026, 6, 30))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("questions")
    lake = Lake(folder / "lake")
    days = {"playback": "local_date", "impressions": "local_date", "visits": "local_date"}
    changes = [
        Change(
            table=name,
            rows=pl.read_parquet(random_rows(name, folder, 3_000)),
            day=days.get(name, ""),
        )
        for name in TABLES
    ]
    lake.commit(changes, "random")
    engine = DuckDBEngine(memory="500MB")
    yield Warehouse(lake, engine, FrameCache(None), builtin())
    engine.close()


def answered(warehouse: Warehouse, query: Query) -> pl.DataFrame:
    return warehouse.ask(query, Access()).frame


def scope(warehouse: Warehouse, dataset: str) -> Scope:
    return Scope(warehouse.dataset(dataset))


def test_concentration_counts_every_title_once(warehouse: Warehouse):
    frame = answered(warehouse, concentration.question(scope(warehouse, "playback")))
    assert not frame.select("title_id").is_duplicated().any()
    found = concentration.concentration(frame)
    assert found is not None
    assert 0 < found.top_percent <= found.top_tenth <= 1


def test_first_plays_and_abandonment_have_curves(warehouse: Warehouse):
    plays = survival.first_play_question(scope(warehouse, "visits"))
    curve = survival.first_play(answered(warehouse, plays))
    assert 0 <= curve.at(600) <= 1
    left = survival.abandonment_question(scope(warehouse, "playback"))
    curve = survival.abandonment(answered(warehouse, left))
    assert curve.survival.tolist() == sorted(curve.survival.tolist(), reverse=True)


def test_groups_of_one_question_are_compared(warehouse: Warehouse):
    query = survival.first_play_question(scope(warehouse, "visits"), by=("device",))
    frame = answered(warehouse, query)
    devices = frame.partition_by("device")
    assert len(devices) > 2
    counted = [survival.counts(d, "choosing_seconds", "has_play", horizon=600) for d in devices]
    assert survival.log_rank(counted).degrees == len(devices) - 1


def test_launches_have_curves(warehouse: Warehouse):
    question = launch.question(scope(warehouse, "playback"), horizon=14)
    frame = answered(warehouse, question)
    assert frame["days_since_release"].is_between(0, 13).all()
    found = launch.curves(frame, "hours_viewed", SPAN, 14)
    assert (found.group_by("title_id").len()["len"] == 14).all()


def test_an_off_policy_value_is_read_from_the_total(warehouse: Warehouse):
    dataset = warehouse.dataset("impressions")
    seen = Filter(dataset.dimension("is_seen"), "in", (True,))
    query = offpolicy.question(Scope(dataset, where=seen), "x")
    found = offpolicy.reading(warehouse.ask(query, Access()).total)
    assert found.ladder["snips_value"].low <= found.ladder["snips_value"].value
    assert 0 < found.effective_share <= 1
    unknown = offpolicy.question(Scope(dataset, where=seen), "no such policy")
    assert offpolicy.reading(warehouse.ask(unknown, Access()).total).verdict == "refused"
