"""Saved views over HTTP: what the pages send, and what each person gets back."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.components.saved_views import described
from portal.store import views
from portal.store.saved_view import Draft
from tests.portal.conftest import Portal, add_person
from tests.portal.requests import ORIGIN, PAGE, signed_in

URL = {"path": "/explore", "query": "country=BR&metric=plays&saved=x&v=v1-abc"}


@pytest.fixture
def ann(portal: Portal) -> FlaskClient:
    return signed_in(portal)


@pytest.fixture
def ben(portal: Portal) -> FlaskClient:
    """Somebody of another unit who may only read."""
    return signed_in(portal, add_person(portal.store, "Ben", "studio", "viewer"))


def tell(client: FlaskClient, verb: str, **fields: Any):  # noqa: ANN401  # any JSON
    return client.post(f"/-/views/{verb}", json=fields, headers=ORIGIN)


def saved(client: FlaskClient, **fields: str) -> dict[str, Any]:
    answer = tell(client, "save", **{"name": "Brazil", **URL, **fields})
    assert answer.status_code == 200, answer.text
    return answer.get_json()["view"]


def names(client: FlaskClient, **wanted: str) -> list[str]:
    return [view["name"] for view in tell(client, "list", **wanted).get_json()["views"]]


def test_a_view_is_saved_without_what_is_not_part_of_it(ann: FlaskClient) -> None:
    view = saved(ann)
    assert (view["path"], view["query"]) == ("/explore", "country=BR&metric=plays")
    assert view["data_version"] == ""
    assert view["visibility"] == "private"
    assert view["is_mine"]


def test_opening_leads_to_the_page_with_the_view_named(ann: FlaskClient) -> None:
    view = saved(ann)
    opened = ann.get(f"/views/{view['id']}", headers=PAGE)
    assert opened.status_code == 303
    assert opened.location == f"/explore?country=BR&metric=plays&saved={view['id']}"


def test_a_pinned_view_opens_at_its_data_version(ann: FlaskClient) -> None:
    view = saved(ann, data_version="v1-abc")
    assert "&v=v1-abc&" in ann.get(f"/views/{view['id']}", headers=PAGE).location


def test_what_is_not_shared_looks_like_nothing(ann: FlaskClient, ben: FlaskClient) -> None:
    view = saved(ann)
    absent = ben.get("/views/00000000-0000-4000-8000-000000000000", headers=PAGE)
    foreign = ben.get(f"/views/{view['id']}", headers=PAGE)
    assert absent.status_code == foreign.status_code == 404
    assert names(ben) == []
    assert tell(ben, "read", id=view["id"]).get_json()["view"] is None
    for verb in ("edit", "share", "remove", "restore"):
        fields = {"id": view["id"], "version": 1, "visibility": "private", "name": "x", **URL}
        assert tell(ben, verb, **fields).status_code == 404


def test_sharing_by_link_says_the_link_once_and_taking_it_back_ends_it(
    ann: FlaskClient, ben: FlaskClient
) -> None:
    view = saved(ann)
    answer = tell(ann, "share", id=view["id"], version=1, visibility="link").get_json()
    link = f"/views/{view['id']}?link={answer['link']}"
    assert ben.get(link, headers=PAGE).status_code == 303
    assert ben.get(f"/views/{view['id']}", headers=PAGE).status_code == 404
    assert names(ben) == []
    assert answer["link"] not in tell(ann, "list").text
    tell(ann, "share", id=view["id"], version=2, visibility="private")
    assert ben.get(link, headers=PAGE).status_code == 404


def test_a_shared_view_is_found_by_others_who_may_not_change_it(
    ann: FlaskClient, ben: FlaskClient, portal: Portal
) -> None:
    editor = signed_in(portal, add_person(portal.store, "Eve", "product", "editor"))
    view = saved(editor)
    answer = tell(editor, "share", id=view["id"], version=1, visibility="everyone")
    assert answer.status_code == 200
    (seen,) = tell(ben, "list", of="everyone", words="brazil eve").get_json()["views"]
    assert (seen["owner"], seen["is_mine"], seen["may_edit"]) == ("Eve", False, False)
    refused = tell(ben, "edit", id=view["id"], version=2, name="Mine now", **URL)
    assert refused.status_code == 403
    assert "belongs to Eve" in refused.get_json()["error"]["message"]
    assert names(ben, of="mine") == names(ann, of="mine") == []


def test_a_viewer_keeps_views_but_publishes_none(ben: FlaskClient) -> None:
    view = saved(ben)
    assert not tell(ben, "reader").get_json()["reader"]["may_publish"]
    refused = tell(ben, "share", id=view["id"], version=1, visibility="unit")
    assert refused.status_code == 403
    assert names(ben) == ["Brazil"]


def test_a_conflict_says_who_was_faster_and_what_they_saved(ann: FlaskClient) -> None:
    view = saved(ann)
    first = tell(ann, "edit", **{**view, "name": "Brazil, by day"})
    assert first.get_json()["view"]["version"] == 2
    late = tell(ann, "edit", **{**view, "name": "Brazil, by week"})
    assert late.status_code == 409
    answer = late.get_json()
    assert "Ann saved “Brazil, by day”" in answer["error"]["message"]
    assert answer["newest"]["name"] == "Brazil, by day"
    assert tell(ann, "remove", id=view["id"], version=1).status_code == 409
    over = tell(ann, "edit", **{**view, "name": "Brazil, by week", "version": 2})
    assert over.get_json()["view"]["name"] == "Brazil, by week"


def test_a_deleted_view_can_be_brought_back(ann: FlaskClient) -> None:
    view = saved(ann)
    assert tell(ann, "remove", id=view["id"], version=1).status_code == 200
    assert names(ann) == []
    assert ann.get(f"/views/{view['id']}", headers=PAGE).status_code == 404
    assert names(ann, of="deleted") == ["Brazil"]
    assert tell(ann, "restore", id=view["id"]).status_code == 200
    assert names(ann) == ["Brazil"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": 7},
        {"path": "https://elsewhere.example/"},
        {"path": "//elsewhere.example"},
        {"description": "x" * 2001},
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(ann: FlaskClient, fields: dict[str, Any]) -> None:
    refused = tell(ann, "save", **{"name": "Brazil", **URL, **fields})
    assert refused.status_code == 422
    assert refused.get_json()["error"]["message"]
    assert names(ann) == []


def test_only_our_own_pages_write(ann: FlaskClient) -> None:
    forged = ann.post(
        "/-/views/save", json={"name": "x", **URL}, headers={"Origin": "https://evil.example"}
    )
    assert forged.status_code == 403
    assert names(ann) == []


def test_nobody_reads_without_signing_in(portal: Portal, ann: FlaskClient) -> None:
    view = saved(ann)
    stranger = portal.server.test_client()
    assert tell(stranger, "list").status_code == 401
    asked_to_sign_in = stranger.get(f"/views/{view['id']}?link=abc", headers=PAGE)
    assert asked_to_sign_in.status_code == 302
    assert "next=" in asked_to_sign_in.location


def test_an_admin_is_told_what_they_may_take_down(portal: Portal) -> None:
    editor = add_person(portal.store, "Eve", "product", "editor")
    admin = add_person(portal.store, "Ada", "platform", "admin")
    view = views.save(portal.store, editor, Draft(name="Public", path="/"))
    view, _ = views.share(portal.store, editor, view.id, "everyone", view.version)
    seen = described(view, admin)
    assert (seen["may_edit"], seen["may_take_back"], seen["may_delete"]) == (False, True, True)
