"""Notes over the API: the rights of the browser, and no write over what was not seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.api.bodies import Refusal
from portal.api.note_bodies import Note, NoteConflict, NoteKept, Notes
from portal.store.people import Newcomer
from portal.store.store import Store
from tests.portal.small_warehouse import client_of, small_app, small_warehouse

URL = "/api/v1/notes"
LATE = {"text": "The feed was late", "day": "2026-02-03"}
ANN = Newcomer(email="ann@example.com", name="Ann", unit="product", role="editor")
VIC = Newcomer(
    email="vic@example.com",
    name="Vic",
    unit="product",
    role="viewer",
    row_rules={"country": ("BR",)},
    hidden_numbers=("count(distinct account_id)",),
)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[tuple[Flask, Store]]:
    server, store = small_app(tmp_path, small_warehouse(tmp_path, 100))
    yield server, store
    store.close()


@pytest.fixture
def ann(portal: tuple[Flask, Store]) -> FlaskClient:
    return client_of(*portal, ANN)


@pytest.fixture
def vic(portal: tuple[Flask, Store]) -> FlaskClient:
    return client_of(*portal, VIC)


def written(client: FlaskClient, **fields: Any) -> Note:  # noqa: ANN401  # any JSON
    answer = client.post(URL, json={**LATE, **fields})
    assert answer.status_code == 201, answer.text
    return NoteKept.model_validate(answer.json).note


def texts(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.text
    return [note.text for note in Notes.model_validate(answer.json).notes]


def code(answer: TestResponse, status: int) -> str:
    assert answer.status_code == status, answer.text
    return Refusal.model_validate(answer.json).error.code


def test_a_note_is_added_listed_changed_and_removed(ann: FlaskClient) -> None:
    note = written(ann, end="2026-02-05", dataset="plays", metric="hours_viewed")
    assert (note.day, note.end, note.metric) == ("2026-02-03", "2026-02-05", "hours_viewed")
    assert texts(ann, "?first=2026-02-05&last=2026-02-05") == [LATE["text"]]
    assert texts(ann, "?first=2026-02-06") == []
    changed = ann.put(f"{URL}/{note.id}", json={**LATE, "text": "It was early", "version": 1})
    assert NoteKept.model_validate(changed.json).note.version == 2
    read = NoteKept.model_validate(ann.get(f"{URL}/{note.id}").json).note
    assert (read.text, read.metric) == ("It was early", "")
    assert ann.delete(f"{URL}/{note.id}?version=2").status_code == 200
    assert texts(ann) == []
    assert code(ann.get(f"{URL}/{note.id}"), 404) == "not_found"


def test_who_did_not_see_the_newest_changes_nothing_and_is_told_it(ann: FlaskClient) -> None:
    note = written(ann)
    assert (
        ann.put(f"{URL}/{note.id}", json={**LATE, "text": "First", "version": 1}).status_code == 200
    )
    late = ann.put(f"{URL}/{note.id}", json={**LATE, "text": "Second", "version": 1})
    assert code(late, 409) == "conflict"
    assert NoteConflict.model_validate(late.json).newest.text == "First"
    assert code(ann.delete(f"{URL}/{note.id}?version=1"), 409) == "conflict"
    assert texts(ann) == ["First"]


def test_a_removed_note_is_brought_back_by_who_wrote_it_alone(
    ann: FlaskClient, vic: FlaskClient
) -> None:
    note = written(ann, visibility="unit")
    restore = f"{URL}/{note.id}/restore"
    assert code(ann.post(restore), 404) == "not_found"
    assert ann.delete(f"{URL}/{note.id}?version=1").status_code == 200
    assert code(vic.post(restore), 404) == "not_found"
    assert code(ann.get(restore), 405) == "method_not_allowed"
    back = NoteKept.model_validate(ann.post(restore).json).note
    assert (back.text, back.version) == (LATE["text"], 3)
    assert texts(vic) == [LATE["text"]]


def test_rights_are_those_of_the_browser(ann: FlaskClient, vic: FlaskClient) -> None:
    private, shared = written(ann, text="mine"), written(ann, text="ours", visibility="unit")
    assert texts(vic) == ["ours"]
    assert code(vic.get(f"{URL}/{private.id}"), 404) == "not_found"
    body = {**LATE, "version": 1}
    assert code(vic.put(f"{URL}/{private.id}", json=body), 404) == "not_found"
    assert code(vic.put(f"{URL}/{shared.id}", json=body), 403) == "denied"
    assert code(vic.delete(f"{URL}/{shared.id}?version=1"), 403) == "denied"
    assert code(vic.post(URL, json={**LATE, "visibility": "everyone"}), 403) == "denied"
    assert written(vic).visibility == "private"


def test_a_note_of_what_is_kept_from_somebody_is_kept_from_them_too(
    ann: FlaskClient, vic: FlaskClient
) -> None:
    elsewhere = written(ann, text="elsewhere", country="US", visibility="unit")
    written(ann, text="here", country="BR", visibility="unit")
    written(ann, text="hidden", dataset="plays", metric="accounts", visibility="unit")
    written(ann, text="open", dataset="plays", metric="hours_viewed", visibility="unit")
    assert set(texts(vic)) == {"here", "open"}
    assert code(vic.get(f"{URL}/{elsewhere.id}"), 404) == "not_found"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"text": " "}, "invalid"),
        ({"day": "soon"}, "invalid"),
        ({"end": "2026-02-01"}, "invalid"),
        ({"path": "/nowhere"}, "invalid"),
        ({"dataset": "plays", "metric": "hours"}, "invalid"),
        ({"text": "\ud83d"}, "invalid_body"),
        ({"text": 7}, "invalid_body"),
        ({"visibility": "link"}, "invalid_body"),
        ({"colour": "blue"}, "invalid_body"),
    ],
)
def test_what_is_no_note_is_refused(ann: FlaskClient, wrong: dict[str, Any], expected: str) -> None:
    assert code(ann.post(URL, json={**LATE, **wrong}), 422) == expected


def test_a_version_and_days_have_to_be_said_as_such(ann: FlaskClient) -> None:
    note = written(ann)
    for version in ("", "?version=one", f"?version={10**30}"):
        assert code(ann.delete(f"{URL}/{note.id}{version}"), 422) == "invalid"
    assert code(ann.put(f"{URL}/{note.id}", json={**LATE, "version": 10**30}), 422) == "invalid"
    assert code(ann.get(f"{URL}?first=soon"), 422) == "invalid"
    assert code(ann.delete(f"{URL}/nothing?version=1"), 404) == "not_found"


def test_strangers_are_turned_away(portal: tuple[Flask, Store]) -> None:
    stranger = portal[0].test_client()
    answers = (
        stranger.get(URL),
        stranger.post(URL, json=LATE),
        stranger.put(f"{URL}/1", json=LATE),
        stranger.delete(f"{URL}/1?version=1"),
        stranger.post(f"{URL}/1/restore"),
    )
    assert {code(answer, 401) for answer in answers} == {"unauthorized"}
