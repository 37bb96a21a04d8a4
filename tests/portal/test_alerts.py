"""Alerts: what is watched, who is told what of it, once, with their own access."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from flask.testing import FlaskClient

from portal.alerting import raise_alerts
from portal.cli.run import run
from portal.looking import Round
from portal.routing import discover
from portal.store import alerts, audit, migrate, people, subscriptions, tokens
from portal.store.errors import Invalid, NotFound
from portal.store.people import Person
from portal.store.store import Store, open_store
from portal.store.subscription import Watched
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Dimension
from queries.dataset import Dataset, Metric
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryTimeout
from queries.formula import parse
from queries.lake.lake import Change, Lake
from queries.reduction import Reduction, Tables
from queries.warehouse import Warehouse
from tests.portal.conftest import Clock, Portal, add_person
from tests.portal.requests import ORIGIN, signed_in
from tests.queries.small_lake import titles

COUNTRY = Dimension("country", "Country", '"country"', role="country")
DATASET = Dataset(
    name="plays",
    label="Plays",
    table="plays",
    time=Dimension("day", "Day", '"local_date"', "date", role="time"),
    dimensions=(COUNTRY,),
    metrics=(
        Metric(
            name="hours",
            label="Hours",
            formula=parse("sum(watched_s) / 3600.0"),
            unit="h",
            better="up",
        ),
    ),
    owner="product",
    entity="account_id",
)
HOURS = Watched(dataset="plays", metric="hours")
FIRST, DAYS = date(2026, 1, 5), 91
LAST = FIRST + timedelta(DAYS - 1)


def days(count: int, *, lost: str = "") -> pl.DataFrame:
    """As many days: 600 accounts play an hour each; in one country they cannot on the last day."""
    accounts = pl.DataFrame(
        {
            "account_id": range(600),
            "bucket": [n % 256 for n in range(600)],
            "country": [("US", "BR")[n % 2] for n in range(600)],
        }
    )
    when = pl.DataFrame({"local_date": [FIRST + timedelta(n) for n in range(count)]})
    rows = when.join(accounts, how="cross")
    draw = np.random.default_rng(5).normal(3_600, 900, DAYS * accounts.height)
    noise = pl.Series(draw[: rows.height])
    is_lost = (pl.col("local_date") == LAST) & (pl.col("country") == lost)
    return rows.with_columns(
        pl.when(is_lost).then(60).otherwise(noise).cast(pl.Int64).alias("watched_s")
    )


class Engine(DuckDBEngine):
    """One that answers nothing while it is busy."""

    is_busy = False

    def reduce(self, reduction: Reduction, tables: Tables) -> pl.DataFrame:
        if self.is_busy:
            raise QueryTimeout("The question took longer than 60 s.", "Ask again.")
        return super().reduce(reduction, tables)


@dataclass
class World:
    """A lake that grows day by day, and people who watch it."""

    store: Store
    lake: Lake
    warehouse: Warehouse
    engine: Engine
    clock: Clock
    loaded: int = 0

    def load(self, count: int, lost: str = "") -> None:
        """The days that are not there yet; when all are, another table."""
        new = pl.col("local_date") >= FIRST + timedelta(self.loaded)
        change = Change(table="plays", rows=days(count, lost=lost).filter(new), day="local_date")
        other = Change(table="programmes", rows=titles())
        self.lake.commit([other if self.loaded == count else change], "load")
        self.loaded = count

    def feed(self, days: int) -> None:
        """A day's rows a day, as the clock goes on: each is loaded the morning after."""
        for _ in range(days):
            self.clock.pass_by(timedelta(days=1, minutes=(self.loaded * 7) % 23))
            self.load(self.loaded + 1)

    def look(self, version: str = "") -> int:
        version = version or self.warehouse.snapshot().data_version
        one = Round(
            warehouse=self.warehouse,
            page=discover("pages")["/explore"],
            version=version,
            today=self.store.now().date(),
            late=self.warehouse.late(version),
        )
        return raise_alerts(self.store, one)

    def told(self, person: Person) -> list[tuple[str, date, bool]]:
        found = alerts.of(self.store, person)
        return sorted((k.alert.kind, k.alert.day, k.is_seen) for k in found)


@pytest.fixture
def world(tmp_path: Path, clock: Clock) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path / 'playhead.sqlite'}", clock)
    migrate.upgrade(store)
    lake, engine = Lake(tmp_path / "lake", clock=clock), Engine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)), clock=clock)
    yield World(store, lake, warehouse, engine, clock)
    store.close()


def rights(world: World, name: str, **changes: Any) -> Person:  # noqa: ANN401  # of a person
    return people.change_rights(world.store, replace(add_person(world.store, name), **changes))


def test_who_watches_is_told_once_of_the_day_and_of_nobody_elses_rows(world: World):
    ann = add_person(world.store, "Ann")
    bea = rights(world, "Bea", row_rules={"country": ("BR",)})
    uma = rights(world, "Uma", row_rules={"country": ("US",)})
    theo = rights(world, "Theo", hidden_numbers=("sum(watched_s)",))
    for person in (ann, bea, uma, theo):
        subscriptions.subscribe(world.store, person, HOURS)
    world.load(DAYS - 1)
    assert world.look() == 0
    world.load(DAYS, lost="BR")
    assert world.look() > 0
    assert ("day", LAST, False) in world.told(ann)
    assert ("day", LAST, False) in world.told(bea)
    assert world.told(uma) == []
    assert world.told(theo) == []
    (said,) = (k for k in alerts.of(world.store, bea) if k.alert.kind == "day")
    assert said.alert.sentence.startswith("Hours: 5 h on 5 Apr 2026, foretold")
    assert said.alert.tone == "bad"
    assert f"period=2026-03-09+to+{LAST}" in said.alert.query
    assert said.data_version == world.warehouse.snapshot().data_version
    count = len(world.told(ann))
    assert world.look() == 0
    world.load(DAYS, lost="BR")
    assert world.look() == 0
    assert len(world.told(ann)) == count


def test_who_watches_is_told_that_a_feed_has_stopped_though_no_load_comes(world: World):
    ann = add_person(world.store, "Ann")
    subscriptions.subscribe(world.store, ann, HOURS)
    world.load(60)
    world.feed(12)
    world.look()
    began = len(world.told(ann))
    version = world.warehouse.snapshot().data_version
    for hours, is_late in ((24, False), (9, True), (24, True)):
        world.clock.pass_by(timedelta(hours=hours))
        assert bool(world.warehouse.late()) == is_late
        world.look()
        assert len(world.told(ann)) == began + is_late, "it is told once, when it is late"
    (said,) = (k for k in alerts.of(world.store, ann) if k.alert.kind == "late")
    assert said.data_version == version
    assert said.alert.sentence == "Hours: its data is late."
    assert "plays is late: expected by 2026-03-15" in said.alert.detail
    assert (
        f"last arrived 2026-03-14 {world.lake.history(1)[0].created_at:%H:%M}" in said.alert.detail
    )
    assert world.warehouse.late(version)
    world.load(world.loaded + 1)
    assert world.warehouse.late() == {}
    assert world.look() == 0
    (fresh,) = subscriptions.of(world.store, ann)
    assert fresh.troubles == ()
    world.clock.pass_by(timedelta(days=4))
    assert world.look() == 1, "it has stopped again"


def test_one_that_snoozes_is_told_what_is_still_late_when_it_wakes(world: World):
    ann = add_person(world.store, "Ann")
    mine = subscriptions.subscribe(world.store, ann, HOURS)
    world.load(60)
    world.feed(12)
    world.look()
    subscriptions.snooze(world.store, ann, mine.id, world.clock.now.date() + timedelta(5))
    world.clock.pass_by(timedelta(days=3))
    assert world.look() == 0
    world.clock.pass_by(timedelta(days=3))
    assert world.look() == 1
    assert world.look() == 0


def test_what_was_refused_is_looked_at_again(world: World):
    ann = add_person(world.store, "Ann")
    subscriptions.subscribe(world.store, ann, HOURS)
    world.load(DAYS - 1)
    world.look()
    before = len(world.told(ann))
    world.load(DAYS, lost="BR")
    world.engine.is_busy = True
    assert world.look() == 0
    world.engine.is_busy = False
    assert world.look() > 0
    assert ("day", LAST, False) in world.told(ann)
    assert len(world.told(ann)) > before
    assert world.look() == 0


def test_a_load_in_the_midst_of_a_look_is_left_to_the_next(world: World):
    ann = add_person(world.store, "Ann")
    subscriptions.subscribe(world.store, ann, HOURS)
    world.load(DAYS - 1)
    looked_at = world.warehouse.snapshot().data_version
    world.load(DAYS)
    assert world.look(looked_at) == 0
    (judged,) = subscriptions.of(world.store, ann)
    assert judged.judged_day == LAST - timedelta(1)


def test_a_change_of_rights_hides_what_was_told_before(world: World):
    bea = rights(world, "Bea", row_rules={"country": ("BR",)})
    subscriptions.subscribe(world.store, bea, HOURS)
    world.load(DAYS, lost="BR")
    world.look()
    assert alerts.unseen(world.store, bea) == len(world.told(bea)) > 0
    moved = people.change_rights(world.store, replace(bea, row_rules={"country": ("US",)}))
    assert (alerts.of(world.store, moved), alerts.unseen(world.store, moved)) == ([], 0)


def test_filters_count_and_one_that_nobody_can_read_tells_nothing(world: World):
    ann = add_person(world.store, "Ann")
    for filters in ("country=US", "country=BR", "planet=Mars"):
        subscriptions.subscribe(world.store, ann, replace(HOURS, filters=filters))
    subscriptions.subscribe(world.store, ann, replace(HOURS, metric="gone"))
    world.load(DAYS, lost="BR")
    world.look()
    assert {k.alert.sentence.split(":")[0] for k in alerts.of(world.store, ann)} == {
        "Hours, Country is BR"
    }


def test_nothing_is_told_while_one_snoozes_nor_after_one_has_stopped(world: World, clock: Clock):
    ann, ben = add_person(world.store, "Ann"), add_person(world.store, "Ben")
    mine, his = (subscriptions.subscribe(world.store, p, HOURS) for p in (ann, ben))
    subscriptions.snooze(world.store, ann, mine.id, clock.now.date() + timedelta(2))
    subscriptions.end(world.store, ben, his.id)
    world.load(DAYS, lost="BR")
    assert world.look() == 0
    clock.pass_by(timedelta(3))
    world.load(DAYS, lost="BR")
    assert world.look() == 0
    (awake,) = subscriptions.of(world.store, ann)
    assert awake.judged_day == LAST


def test_what_was_told_is_marked_seen_by_its_reader_alone(world: World):
    ann, ben = add_person(world.store, "Ann"), add_person(world.store, "Ben")
    subscriptions.subscribe(world.store, ann, HOURS)
    world.load(DAYS, lost="BR")
    world.look()
    numbers = [k.number for k in alerts.of(world.store, ann)]
    alerts.see(world.store, ben, numbers)
    assert alerts.unseen(world.store, ann) == len(numbers)
    alerts.see(world.store, ann, numbers)
    assert alerts.unseen(world.store, ann) == 0


def test_subscribing_twice_is_once_and_again_begins_anew(store: Store):
    ann, ben = add_person(store, "Ann"), add_person(store, "Ben")
    first = subscriptions.subscribe(store, ann, HOURS)
    assert subscriptions.subscribe(store, ann, HOURS) == first
    with pytest.raises(NotFound):
        subscriptions.end(store, ben, first.id)
    for wrong in (store.now().date(), store.now().date() + timedelta(1_000)):
        with pytest.raises(Invalid):
            subscriptions.snooze(store, ann, first.id, wrong)
    subscriptions.end(store, ann, first.id)
    assert subscriptions.of(store, ann) == []
    assert subscriptions.subscribe(store, ann, HOURS).id == first.id
    deeds = [e.deed.action for e in audit.newest(store) if e.deed.object_kind == "subscription"]
    assert sorted(deeds) == ["subscribe", "subscribe", "unsubscribe"]


def tell(client: FlaskClient, verb: str, **fields: Any):  # noqa: ANN401  # any JSON
    return client.post(f"/-/alerts/{verb}", json=fields, headers=ORIGIN)


def test_a_metric_is_watched_with_the_filters_of_the_view(portal: Portal):
    ann = signed_in(portal)
    asked = {"dataset": "playback", "metric": "hours_viewed", "path": "/"}
    kept = tell(ann, "subscribe", **asked, search="?country=BR&period=last+7+days").get_json()
    assert kept["subscription"]["filters"] == "country=BR"
    listed = tell(ann, "list").get_json()
    assert [s["label"] for s in listed["subscriptions"]] == ["Hours viewed"]
    assert (listed["alerts"], listed["unseen"]) == ([], 0)
    named = kept["subscription"]["id"]
    assert tell(ann, "snooze", id=named, until="2026-03-09").status_code == 200
    assert tell(ann, "snooze", id=named, until="soon").status_code == 422
    for wrong in ("all", [2**70], ["1"], [None]):
        assert tell(ann, "see", numbers=wrong).status_code == 422
    assert tell(ann, "end", id=named).status_code == 200
    assert tell(ann, "end", id=named).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"metric": "nothing"}, {"dataset": "nothing"}, {"path": "/nowhere"}]
)
def test_what_cannot_be_watched_is_refused_in_words(portal: Portal, wrong: dict[str, str]):
    asked = {"dataset": "playback", "metric": "hours_viewed", "path": "/"}
    refused = tell(signed_in(portal), "subscribe", **{**asked, **wrong})
    assert refused.status_code == 422
    assert refused.get_json()["error"]["message"]


def test_the_api_watches_lists_and_stops(portal: Portal):
    client = portal.server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = (
        f"Bearer {tokens.add(portal.store, portal.ann, 't')}"
    )
    body = {"dataset": "playback", "metric": "plays", "filters": "country=BR"}
    for wrong in ({"filters": "planet=Mars"}, {"dataset": "nothing"}):
        assert client.post("/api/v1/subscriptions", json={**body, **wrong}).status_code == 422
    kept = client.post("/api/v1/subscriptions", json=body)
    assert kept.status_code == 201
    found = client.get("/api/v1/alerts").get_json()
    assert [s["filters"] for s in found["subscriptions"]] == ["country=BR"]
    assert client.get("/api/v1/subscriptions").get_json()["subscriptions"] == found["subscriptions"]
    path = f"/api/v1/subscriptions/{kept.get_json()['subscription']['id']}"
    assert client.delete(path).status_code == 200
    assert client.delete(path).status_code == 404


def test_the_command_says_how_many_are_new(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    subscriptions.subscribe(
        portal.store, portal.ann, Watched(dataset="playback", metric="hours_viewed")
    )
    monkeypatch.setenv("PLAYHEAD_HOME", str(portal.settings.home))
    assert run(["alerts"]) == 0
    assert capsys.readouterr().out.strip().endswith(": 0 new alerts")
