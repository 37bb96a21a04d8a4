from collections.abc import Iterator
from urllib.parse import quote

import pytest
from werkzeug.routing import Rule

from portal.auth.gate import PUBLIC
from portal.store import people, sessions, tokens
from portal.store.people import Person
from portal.store.sessions import Session
from tests.portal.conftest import Portal, open_portal
from tests.portal.requests import ORIGIN, PAGE, address, secret_of, sign_in, signed_in


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    opened = open_portal(tmp_path_factory.mktemp("home"))
    yield opened
    opened.store.close()


def ways_in(portal: Portal) -> list[tuple[str, Rule]]:
    """Every method of every route that is not named as public."""
    rules = [r for r in portal.server.url_map.iter_rules() if r.endpoint not in PUBLIC]
    return [(method, rule) for rule in rules for method in sorted(rule.methods or ())]


def test_a_stranger_is_kept_out_of_every_route(portal: Portal):
    client = portal.server.test_client()
    tried = ways_in(portal)
    assert len(tried) > 20
    for method, rule in tried:
        path = address(rule.rule, rule.arguments)
        answer = client.open(path, method=method, headers=ORIGIN)
        assert answer.status_code in (401, 302, 405), (method, path, answer.status_code)
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/login?next="), path
        assert answer.headers.get("Set-Cookie") is None


def test_only_the_way_in_and_the_health_are_public(portal: Portal):
    endpoints = {rule.endpoint for rule in portal.server.url_map.iter_rules()}
    assert endpoints & PUBLIC == PUBLIC - {"sign_in.enter_demo"}
    assert {"sign_in.page", "sign_in.enter", "sign_in.enter_demo", "healthz", "readyz"} == PUBLIC


def test_a_person_is_sent_to_sign_in_and_a_script_is_told(portal: Portal):
    client = portal.server.test_client()
    page = client.get("/rankers?country=BR&hour.from=20", headers=PAGE)
    assert page.headers["Location"] == "/login?next=" + quote(
        "/rankers?country=BR&hour.from=20", safe="/.?"
    )
    for path in ("/_dash-layout", "/_dash-dependencies", "/assets/theme.css", "/api/v1/datasets"):
        answer = client.get(path, headers=PAGE)
        assert answer.status_code == 401
        assert answer.get_json()["error"]["code"] == "unauthorized"


def test_a_deep_link_leads_back_to_the_same_view_after_signing_in(portal: Portal):
    client = portal.server.test_client()
    way_in = client.get("/rankers?country=BR&country=MX", headers=PAGE).headers["Location"]
    form = {"email": "ann@company.example", "password": "seven lamps in the harbour"}
    answer = client.post(way_in, data=form, headers=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/rankers?country=BR&country=MX",
    )


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_elsewhere(portal: Portal, target: str):
    client = portal.server.test_client()
    assert sign_in(client, query_string={"next": target}).headers["Location"] == "/"
    again = client.get("/login", query_string={"next": target}, headers=PAGE)
    assert again.headers["Location"] == "/"


def test_an_unknown_page_is_not_found_rather_than_an_empty_shell(portal: Portal):
    client = signed_in(portal)
    for path in ("/x/y", "/_mcp", "/console", "/setup", "/login/demo", "/-/nothing", "/.env"):
        assert client.get(path, headers=PAGE).status_code in (404, 405), path
    assert client.get("/", headers=PAGE).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "nonsense"}, 403),
        ({"Origin": ""}, 403),
        ({}, 403),
        ({"X-HTTP-Method-Override": "GET"}, 403),
    ],
)
def test_only_our_own_pages_may_write(portal: Portal, headers: dict[str, str], status: int):
    client = signed_in(portal)
    answer = client.post("/logout", headers=headers)
    assert answer.status_code == status
    still_in = sessions.owner(portal.store, secret_of(client)) is not None
    assert still_in == (status == 403) or status == 303


def test_another_site_cannot_sign_somebody_in(portal: Portal):
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert sign_in(portal.server.test_client(), headers=headers).status_code == 403


def test_reading_changes_nothing(portal: Portal):
    client = signed_in(portal)

    def state() -> tuple[list[Person], list[Session]]:
        return people.everybody(portal.store), sessions.open_of(portal.store, portal.ann)

    before = state()
    for method, rule in ways_in(portal):
        if method == "GET":
            client.get(address(rule.rule, rule.arguments), headers=PAGE).close()
    assert state() == before


def test_no_other_site_may_read_by_a_script(portal: Portal):
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer = signed_in(portal).options("/", headers=preflight)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_token_opens_the_api_and_nothing_else(portal: Portal):
    token = tokens.add(portal.store, portal.ann, "notebook")
    client = portal.server.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/datasets", headers=bearer).status_code == 200
    assert client.get("/_dash-layout", headers=bearer).status_code == 401
    assert client.post("/logout", headers=bearer).status_code == 401
    wrong = {"Authorization": f"Bearer {token[:-1]}"}
    assert client.get("/api/v1/datasets", headers=wrong).status_code == 401


def test_a_token_does_not_lend_its_freedom_to_a_cookie(portal: Portal):
    client = signed_in(portal)
    bearer = {"Authorization": "Bearer playhead_nonsense", "Origin": "http://evil.example"}
    assert client.post("/logout", headers=bearer).status_code == 401
    assert client.get("/api/v1/datasets", headers=bearer).status_code == 401
    assert sessions.owner(portal.store, secret_of(client)) is not None


def test_a_body_in_chunks_is_refused(portal: Portal):
    client = signed_in(portal)
    headers = {**ORIGIN, "Transfer-Encoding": "chunked"}
    assert client.post("/_dash-update-component", headers=headers, data="{}").status_code == 411


@pytest.mark.parametrize(
    "cookie", ["", "x", "x" * 65_000, "é", "a b", '"', "..", "playhead=1", "%00", "\u202e"]
)
def test_a_broken_cookie_is_just_no_cookie(portal: Portal, cookie: str):
    client = portal.server.test_client()
    answer = client.get("/_dash-layout", headers={"Cookie": f"playhead={cookie}"})
    assert answer.status_code == 401


def test_no_header_makes_somebody_else_of_a_stranger(portal: Portal):
    headers = {
        "X-Forwarded-User": "ann@company.example",
        "X-WEBAUTH-USER": "ann@company.example",
        "Remote-User": portal.ann.id,
        "X-Forwarded-For": "127.0.0.1",
        "X-Original-URL": "/healthz",
    }
    client = portal.server.test_client()
    assert client.get("/_dash-layout", headers=headers).status_code == 401
