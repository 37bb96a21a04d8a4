"""What happened, as pages mark it: the planted facts are there, within scope and access."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event as ThreadEvent
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.events.event import Event, Kind, marked
from portal.events.registry import kinds
from portal.store import notes, people
from portal.store.note import NoteDraft
from portal.store.people import Newcomer
from queries.analyses.cluster import Scope
from queries.cancellation import current
from queries.errors import QueryTimeout
from queries.lake.lake import Lake
from queries.model import Query
from tests.lake.demo_views import Demo
from tests.portal.conftest import Portal, open_portal
from tests.portal.requests import ORIGIN, signed_in

YEAR = "period=last 120 days"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, demo_home: Path) -> Iterator[Portal]:
    home = tmp_path_factory.mktemp("events")
    opened = open_portal(home, {"PLAYHEAD_LAKE": str(demo_home / "lake")})
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def truths(demo_home: Path) -> dict[str, tuple[dict[str, Any], str]]:
    """Where each planted fact lies, and its first day."""
    lake = Demo(Lake(demo_home / "lake"))
    rows = lake.rows("""SELECT name, "where", period FROM truths ORDER BY period""")
    return {name: (json.loads(where), period.partition(" to ")[0]) for name, where, period in rows}


@pytest.fixture
def ada(demo: Portal) -> FlaskClient:
    return signed_in(demo)


def happened(client: FlaskClient, search: str = YEAR, path: str = "/") -> dict[str, Any]:
    answer = client.post("/-/events", json={"path": path, "search": search}, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def of_kind(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event for event in found["events"] if event["kind"] == kind]


@pytest.mark.demo
def test_what_was_planted_is_told_on_its_day(ada: FlaskClient, truths: dict[str, Any]) -> None:
    found = happened(ada)
    (outage,) = of_kind(found, "outage")
    assert outage["day"] == truths["outage"][1]
    assert "Brazil" in outage["text"]
    (price,) = of_kind(found, "price")
    assert 0 <= days_after(price["day"], truths["price_change"][1]) <= 2
    assert "United States" in price["text"]
    versions = {e["text"]: e["day"] for e in of_kind(found, "release")}
    assert 0 <= days_after(versions["App 9.4.0 came out on TV"], truths["slow_version"][1]) <= 2
    begun = {e["text"]: e["day"] for e in of_kind(found, "experiment")}
    assert begun["Experiment search_typeahead began"] == (truths["experiment_search_typeahead"][1])
    assert truths["campaign_signups"][1] in [e["day"] for e in of_kind(found, "campaign")]
    assert not found["notes"]


def days_after(later: str, earlier: str) -> int:
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days


@pytest.mark.demo
def test_few_of_them_are_marked_and_of_every_kind_one(ada: FlaskClient) -> None:
    found = happened(ada)
    few = [event for event in found["events"] if event["is_marked"]]
    assert len(few) == 7 < len(found["events"])
    assert {e["kind"] for e in few} == {e["kind"] for e in found["events"]}


@pytest.mark.demo
def test_a_filter_by_country_keeps_what_is_of_other_countries_out(ada: FlaskClient) -> None:
    found = happened(ada, f"{YEAR}&country=US")
    assert not of_kind(found, "outage")
    assert of_kind(found, "price")
    assert not of_kind(happened(ada, f"{YEAR}&country=BR"), "price")


@pytest.mark.demo
def test_a_launch_that_a_handful_watched_is_not_told_with_their_hours(
    ada: FlaskClient,
) -> None:
    asked = {"dataset": "playback", "metrics": ["hours_viewed"], "by": ["title"]}
    asked |= {"period": "last 120 days", "where": "country = 'US'"}
    rows = ada.post("/api/v1/ask", json=asked, headers=ORIGIN).get_json()
    value = rows["columns"].index("hours_viewed")
    shown = {row[0] for row in rows["rows"] if row[value] is not None}
    found = happened(ada, f"{YEAR}&country=US&events=launch")
    told = {e["text"].removesuffix(" was released") for e in of_kind(found, "launch")}
    assert len(shown) < len(rows["rows"])
    assert told
    assert told <= shown


@pytest.mark.demo
def test_who_may_see_one_country_hears_of_no_other(demo: Portal) -> None:
    newcomer = Newcomer(
        email="bia@company.example", name="Bia", unit="product", row_rules={"country": ("US",)}
    )
    found = happened(signed_in(demo, people.add(demo.store, newcomer)))
    assert not of_kind(found, "outage")
    assert of_kind(found, "price")
    assert all("Poland" not in e["text"] for e in found["events"])


@pytest.mark.demo
def test_a_kind_that_is_withheld_says_so_and_the_others_stand(demo: Portal) -> None:
    newcomer = Newcomer(
        email="cy@company.example", name="Cy", unit="studio", hidden_numbers=("sum(amount_usd)",)
    )
    found = happened(signed_in(demo, people.add(demo.store, newcomer)))
    why = {kind["name"]: kind["why"] for kind in found["kinds"]}
    assert "do not have access" in why["price"]
    assert of_kind(found, "outage")
    assert not of_kind(found, "price")


@pytest.mark.demo
def test_events_of_a_view_that_was_left_are_stopped_and_said_to_be(
    demo: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    price, is_asked, may_go_on = kinds()["price"], ThreadEvent(), ThreadEvent()

    def slowly(scope: Scope) -> tuple[Query, ...]:
        is_asked.set()
        assert may_go_on.wait(60)
        return price.questions(scope)

    monkeypatch.setitem(kinds(), "price", replace(price, questions=slowly))
    older = {"path": "/", "search": f"{YEAR}&events=price", "view": ["page", 1]}
    newer = {"path": "/", "search": f"{YEAR}&events=outage", "view": ["page", 2]}
    with ThreadPoolExecutor(1) as pool:
        left = pool.submit(signed_in(demo).post, "/-/events", json=older, headers=ORIGIN)
        assert is_asked.wait(60)
        shown = signed_in(demo).post("/-/events", json=newer, headers=ORIGIN)
        may_go_on.set()
        stopped = left.result()
    assert (stopped.status_code, stopped.get_json()) == (200, {"is_stopped": True})
    assert of_kind(shown.get_json(), "outage")


@pytest.mark.demo
def test_events_of_a_tab_that_was_closed_are_stopped(
    demo: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    price, is_asked = kinds()["price"], ThreadEvent()

    def slowly(scope: Scope) -> tuple[Query, ...]:
        is_asked.set()
        mine, patience = current(), ThreadEvent()
        assert mine is not None
        with mine.stopping(patience.set):
            assert patience.wait(60)
        return price.questions(scope)

    monkeypatch.setitem(kinds(), "price", replace(price, questions=slowly))
    closed = signed_in(demo).post(
        "/-/events",
        json={"path": "/", "search": f"{YEAR}&events=price"},
        headers=ORIGIN,
        environ_overrides={"waitress.client_disconnected": is_asked.is_set},
    )
    assert closed.get_json() == {"is_stopped": True}


@pytest.mark.demo
def test_a_kind_that_takes_too_long_says_so_and_the_others_stand(
    ada: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: Scope) -> tuple[Query, ...]:
        raise QueryTimeout("The question took longer than 60 s.", "Narrow the period.")

    monkeypatch.setitem(kinds(), "price", replace(kinds()["price"], questions=never))
    found = happened(ada, f"{YEAR}&events=price,outage")
    why = {kind["name"]: kind["why"] for kind in found["kinds"]}
    assert why["price"] == "The question took longer than 60 s. Narrow the period."
    assert of_kind(found, "outage")


@pytest.mark.demo
def test_the_url_names_the_kinds_and_a_unit_has_its_own(ada: FlaskClient) -> None:
    assert {e["kind"] for e in happened(ada, f"{YEAR}&events=price,outage")["events"]} == {
        "outage",
        "price",
    }
    assert happened(ada, f"{YEAR}&events=none")["events"] == []
    shown = {k["name"] for k in happened(ada, YEAR, "/quality")["kinds"] if k["is_shown"]}
    assert shown == {name for name, kind in kinds().items() if "platform" in kind.units}


def test_every_kind_is_in_the_catalog_and_nothing_happens_without_data(portal: Portal) -> None:
    found = happened(signed_in(portal))
    assert found["events"] == []
    assert [k["name"] for k in found["kinds"]] == sorted(kinds())
    absent = signed_in(portal).post("/-/events", json={"path": "/nowhere"}, headers=ORIGIN)
    assert absent.status_code == 404


def test_marks_take_the_largest_of_each_kind_in_turn() -> None:
    one = next(iter(kinds().values()))
    first, second = replace(one, name="a"), replace(one, name="b")

    def event(size: float) -> Event:
        return Event(day=date(2026, 1, int(size)), text="x", size=size)

    many: list[tuple[Kind, Event]] = [(first, event(size)) for size in (1, 2, 3, 4)]
    kept = marked([*many, (second, event(9))], 3)
    assert [(kind.name, e.size) for kind, e in kept] == [("a", 3), ("a", 4), ("b", 9)]


@pytest.mark.demo
def test_notes_of_a_metric_show_where_it_is_drawn_and_those_of_a_page_on_it(
    demo: Portal, ada: FlaskClient
) -> None:
    first, last = date(2026, 11, 3), date(2026, 11, 4)
    of_page = NoteDraft(text="of the page", first_day=first, last_day=last, path="/")
    of_hours = replace(of_page, text="of hours", dataset="playback", metric="hours_viewed")
    for draft in (of_page, of_hours, replace(of_page, text="of Peru", country="PE")):
        notes.write(demo.store, demo.ann, draft)

    def texts(*asked: str) -> set[str]:
        return {note["text"] for note in happened(ada, *asked)["notes"]}

    assert texts() == {"of hours", "of the page", "of Peru"}
    assert texts(YEAR, "/when-where") == {"of hours"}
    assert texts(f"{YEAR}&country=BR") == {"of hours", "of the page"}
    assert texts("period=2026-10") == set()
