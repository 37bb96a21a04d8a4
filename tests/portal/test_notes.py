"""Notes: who sees them, who changes them, and what cannot be kept."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.store import audit, notes, people
from portal.store.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded
from portal.store.note import LONGEST_TEXT, Audience, Note, NoteDraft
from portal.store.people import Newcomer
from portal.store.store import Store
from tests.portal.conftest import Clock, Portal, add_person
from tests.portal.requests import ORIGIN, signed_in

DAY = date(2026, 2, 3)
DRAFT = NoteDraft(text="The feed was late", first_day=DAY, last_day=DAY, path="/")
FIELDS = {"text": "The feed was late", "day": "2026-02-03", "path": "/", "visibility": "private"}


def seen(store: Store, person: Any) -> list[str]:  # noqa: ANN401  # a person
    return [n.text for n in notes.between(store, person, DAY, DAY)]


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [
        ("private", {"Ann"}),
        ("unit", {"Ann", "Bob", "Root"}),
        ("everyone", {"Ann", "Bob", "Cid", "Root"}),
    ],
)
def test_a_note_is_seen_by_those_it_is_for(
    store: Store, visibility: Audience, expected: set[str]
) -> None:
    ann = add_person(store, "Ann")
    others = [
        add_person(store, "Bob"),
        add_person(store, "Cid", "studio"),
        add_person(store, "Root", "platform", "admin"),
    ]
    note = notes.write(store, ann, replace(DRAFT, visibility=visibility))
    assert {p.name for p in (ann, *others) if seen(store, p)} == expected
    for person in others:
        if person.name in expected:
            assert notes.read(store, person, note.id).author_name == "Ann"
        else:
            with pytest.raises(NotFound):
                notes.read(store, person, note.id)


def test_days_overlap_or_a_note_is_not_of_them(store: Store) -> None:
    ann = add_person(store, "Ann")
    notes.write(store, ann, replace(DRAFT, last_day=DAY + timedelta(5)))

    def found(first: int, last: int) -> int:
        return len(notes.between(store, ann, DAY + timedelta(first), DAY + timedelta(last)))

    assert [found(-9, -1), found(-9, 0), found(2, 3), found(5, 9), found(6, 9)] == [0, 1, 1, 1, 0]


def test_a_viewer_notes_for_themselves_and_shows_it_to_nobody(store: Store) -> None:
    vic = add_person(store, "Vic", role="viewer")
    note = notes.write(store, vic, DRAFT)
    with pytest.raises(Denied):
        notes.write(store, vic, replace(DRAFT, visibility="unit"))
    with pytest.raises(Denied):
        notes.edit(store, vic, note.id, replace(DRAFT, visibility="everyone"), 1)
    assert notes.read(store, vic, note.id).visibility == "private"


def test_who_is_no_longer_an_editor_takes_notes_back_and_says_no_more_to_others(
    store: Store,
) -> None:
    ann, bob = add_person(store, "Ann"), add_person(store, "Bob")
    first, second = (
        notes.write(store, ann, replace(DRAFT, visibility=v)) for v in ("unit", "everyone")
    )
    notes.remove(store, ann, second.id, 1)
    demoted = replace(ann, role="viewer")
    for draft in (
        replace(DRAFT, visibility="unit", text="Else"),
        replace(DRAFT, visibility="everyone"),
    ):
        with pytest.raises(Denied, match="takes an editor"):
            notes.edit(store, demoted, first.id, draft, 1)
    with pytest.raises(Denied, match="takes an editor"):
        notes.restore(store, demoted, second.id)
    assert seen(store, bob) == [DRAFT.text]
    assert notes.edit(store, demoted, first.id, DRAFT, 1).visibility == "private"
    assert seen(store, bob) == []
    assert notes.restore(store, ann, second.id).visibility == "everyone"


@pytest.mark.parametrize(
    "hidden", ["\x00", "\x1b", "\x7f", "\x80", "\x85", "\x9f", "\u202e", "\u2066"]
)
def test_a_note_holds_no_character_that_is_not_seen(store: Store, hidden: str) -> None:
    ann = add_person(store, "Ann")
    for text in (f"late{hidden}", f"the {hidden}feed", hidden):
        with pytest.raises(Invalid, match="cannot be kept"):
            notes.write(store, ann, replace(DRAFT, text=text))


@pytest.mark.parametrize(
    "text",
    [
        "zwei\nZeilen\tund",
        "\u05e9\u05dc\u05d5\u05dd\u200f!",
        "na\xefve \U0001f600",
        "\u0645\u0631\u062d",
    ],
)
def test_every_script_is_kept_letter_for_letter(store: Store, text: str) -> None:
    assert notes.write(store, add_person(store, "Ann"), replace(DRAFT, text=text)).text == text


def test_only_the_author_changes_a_note_and_an_admin_takes_down_what_others_see(
    store: Store,
) -> None:
    ann, bob = add_person(store, "Ann"), add_person(store, "Bob")
    root = add_person(store, "Root", "platform", "admin")
    note = notes.write(store, ann, replace(DRAFT, visibility="unit"))
    for deed in (
        lambda: notes.edit(store, bob, note.id, DRAFT, 1),
        lambda: notes.edit(store, root, note.id, DRAFT, 1),
        lambda: notes.remove(store, bob, note.id, 1),
    ):
        with pytest.raises(Denied, match="Ann"):
            deed()
    notes.remove(store, root, note.id, 1)
    assert seen(store, ann) == []
    with pytest.raises(NotFound):
        notes.restore(store, root, note.id)
    notes.restore(store, ann, note.id)
    assert seen(store, bob) == [DRAFT.text]


def test_a_stale_change_writes_nothing(store: Store) -> None:
    ann = add_person(store, "Ann")
    note = notes.write(store, ann, DRAFT)
    newer = notes.edit(store, ann, note.id, replace(DRAFT, text="It was early"), note.version)
    with pytest.raises(Conflict, match="changed in between") as conflict:
        notes.edit(store, ann, note.id, replace(DRAFT, text="It was on time"), note.version)
    assert "It was early" in conflict.value.hint
    with pytest.raises(Conflict):
        notes.remove(store, ann, note.id, note.version)
    assert notes.read(store, ann, note.id) == newer


def test_a_deletion_is_undone_for_thirty_days_and_then_forgotten(
    store: Store, clock: Clock
) -> None:
    ann = add_person(store, "Ann")
    note = notes.write(store, ann, DRAFT)
    notes.remove(store, ann, note.id, 1)
    clock.pass_by(timedelta(29))
    assert notes.purge(store) == 0
    back = notes.restore(store, ann, note.id)
    assert seen(store, ann) == [DRAFT.text]
    notes.remove(store, ann, note.id, back.version)
    clock.pass_by(timedelta(31))
    assert notes.purge(store) == 1
    with pytest.raises(NotFound):
        notes.restore(store, ann, note.id)


def test_every_deed_is_in_the_audit(store: Store) -> None:
    ann = add_person(store, "Ann")
    note = notes.write(store, ann, DRAFT)
    notes.edit(store, ann, note.id, replace(DRAFT, visibility="unit"), 1)
    notes.remove(store, ann, note.id, 2)
    notes.restore(store, ann, note.id)
    deeds = [e.deed.action for e in audit.newest(store) if e.deed.object_kind == "note"]
    assert sorted(deeds) == ["delete", "edit", "restore", "write"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "  "},
        {"text": "x" * (LONGEST_TEXT + 1)},
        {"text": "bell \a"},
        {"last_day": DAY - timedelta(1)},
        {"last_day": DAY + timedelta(5_000)},
        {"path": "//elsewhere.example"},
        {"metric": "hours_viewed"},
        {"country": "USA"},
        {"country": "ßß"},
        {"dataset": "d" * 121, "metric": "m"},
    ],
)
def test_what_is_no_note_is_refused(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        notes.write(store, add_person(store, "Ann"), replace(DRAFT, **wrong))


def test_notes_of_other_pages_crowd_none_out(
    store: Store, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(notes, "MOST_LISTED", 2)
    ann = add_person(store, "Ann")
    of_hours = replace(DRAFT, text="of hours", dataset="playback", metric="hours_viewed")
    for draft in (DRAFT, of_hours, *[replace(DRAFT, text="else", path="/top10")] * 3):
        notes.write(store, ann, draft)
        clock.pass_by(timedelta(minutes=1))
    of = notes.OfPage("/", frozenset({"hours_viewed"}))
    assert [n.text for n in notes.between(store, ann, DAY, DAY, of)] == ["of hours", DRAFT.text]


def test_nobody_fills_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST", 2)
    ann = add_person(store, "Ann")
    first = notes.write(store, ann, DRAFT)
    notes.write(store, ann, DRAFT)
    with pytest.raises(QuotaExceeded):
        notes.write(store, ann, DRAFT)
    notes.remove(store, ann, first.id, 1)
    assert isinstance(notes.write(store, ann, DRAFT), Note)


@pytest.fixture
def ann(portal: Portal) -> FlaskClient:
    return signed_in(portal)


def tell(client: FlaskClient, verb: str, **fields: Any):  # noqa: ANN401  # any JSON
    return client.post(f"/-/notes/{verb}", json=fields, headers=ORIGIN)


def test_a_note_comes_back_letter_for_letter_and_as_json_only(ann: FlaskClient) -> None:
    text = "<img src=x onerror=alert(1)> & “quotes”\nsecond line"
    answer = tell(ann, "write", **{**FIELDS, "text": text})
    assert answer.mimetype == "application/json"
    assert answer.get_json()["note"]["text"] == text


def test_a_conflict_comes_with_what_it_says_now(ann: FlaskClient) -> None:
    note = tell(ann, "write", **FIELDS).get_json()["note"]
    assert tell(ann, "edit", **{**note, "text": "First"}).status_code == 200
    late = tell(ann, "edit", **{**note, "text": "Second"})
    assert late.status_code == 409
    assert late.get_json()["newest"]["text"] == "First"
    assert tell(ann, "remove", id=note["id"], version=2).status_code == 200
    assert tell(ann, "restore", id=note["id"]).get_json()["note"]["version"] == 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": "yesterday"}, "no day"),
        ({"path": "/nowhere"}, "page of this portal"),
        ({"visibility": "link"}, "seen by"),
        ({"dataset": "playback", "metric": "hours_vieved"}, "hours_vieved"),
        ({"text": 7}, "has to be a text"),
        ({"text": "half a pair: \ud83d"}, "cannot be kept"),
    ],
)
def test_a_wrong_field_is_said(ann: FlaskClient, wrong: dict[str, Any], said: str) -> None:
    answer = tell(ann, "write", **{**FIELDS, **wrong})
    assert answer.status_code == 422
    assert said in answer.get_json()["error"]["message"]


def test_a_version_that_no_column_holds_is_said(ann: FlaskClient) -> None:
    note = tell(ann, "write", **FIELDS).get_json()["note"]
    for verb in ("edit", "remove"):
        answer = tell(ann, verb, **{**note, "version": 10**30})
        assert answer.status_code == 422
        assert "too large" in answer.get_json()["error"]["message"]


def test_no_hint_names_a_metric_that_is_hidden(portal: Portal) -> None:
    newcomer = Newcomer(
        email="cy@company.example", name="Cy", unit="studio", hidden_numbers=("sum(watched_s)",)
    )
    cy = signed_in(portal, people.add(portal.store, newcomer))
    wrong = {"dataset": "playback", "metric": "hours_vieved"}
    for path in ("/-/notes/write", "/-/targets/read"):
        answer = cy.post(path, json={**FIELDS, **wrong}, headers=ORIGIN)
        assert answer.status_code == 422
        assert "hours_viewed" not in answer.text


def test_no_other_site_writes_a_note(portal: Portal) -> None:
    client = signed_in(portal)
    headers = {"Origin": "https://elsewhere.example"}
    assert client.post("/-/notes/write", json=FIELDS, headers=headers).status_code == 403
    stranger = portal.server.test_client()
    assert tell(stranger, "write", **FIELDS).status_code in (302, 401)
