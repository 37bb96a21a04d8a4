"""Targets: who sets them, which one counts when, and how a number stands to one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.components.target import aimed_at, held_against
from portal.open_page import OpenPage, open_page
from portal.routing import discover
from portal.store import audit, people, targets
from portal.store.errors import Conflict, Denied, Invalid
from portal.store.people import Person
from portal.store.store import Store, utc_now
from portal.store.target import Target, TargetDraft
from portal.tiles import Headline
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access, Metric
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.period import Period
from queries.warehouse import Warehouse
from tests.portal.conftest import Portal, add_person
from tests.portal.requests import ORIGIN, signed_in

DAY = date(2026, 3, 1)
DRAFT = TargetDraft(dataset="playback", metric="hours_viewed", value=700, days=7, valid_from=DAY)
FIELDS = {"dataset": "playback", "metric": "good_play_rate"}
HOURS, RATE, ACCOUNTS = (
    builtin().dataset("playback").metric(name)
    for name in ("hours_viewed", "good_play_rate", "accounts")
)


def kept(metric: Metric, value: float | None, after: int = 0, days: int | None = None) -> Target:
    return Target(
        id=f"{metric.name}{after}",
        dataset="playback",
        metric=metric.name,
        value=value,
        direction="at least",
        days=days,
        scope="",
        valid_from=DAY + timedelta(after),
        unit="product",
        set_by="Ann",
        created_at=utc_now(),
    )


def aim(targets_: list[Target], metric: Metric, first: int, last: int) -> float | None:
    found = aimed_at(targets_, metric, Period(DAY + timedelta(first), DAY + timedelta(last)))
    return None if found is None else found.value


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(1, 30)), max_size=5))
def test_what_adds_up_is_aimed_at_day_by_day(set_: list[tuple[int, int, int]]):
    newest_first = [kept(HOURS, value * days, after, days) for after, value, days in set_]
    by_day = [
        next((v for a, v, _ in set_ if a == max(b for b, _, _ in set_ if b <= day)), None)
        if any(b <= day for b, _, _ in set_)
        else None
        for day in range(10, 25)
    ]
    expected = None if None in by_day else sum(v for v in by_day if v)
    assert aim(newest_first, HOURS, 10, 24) == (
        None if expected is None else pytest.approx(expected)
    )


def test_a_share_is_aimed_at_as_on_the_last_day_and_until_there_is_none():
    found = [kept(RATE, None, 20), kept(RATE, 0.9, 10), kept(RATE, 0.8)]
    assert [aim(found, RATE, 0, last) for last in (5, 12, 25)] == [0.8, 0.9, None]
    assert aim(found, RATE, -9, -1) is None
    assert aim(found, HOURS, 0, 5) is None


def test_what_counts_once_is_aimed_at_over_the_days_it_was_said_for():
    found = [kept(ACCOUNTS, 10_000, days=28)]
    assert [aim(found, ACCOUNTS, 0, last) for last in (26, 27, 28)] == [None, 10_000, None]


@pytest.mark.parametrize(
    ("ends", "relation", "tone"),
    [
        ((0.81, 0.85), "above it with 95 % confidence", "good"),
        ((0.70, 0.79), "below it with 95 % confidence", "bad"),
        ((0.79, 0.81), "not told apart from it", "flat"),
        ((None, None), "no interval, so not told apart", "flat"),
    ],
)
def test_a_number_is_above_or_below_only_with_its_whole_interval(
    ends: tuple[float | None, float | None], relation: str, tone: str
):
    low, high = ends
    row = {"good_play_rate": 0.76, "good_play_rate__low": low, "good_play_rate__high": high}
    said = held_against(row, RATE, kept(RATE, 0.8))
    assert (said["text"], said["relation"], said["tone"]) == ("95% of target", relation, tone)
    at_most = held_against(row, RATE, replace(kept(RATE, 0.8), direction="at most"))
    assert at_most["tone"] == {"good": "bad", "bad": "good"}.get(tone, tone)
    assert held_against(row, RATE, None) == {}


def test_editors_of_the_unit_and_admins_set_a_target_and_nobody_else(store: Store):
    able = [add_person(store, "Eve", "product"), add_person(store, "Root", "platform", "admin")]
    for person in (add_person(store, "Cid"), add_person(store, "Vic", "product", "viewer")):
        with pytest.raises(Denied, match="product"):
            targets.put(store, person, DRAFT, "product")
    seen = ""
    for person in able:
        seen = targets.put(store, person, DRAFT, "product", seen).id
    assert {t.set_by for t in targets.every(store)} == {"Root", "Eve"}
    assert {e.deed.action for e in audit.newest(store) if e.deed.object_kind == "target"} == {"set"}


def test_who_has_not_seen_the_newest_writes_nothing(store: Store):
    eve = add_person(store, "Eve", "product")
    first = targets.put(store, eve, DRAFT, "product")
    with pytest.raises(Conflict, match="Eve set another"):
        targets.put(store, eve, replace(DRAFT, value=1), "product")
    assert targets.of_metric(store, "playback", "hours_viewed") == [first]


def test_of_two_at_the_same_time_one_is_told_of_the_other(store: Store):
    both = [add_person(store, name, "product") for name in ("Eve", "Ida")]
    together = Barrier(2)

    def put(person: Person) -> str:
        together.wait()
        try:
            targets.put(store, person, DRAFT, "product")
        except Conflict as error:
            return error.message
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(put, both))
    (stands,) = targets.of_metric(store, DRAFT.dataset, DRAFT.metric)
    assert sorted(map(bool, said)) == [False, True]
    assert any(text.startswith(f"{stands.set_by} set another target") for text in said)


@pytest.mark.parametrize("wrong", [{"value": float("nan")}, {"days": 0}, {"metric": ""}])
def test_what_is_no_target_is_refused(store: Store, wrong: dict[str, Any]):
    with pytest.raises(Invalid):
        targets.put(store, add_person(store, "Eve", "product"), replace(DRAFT, **wrong), "product")


def tell(client: FlaskClient, verb: str, **fields: Any):  # noqa: ANN401  # any JSON
    return client.post(f"/-/targets/{verb}", json=fields, headers=ORIGIN)


def test_a_share_is_written_in_per_cent_and_read_back_so(portal: Portal):
    root = signed_in(portal, add_person(portal.store, "Root", "platform", "admin"))
    asked = {**FIELDS, "value": "82.5", "valid_from": "2026-01-01", "direction": "at least"}
    found = tell(root, "set", **asked).get_json()
    assert found["targets"][0]["text"] == "at least 82.50%"
    assert found["targets"][0]["entered"] == "82.5"
    assert targets.every(portal.store)[0].value == pytest.approx(0.825)
    assert tell(root, "set", **asked, seen="another").status_code == 409
    seen = {"seen": found["targets"][0]["id"]}
    portal.clock.pass_by(timedelta(minutes=1))
    ended = tell(root, "set", **{**asked, **seen, "value": ""}).get_json()
    assert ended["targets"][0]["text"] == "no target"
    ann = tell(signed_in(portal), "read", **FIELDS).get_json()
    assert (ann["may_set"], len(ann["targets"])) == (False, 2)
    assert tell(signed_in(portal), "set", **asked).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": "many"}, "no number"),
        ({"valid_from": "soon"}, "no day"),
        ({"direction": "around"}, "at least"),
        ({"metric": "good_plays"}, "good_plays"),
    ],
)
def test_a_wrong_field_is_said(portal: Portal, wrong: dict[str, str], said: str):
    root = signed_in(portal, add_person(portal.store, "Root", "platform", "admin"))
    good = {**FIELDS, "value": "80", "valid_from": "2026-01-01", "direction": "at least"}
    answer = tell(root, "set", **{**good, **wrong})
    assert answer.status_code == 422
    assert said in answer.get_json()["error"]["message"]


def test_targets_of_other_rows_do_not_follow_each_other(store: Store):
    eve = add_person(store, "Eve", "product")
    whole = targets.put(store, eve, DRAFT, "product")
    brazil = replace(DRAFT, scope="country = 'BR'")
    part = targets.put(store, eve, brazil, "product")
    assert targets.of_metric(store, "playback", "hours_viewed") == [whole]
    assert targets.of_metric(store, "playback", "hours_viewed", brazil.scope) == [part]
    with pytest.raises(Conflict):
        targets.put(store, eve, brazil, "product", whole.id)


BRAZIL = Access(rows=(("country", ("BR",)),))


@pytest.mark.parametrize(
    ("search", "access", "shown"),
    [
        ("", Access(), ["all"]),
        ("?country=BR", Access(), ["brazil"]),
        ("?country=BR&period=last+7+days&compare=none", Access(), ["brazil"]),
        ("?country=BR&device=tv", Access(), ["brazil on tv"]),
        ("?device=tv&country=BR", Access(), ["brazil on tv"]),
        ("?country=US", Access(), []),
        ("?country=BR&country=US", Access(), []),
        ("?country.not=BR", Access(), []),
        ("", BRAZIL, []),
        ("?device=tv", BRAZIL, []),
        ("?country=BR", BRAZIL, ["brazil"]),
        ("?country=BR&device=tv", BRAZIL, ["brazil on tv"]),
    ],
)
def test_a_target_is_shown_with_just_the_filters_it_is_of(
    search: str, access: Access, shown: list[str], tmp_path: Path
):
    scopes = {
        "": "all",
        "country = 'BR'": "brazil",
        "country = 'BR' and device = 'tv'": "brazil on tv",
    }
    known = tuple(
        replace(kept(RATE, 0.8), scope=scope, set_by=name) for scope, name in scopes.items()
    )
    page = discover("pages")["/quality"]
    empty = Warehouse(Lake(tmp_path), DuckDBEngine(memory="1GB"), FrameCache(None), builtin())
    opened = replace(open_page(page, search, empty, access), targets=known)
    assert [t.set_by for t in opened.context_of("playback").targets] == shown


@pytest.mark.demo
@pytest.mark.parametrize(("name", "guard"), [("hours_viewed", "Autoplay"), ("views", "")])
def test_a_number_that_is_aimed_at_has_its_guardrail_beside_it(
    name: str, guard: str, demo_home: Path
):
    engine = DuckDBEngine(memory="1GB")
    warehouse = Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    page = discover("pages")["/"]
    metric, tile = builtin().dataset("playback").metric(name), Headline(metric=name)
    plain = open_page(page, "?period=last+28+days&compare=previous", warehouse, Access())
    aimed = replace(plain, targets=(kept(metric, 1000, days=28),))

    def drawn(opened: OpenPage) -> tuple[int, dict[str, Any]]:
        context = opened.context_of("playback")
        asked = tile.questions(context)
        results = [warehouse.ask(q, Access()) for q in asked]
        return len(asked[0].metrics), dict(tile.draw(results, context).content)

    assert drawn(plain)[1]["guardrail"] == {}
    metrics, content = drawn(aimed)
    engine.close()
    if not guard:
        assert (metrics, content["guardrail"]["text"]) == (1, "No guardrail is defined")
        return
    said = content["guardrail"]
    assert metrics == len(("hours_viewed", "autoplay_share"))
    assert said["text"] == "Guardrail autoplay share of hours"
    assert " to " in said["detail"]
    assert said["tone"] in {"good", "bad", "flat", "unsure"}


@pytest.mark.demo
def test_a_guardrail_that_is_hidden_from_its_reader_is_not_asked_for(demo_home: Path):
    engine = DuckDBEngine(memory="1GB")
    warehouse = Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    guard = builtin().dataset("playback").metric("autoplay_share").formula
    access = Access(hidden=frozenset(guard.aggregates()) - set(HOURS.formula.aggregates()))
    opened = open_page(discover("pages")["/"], "?period=last+28+days", warehouse, access)
    opened = replace(opened, targets=(kept(HOURS, 1000, days=28),))
    context, tile = opened.context_of("playback"), Headline(metric="hours_viewed")
    assert "autoplay_share" in context.withheld
    content = tile.draw(
        [warehouse.ask(q, access) for q in tile.questions(context)], context
    ).content
    engine.close()
    assert (content["guardrail"], content["against"] != {}) == ({}, True)


def test_a_target_is_set_for_the_rows_of_the_view(portal: Portal):
    root = signed_in(portal, add_person(portal.store, "Root", "platform", "admin"))
    asked = {**FIELDS, "value": "75", "valid_from": "2026-01-01", "direction": "at least"}
    there = {"path": "/quality", "search": "?country=BR&device=tv"}
    found = tell(root, "set", **asked, **there).get_json()
    assert found["of"] == "Country is BR and Device is tv"
    assert targets.every(portal.store)[0].scope == "country = 'BR' and device = 'tv'"
    assert tell(root, "read", **FIELDS, path="/quality", search="").get_json()["targets"] == []
    assert tell(root, "read", **FIELDS).get_json()["of"] == ""
    assert tell(root, "read", **FIELDS, path="/nowhere").status_code == 422


def test_who_may_see_some_rows_only_reads_and_sets_no_target_of_others(portal: Portal):
    root = signed_in(portal, add_person(portal.store, "Root", "platform", "admin"))
    asked = {**FIELDS, "value": "75", "valid_from": "2026-01-01", "direction": "at least"}
    brazil = {"path": "/quality", "search": "?country=BR"}
    for view in ({}, brazil):
        assert tell(root, "set", **asked, **view).status_code == 200
    rules = replace(add_person(portal.store, "Bea", "product"), row_rules={"country": ("BR",)})
    bea = signed_in(portal, people.change_rights(portal.store, rules))
    for search in ("", "?device=tv", "?country=US", "?country=BR&country=US"):
        view = {"path": "/quality", "search": search}
        assert tell(bea, "read", **FIELDS, **view).status_code == 403
        assert tell(bea, "set", **asked, **view).status_code == 403
    assert tell(bea, "read", **FIELDS).status_code == 403
    assert tell(bea, "read", dataset="productions", metric="on_time").status_code == 403
    assert len(tell(bea, "read", **FIELDS, **brazil).get_json()["targets"]) == 1
    assert len(targets.every(portal.store)) == 2
