import pytest

from portal.store import people, sessions, tokens
from portal.store.people import Newcomer
from tests.portal.conftest import PASSWORD, Portal
from tests.portal.requests import ORIGIN, secret_of, signed_in

NEW = "eight lamps in the harbour"


def test_a_new_password_keeps_this_browser_and_ends_the_others(portal: Portal):
    here, there = signed_in(portal), signed_in(portal)
    old = secret_of(here)
    form = {"present": PASSWORD, "new": NEW}
    assert here.post("/account/password", data=form, headers=ORIGIN).status_code == 303
    assert here.get("/account").status_code == 200
    assert secret_of(here) != old
    assert sessions.owner(portal.store, old) is None
    assert there.get("/_dash-layout").status_code == 401
    assert people.with_password(portal.store, portal.ann.email, NEW) is not None


@pytest.mark.parametrize(
    ("present", "new", "said"),
    [("wrong", NEW, "present password is wrong"), (PASSWORD, "short", "shorter than 12")],
)
def test_a_password_that_cannot_be_changed_stays(portal: Portal, present: str, new: str, said: str):
    client = signed_in(portal)
    answer = client.post("/account/password", data={"present": present, "new": new}, headers=ORIGIN)
    assert answer.status_code == 422
    assert said in answer.text
    assert people.with_password(portal.store, portal.ann.email, PASSWORD) is not None
    assert client.get("/account").status_code == 200


def test_guessing_the_present_password_is_stopped(portal: Portal):
    client = signed_in(portal)
    form = {"present": "wrong", "new": NEW}
    texts = [client.post("/account/password", data=form, headers=ORIGIN).text for _ in range(11)]
    assert "Too many attempts" in texts[-1]
    assert "Too many attempts" not in texts[-2]


def test_signing_out_elsewhere_spares_this_browser(portal: Portal):
    here, there = signed_in(portal), signed_in(portal)
    assert here.post("/account/sessions", headers=ORIGIN).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/_dash-layout").status_code == 401


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "A browser"),
    ],
)
def test_a_browser_is_named_as_a_person_would(portal: Portal, user_agent: str, browser: str):
    sessions.begin(portal.store, portal.ann, user_agent)
    (session,) = sessions.open_of(portal.store, portal.ann)
    assert session.browser == browser


def test_a_token_is_shown_once_works_and_can_be_revoked(portal: Portal):
    client = signed_in(portal)
    made = client.post("/account/tokens", data={"name": "<b>notebook"}, headers=ORIGIN)
    token = made.text.split("<code>")[1].split("</code>")[0]
    bearer = {"Authorization": f"Bearer {token}"}
    script = portal.server.test_client()
    assert script.get("/api/v1/datasets", headers=bearer).status_code == 200
    page = client.get("/account").text
    assert token not in page
    assert "&lt;b&gt;notebook" in page
    (listed,) = tokens.of(portal.store, portal.ann)
    client.post(f"/account/tokens/{listed.id}/revoke", headers=ORIGIN)
    assert script.get("/api/v1/datasets", headers=bearer).status_code == 401


def test_somebody_elses_token_is_not_there(portal: Portal):
    bob = people.add(
        portal.store, Newcomer(email="bob@company.example", name="Bob", unit="content")
    )
    tokens.add(portal.store, bob, "his")
    (his,) = tokens.of(portal.store, bob)
    client = signed_in(portal)
    for token_id in (his.id, "00000000-0000-4000-8000-000000000000", "x"):
        answer = client.post(f"/account/tokens/{token_id}/revoke", headers=ORIGIN)
        assert answer.status_code == 404
    assert (
        "his"
        not in client.get("/account").text.split("Where you are signed in")[0].split("<h2>")[1]
    )
    assert tokens.of(portal.store, bob) == [his]
