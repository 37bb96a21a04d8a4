from datetime import timedelta
from pathlib import Path

import pytest

from portal.store import attempts, audit, demo_people, people, sessions
from tests.portal.conftest import PASSWORD, Portal, open_portal
from tests.portal.requests import ORIGIN, PAGE, secret_of, sign_in, signed_in
from tests.portal.test_settings import PRODUCTION

WRONG = "not the password"


def test_signing_in_opens_the_portal_and_signing_out_closes_it(portal: Portal):
    client = portal.server.test_client()
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/", headers=PAGE).status_code == 200
    left = client.post("/logout", headers=ORIGIN)
    assert left.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/", headers=PAGE).status_code == 302


def test_a_copied_cookie_is_worthless_after_signing_out(portal: Portal):
    client, thief = portal.server.test_client(), portal.server.test_client()
    sign_in(client)
    thief.set_cookie("playhead", secret_of(client))
    assert thief.get("/_dash-layout").status_code == 200
    client.post("/logout", headers=ORIGIN)
    assert thief.get("/_dash-layout").status_code == 401
    assert thief.post("/_dash-update-component", headers=ORIGIN, json={}).status_code == 401


def test_a_session_that_was_planted_is_not_the_one_that_is_opened(portal: Portal):
    client = portal.server.test_client()
    client.set_cookie("playhead", "planted")
    sign_in(client)
    assert secret_of(client) != "planted"
    first = secret_of(client)
    sign_in(client)
    assert sessions.owner(portal.store, first) is None
    assert sessions.owner(portal.store, secret_of(client)) is not None


def test_a_new_password_ends_the_other_browser(portal: Portal):
    here, there = signed_in(portal), signed_in(portal)
    people.set_password(portal.store, portal.ann, "eight lamps in the harbour")
    assert [c.get("/_dash-layout").status_code for c in (here, there)] == [401, 401]


def test_a_deactivated_person_is_out_at_the_next_request(portal: Portal):
    client = signed_in(portal)
    people.deactivate(portal.store, portal.ann)
    assert client.get("/_dash-layout").status_code == 401


def test_a_forgotten_browser_is_signed_out_after_twelve_hours(portal: Portal):
    client = signed_in(portal)
    portal.clock.pass_by(timedelta(hours=11, minutes=59))
    assert client.get("/_dash-layout").status_code == 200
    portal.clock.pass_by(timedelta(hours=12))
    assert client.get("/_dash-layout").status_code == 401


def test_a_wrong_password_and_an_unknown_person_look_the_same(portal: Portal):
    client = portal.server.test_client()
    wrong = sign_in(client, WRONG)
    form = {"email": "eve@company.example", "password": WRONG}
    unknown = client.post("/login", data=form, headers=ORIGIN)
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("ann@", "eve@") == unknown.text
    assert "Set-Cookie" not in wrong.headers
    assert WRONG not in wrong.text


def test_guessing_is_stopped_across_two_processes(portal: Portal):
    other = open_portal(portal.settings.home)
    clients = [portal.server.test_client(), other.server.test_client()]
    statuses = [sign_in(clients[n % 2], WRONG).status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]
    refused = sign_in(clients[0])
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    portal.clock.pass_by(attempts.WINDOW)
    assert sign_in(clients[0]).status_code == 303
    other.store.close()


def test_the_owner_signs_in_from_elsewhere_after_a_pause(portal: Portal):
    client = portal.server.test_client()
    for _ in range(11):
        sign_in(client, WRONG)
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert sign_in(client, environ_overrides=elsewhere).status_code == 429
    portal.clock.pass_by(attempts.ACCOUNT_PAUSE)
    assert sign_in(client, environ_overrides=elsewhere).status_code == 303


@pytest.mark.parametrize(("hops", "counted"), [("0", "127.0.0.1"), ("1", "9.9.9.9")])
def test_only_our_own_proxy_says_where_somebody_is(tmp_path: Path, hops: str, counted: str):
    portal = open_portal(tmp_path, {"PLAYHEAD_PROXY_HOPS": hops})
    headers = {**ORIGIN, "X-Forwarded-For": "1.1.1.1, 9.9.9.9"}
    sign_in(portal.server.test_client(), WRONG, headers=headers)
    with portal.store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT address FROM sign_in_attempts").scalars().all()
    assert rows == [counted]
    portal.store.close()


def test_a_huge_or_odd_form_is_answered_plainly(portal: Portal):
    client = portal.server.test_client()
    for form in ({}, {"email": "x" * 100_000, "password": "y" * 100_000}, {"email": "\0"}):
        assert client.post("/login", data=form, headers=ORIGIN).status_code == 401
    many = {f"f{n}": "x" for n in range(2_000)}
    answer = client.post("/login", data=many, headers=ORIGIN, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_what_somebody_types_is_text_on_the_page(portal: Portal):
    form = {"email": '"><script>alert(1)</script>', "password": WRONG}
    answer = portal.server.test_client().post("/login", data=form, headers=ORIGIN)
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_page_runs_no_script_and_loads_nothing(portal: Portal):
    text = portal.server.test_client().get("/login").text
    assert "<script" not in text
    assert " src=" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_signing_in_and_out_is_noted(portal: Portal):
    client = portal.server.test_client()
    sign_in(client)
    client.post("/logout", headers=ORIGIN)
    assert [e.deed.action for e in audit.newest(portal.store, 2)] == ["sign out", "sign in"]


def test_the_demo_lets_one_be_any_of_seven_people(tmp_path: Path):
    demo = open_portal(tmp_path, {"PLAYHEAD_ENV": "demo"})
    client = demo.server.test_client()
    page = client.get("/login?next=/rankers").text
    for person in demo_people.DEMO_PEOPLE:
        assert person.newcomer.name in page
        form = {"person": person.newcomer.email}
        answer = client.post("/login/demo?next=/rankers", data=form, headers=ORIGIN)
        assert answer.headers["Location"] == "/rankers"
        seen = sessions.owner(demo.store, secret_of(client))
        assert seen is not None
        assert (seen.name, seen.is_demo) == (person.newcomer.name, True)
    assert client.post("/login/demo", data={"person": "ann@company.example"}, headers=ORIGIN)
    for name in ("", "ann@company.example", "x" * 5_000):
        answer = client.post("/login/demo", data={"person": name}, headers=ORIGIN)
        assert answer.status_code == 401
    demo.store.close()


def test_nobody_becomes_a_demo_person_outside_the_demo(tmp_path: Path):
    for environment in ({}, {**PRODUCTION, "DATABASE_URL": ""}):
        portal = open_portal(tmp_path / str(len(environment)), environment)
        base = portal.settings.public_url or "http://localhost"
        demo_people.ensure(portal.store)
        form = {"person": demo_people.DEMO_PEOPLE[0].newcomer.email}
        client = portal.server.test_client()
        answer = client.post("/login/demo", data=form, headers={"Origin": base}, base_url=base)
        assert answer.status_code in (401, 404, 405)
        assert (
            demo_people.DEMO_PEOPLE[0].newcomer.name not in client.get("/login", base_url=base).text
        )
        portal.store.close()


def test_the_right_password_is_enough(portal: Portal):
    assert people.with_password(portal.store, portal.ann.email, PASSWORD) == portal.ann
