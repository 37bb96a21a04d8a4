"""Certificates: who gives them, when they drop, where they are shown, what beats them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.components.certificate import described, mark, with_certificates
from portal.store import audit, certificates, people, tokens
from portal.store.certificates import Definition
from portal.store.errors import Conflict, Denied, Invalid
from portal.store.people import Person
from portal.store.store import Store
from queries.answer import dataset_card
from queries.catalog import builtin
from queries.dataset import Access
from queries.fingerprint import fingerprint
from queries.formula import parse
from tests.portal.conftest import Portal, add_person
from tests.portal.requests import ORIGIN, signed_in

PLAYBACK = builtin().dataset("playback")
HOURS, RATE = PLAYBACK.metric("hours_viewed"), PLAYBACK.metric("good_play_rate")
MEANT = fingerprint(RATE, PLAYBACK)
RATES = Definition(dataset="playback", metric=RATE.name, fingerprint=MEANT, unit="product")
FIELDS = {"dataset": "playback", "metric": RATE.name, "fingerprint": MEANT}


def test_editors_of_the_unit_and_admins_certify_and_nobody_else(store: Store):
    for person in (add_person(store, "Cid"), add_person(store, "Vic", "product", "viewer")):
        with pytest.raises(Denied, match="product"):
            certificates.certify(store, person, RATES)
    eve, root = add_person(store, "Eve", "product"), add_person(store, "Root", "platform", "admin")
    first = certificates.certify(store, eve, RATES)
    certificates.certify(store, root, RATES, first.id)
    assert certificates.newest(store)["playback", RATE.name].certified_by == "Root"
    deeds = [e.deed for e in audit.newest(store) if e.deed.object_kind == "metric"]
    assert [(d.action, (d.details or {})["metric"]) for d in deeds] == [
        ("certify", "playback.good_play_rate")
    ] * 2


def test_who_has_not_seen_the_newest_writes_nothing_and_one_that_was_taken_back_is_none(
    store: Store,
):
    eve = add_person(store, "Eve", "product")
    first = certificates.certify(store, eve, RATES)
    for overtaken in ("", "another"):
        with pytest.raises(Conflict, match="Eve certified it"):
            certificates.certify(store, eve, RATES, overtaken)
    certificates.take_back(store, eve, RATES, first.id)
    assert certificates.newest(store) == {}
    with pytest.raises(Conflict, match="took its certificate back"):
        certificates.take_back(store, eve, RATES, first.id)
    certificates.certify(store, eve, RATES)
    assert len(certificates.newest(store)) == 1


def test_of_two_at_the_same_time_one_is_told_of_the_other(store: Store):
    both = [add_person(store, name, "product") for name in ("Eve", "Ida")]
    together = Barrier(2)

    def give(person: Person) -> str:
        together.wait()
        try:
            certificates.certify(store, person, RATES)
        except Conflict as error:
            return error.message
        return ""

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(bool, pool.map(give, both))) == [False, True]


def test_a_metric_without_a_name_is_not_certified(store: Store):
    with pytest.raises(Invalid):
        certificates.certify(store, add_person(store, "Eve", "product"), replace(RATES, metric=""))


def test_a_certificate_drops_by_itself_when_the_definition_is_edited(store: Store):
    certificates.certify(store, add_person(store, "Eve", "product"), RATES)
    held = certificates.newest(store)
    now = described(RATE, PLAYBACK, held)
    assert now
    assert (now["holds"], now["text"]) == (True, "certified by Eve on 2 Mar 2026")
    edited = replace(RATE, formula=parse("sum(watched_s)"))
    then = described(edited, PLAYBACK, held)
    assert then
    assert (then["holds"], then["text"]) == (
        False,
        "certified by Eve on 2 Mar 2026, edited since",
    )
    again = described(replace(RATE, description="In other words"), PLAYBACK, held)
    assert again
    assert again["holds"]


def test_a_tile_is_certified_where_all_of_its_metrics_are(store: Store):
    eve = add_person(store, "Eve", "product")
    certificates.certify(store, eve, RATES)
    held = certificates.newest(store)
    assert mark([RATE], PLAYBACK, held) == {
        "holds": True,
        "text": "certified by Eve on 2 Mar 2026",
    }
    assert mark([RATE, HOURS], PLAYBACK, held) is None
    assert mark([], PLAYBACK, held) is None
    stale = replace(RATES, metric=HOURS.name, fingerprint="of yore")
    certificates.certify(store, eve, stale)
    both = mark([RATE, HOURS], PLAYBACK, certificates.newest(store))
    assert both
    assert not both["holds"]
    assert "Hours viewed: certified by Eve on 2 Mar 2026, edited since" in both["text"]


def tell(client: FlaskClient, verb: str, **fields: Any):  # noqa: ANN401  # any JSON
    return client.post(f"/-/certificates/{verb}", json=fields, headers=ORIGIN)


def test_one_certifies_what_one_has_read(portal: Portal):
    root = signed_in(portal, add_person(portal.store, "Root", "platform", "admin"))
    assert tell(root, "certify", **{**FIELDS, "fingerprint": "of yore"}).status_code == 409
    given = tell(root, "certify", **FIELDS).get_json()["certificate"]
    assert given["holds"]
    listed = tell(root, "list").get_json()
    assert listed["certificates"] == {"playback.good_play_rate": given}
    assert {"product", "content", "studio"} <= set(listed["may_certify"])
    ann = tell(signed_in(portal), "list").get_json()
    assert (ann["may_certify"], len(ann["certificates"])) == ([], 1)
    assert tell(signed_in(portal), "take-back", **FIELDS, seen=given["id"]).status_code == 403
    assert tell(root, "take-back", **FIELDS, seen=given["id"]).status_code == 200
    assert tell(root, "list").get_json()["certificates"] == {}


def test_what_is_hidden_or_does_not_exist_is_neither_certified_nor_listed(portal: Portal):
    root = signed_in(portal, add_person(portal.store, "Root", "platform", "admin"))
    tell(root, "certify", **FIELDS)
    theo = add_person(portal.store, "Theo", "platform", "admin")
    hidden = tuple(a.sql for a in RATE.formula.aggregates())
    theo = people.change_rights(portal.store, replace(theo, hidden_numbers=hidden))
    client = signed_in(portal, theo)
    assert tell(client, "certify", **FIELDS).status_code == 403
    assert tell(client, "list").get_json()["certificates"] == {}
    for wrong in ({"metric": "nothing"}, {"dataset": "nothing"}):
        refused = tell(root, "certify", **{**FIELDS, **wrong})
        assert refused.status_code == 422
        assert refused.get_json()["error"]["message"]


def test_the_api_says_who_stands_for_a_metric(portal: Portal):
    root = add_person(portal.store, "Root", "platform", "admin")
    tell(signed_in(portal, root), "certify", **FIELDS)
    client = portal.server.test_client()
    header = {"Authorization": f"Bearer {tokens.add(portal.store, root, 'test')}"}
    card = client.get("/api/v1/datasets/playback", headers=header).get_json()
    found = {m["name"]: m["certificate"] for m in card["metrics"]}
    assert found[RATE.name]["by"] == "Root"
    assert found[RATE.name]["holds"]
    assert found[HOURS.name] is None


def test_a_card_without_certificates_says_so_of_every_metric():
    card = with_certificates(dataset_card(PLAYBACK, Access()), PLAYBACK, {})
    assert {m["certificate"] for m in card["metrics"]} == {None}


def test_listing_metrics_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from portal.cli.certified import certificates as read  # noqa: PLC0415  # reads the environment

    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    assert read() == {}
    assert not list(tmp_path.glob("*.sqlite"))


def test_where_there_is_no_certificate_none_is_taken_back_and_nothing_is_written(store: Store):
    eve = add_person(store, "Eve", "product")
    with pytest.raises(Conflict, match="no certificate"):
        certificates.take_back(store, eve, RATES, "")
    first = certificates.certify(store, eve, RATES)
    certificates.take_back(store, eve, RATES, first.id)
    with pytest.raises(Conflict, match="no certificate"):
        certificates.take_back(store, eve, RATES, "")
    deeds = [e.deed.action for e in audit.newest(store) if e.deed.object_kind == "metric"]
    assert sorted(deeds) == ["certify", "take back"]


def calling(portal: Portal, person: Person) -> FlaskClient:
    client = portal.server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.add(portal.store, person, 't')}"
    return client


ONE = f"/api/v1/certificates/playback/{RATE.name}"


def test_the_api_certifies_reads_and_takes_back_by_the_rights_of_the_catalogue(portal: Portal):
    unit = RATE.owner or PLAYBACK.owner
    eve = calling(portal, add_person(portal.store, "Eve", unit))
    cid = calling(portal, add_person(portal.store, "Cid", "studio"))
    assert cid.post("/api/v1/certificates", json=FIELDS).status_code == 403
    assert eve.get(ONE).get_json() == {"certificate": None}
    assert eve.delete(f"{ONE}?seen=").status_code == 409
    card = eve.get("/api/v1/datasets/playback").get_json()
    read = next(m["fingerprint"] for m in card["metrics"] if m["name"] == RATE.name)
    wanted = {**FIELDS, "fingerprint": read}
    stale = eve.post("/api/v1/certificates", json={**FIELDS, "fingerprint": "of yore"})
    assert stale.status_code == 409
    given = eve.post("/api/v1/certificates", json=wanted)
    assert given.status_code == 201
    kept = given.get_json()["certificate"]
    assert (kept["metric"], kept["by"], kept["holds"]) == (RATE.name, "Eve", True)
    assert eve.post("/api/v1/certificates", json=wanted).status_code == 409
    assert cid.get("/api/v1/certificates").get_json()["certificates"] == [kept]
    assert cid.get(ONE).get_json() == {"certificate": kept}
    assert cid.delete(f"{ONE}?seen={kept['id']}").status_code == 403
    assert eve.delete(f"{ONE}?seen={kept['id']}").get_json() == {"certificate": None}
    assert eve.get("/api/v1/certificates").get_json()["certificates"] == []


def test_the_api_certifies_nothing_that_is_hidden_or_does_not_exist(portal: Portal):
    hidden = tuple(a.sql for a in RATE.formula.aggregates())
    theo = add_person(portal.store, "Theo", "platform", "admin")
    theo = calling(portal, people.change_rights(portal.store, replace(theo, hidden_numbers=hidden)))
    assert theo.post("/api/v1/certificates", json=FIELDS).status_code == 403
    assert theo.get(ONE).status_code == 403
    for path in ("playback/nothing", "nothing/plays"):
        assert theo.get(f"/api/v1/certificates/{path}").status_code == 422
    assert theo.post("/api/v1/certificates", json={"dataset": "playback"}).status_code == 422
