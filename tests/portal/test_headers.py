from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.store import sessions
from tests.portal.conftest import Portal, open_portal
from tests.portal.requests import ORIGIN, PAGE, address, sign_in, signed_in
from tests.portal.test_settings import PRODUCTION

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    opened = open_portal(tmp_path_factory.mktemp("home"))
    yield opened
    opened.store.close()


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Portal]:
    opened = open_portal(tmp_path, {**PRODUCTION, "DATABASE_URL": ""})
    yield opened
    opened.store.close()


def test_every_answer_carries_every_header(portal: Portal):
    for client in (portal.server.test_client(), signed_in(portal)):
        rules = [r for r in portal.server.url_map.iter_rules() if r.endpoint != "sign_in.leave"]
        for rule in rules:
            for method in ("GET", "POST", "DELETE"):
                path = address(rule.rule, rule.arguments)
                answer = client.open(path, method=method, headers=ORIGIN)
                answer.close()
                for name, value in ALWAYS.items():
                    assert answer.headers.getlist(name) == [value], (method, path)
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
                assert "Server" not in answer.headers
                assert "no-store" in answer.headers["Cache-Control"] or path.startswith(
                    ("/assets", "/_dash-component-suites", "/-/outlines", "/-/typeface")
                )
                assert answer.headers["X-Request-Id"]


def test_the_content_policy_allows_no_foreign_and_no_inline_script(portal: Portal):
    policy = portal.server.test_client().get("/login").headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert "unsafe" not in rules["script-src"]
    assert "http" not in policy
    assert rules["script-src"].count("sha256-") >= 1
    for closed in ("object-src", "frame-src", "base-uri", "frame-ancestors"):
        assert rules[closed] == "'none'"


def test_only_what_belongs_to_nobody_is_kept_by_a_browser(portal: Portal):
    client = signed_in(portal)
    for path in ("/", "/_dash-layout", "/_dash-dependencies", "/api/v1/datasets"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert "Cookie" in answer.headers["Vary"], path


def test_the_production_cookie_is_bound_to_its_host(production: Portal):
    base = production.settings.public_url
    client = production.server.test_client()
    answer = sign_in(client, base_url=base, headers={"Origin": base})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-playhead=")
    for attribute in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    left = client.post("/logout", base_url=base, headers={"Origin": base})
    assert "__Host-playhead=;" in left.headers["Set-Cookie"]


def test_the_plain_cookie_opens_nothing_in_production(production: Portal):
    client = production.server.test_client()
    secret = sessions.begin(production.store, production.ann)
    client.set_cookie("playhead", secret, domain="playhead.company.example")
    answer = client.get("/_dash-layout", base_url=production.settings.public_url)
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "playhead.company.example.evil.example", "x"])
def test_a_foreign_host_is_refused(production: Portal, host: str):
    answer = production.server.test_client().get("/login", base_url=f"https://{host}")
    assert answer.status_code == 400
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_platform_asks_for_health_by_any_name(production: Portal):
    client = production.server.test_client()
    for path in ("/healthz", "/readyz"):
        assert client.get(path, base_url="http://10.0.0.7:5000").get_json()["status"] == "ok"


def test_the_origin_is_the_public_address_whatever_the_host_header_says(production: Portal):
    client = production.server.test_client()
    base = production.settings.public_url
    own = sign_in(client, base_url="http://playhead.company.example", headers={"Origin": base})
    assert own.status_code == 303
    other = {"Origin": "http://playhead.company.example"}
    assert sign_in(client, base_url=base, headers=other).status_code == 403


def test_a_body_over_the_limit_is_refused_before_it_is_read(portal: Portal):
    client = signed_in(portal)
    answer = client.post(
        "/_dash-update-component",
        headers=ORIGIN,
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(1 << 30)},
    )
    assert answer.status_code == 413
    assert answer.get_json()["error"]["code"] == "request_entity_too_large"


def test_an_endless_address_is_refused(portal: Portal):
    assert signed_in(portal).get("/?x=" + "y" * 9_000, headers=PAGE).status_code == 414
