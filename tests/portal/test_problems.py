import json
import logging
import re
import sqlite3
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal import health, logs, problems
from portal.store.errors import Conflict, NotFound
from queries.errors import UnsafeQuestion
from tests.portal.conftest import Portal
from tests.portal.requests import ORIGIN, PAGE, sign_in, signed_in

SECRET_TEXT = "/srv/secret/path SELECT revenue FROM payments"


@pytest.fixture
def server() -> Flask:
    server = Flask("portal")
    server.context_processor(lambda: {"theme": {"light": {}, "dark": {}}, "font": ""})
    logs.register(server)
    problems.register(server)
    errors = {
        "bug": RuntimeError(SECRET_TEXT),
        "busy": OperationalError(SECRET_TEXT, {}, sqlite3.OperationalError("database is locked")),
        "conflict": Conflict("Ann saved in between.", "Open it again."),
        "absent": NotFound("There is no such view."),
        "unsafe": UnsafeQuestion("This would average a ratio.", "Ask for the ratio itself."),
    }

    def broken(name: str) -> str:
        raise errors[name]

    server.add_url_rule("/-/<name>", "broken", broken)
    server.add_url_rule("/<name>", "page", broken)
    return server


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("bug", 500, "bug"),
        ("busy", 503, "store_busy"),
        ("conflict", 409, "conflict"),
        ("absent", 404, "not_found"),
        ("unsafe", 422, "unsafe_question"),
    ],
)
def test_every_error_has_one_shape(server: Flask, name: str, status: int, code: str):
    answer = server.test_client().get(f"/-/{name}")
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert error["code"] == code
    assert {"message", "hint"} <= set(error)
    page = server.test_client().get(f"/{name}", headers=PAGE)
    assert page.status_code == status
    assert error["message"] in page.text


def test_a_bug_shows_its_number_and_nothing_else(server: Flask, capsys: pytest.CaptureFixture[str]):
    answer = server.test_client().get("/-/bug", headers={"X-Request-Id": "incident-12345"})
    assert answer.get_json()["error"]["incident"] == "incident-12345"
    assert SECRET_TEXT not in answer.text
    assert "Traceback" not in answer.text
    assert SECRET_TEXT in capsys.readouterr().out


def test_a_busy_store_says_when_to_try_again(server: Flask):
    answer = server.test_client().get("/-/busy")
    assert answer.headers["Retry-After"] == "5"
    assert SECRET_TEXT not in answer.text


def test_an_incident_number_is_ours_unless_it_is_plain(server: Flask):
    for brought in ("short", "x" * 65, "with space 123", 'quote"12345678'):
        answer = server.test_client().get("/-/bug", headers={"X-Request-Id": brought})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_health_knows_alive_from_ready():
    server = Flask("test")
    working = {"store": True}

    def store() -> None:
        if not working["store"]:
            raise ConnectionError(SECRET_TEXT)

    health.register(server, {"store": store, "lake": lambda: None})
    client = server.test_client()
    assert client.get("/readyz").get_json() == {"failing": [], "status": "ok"}
    working["store"] = False
    refused = client.get("/readyz")
    assert (refused.status_code, refused.get_json()["failing"]) == (503, ["store"])
    assert client.get("/healthz").get_json() == {"status": "ok"}
    working["store"] = True
    server.config["IS_STOPPING"] = True
    assert client.get("/readyz").get_json()["failing"] == ["stopping"]
    assert client.get("/healthz").status_code == 200


@pytest.fixture
def configured_logs() -> Iterator[None]:
    logs.configure()
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.mark.usefixtures("configured_logs")
def test_a_request_is_one_line_of_json_without_secrets(
    portal: Portal, capsys: pytest.CaptureFixture[str]
):
    capsys.readouterr()
    client = portal.server.test_client()
    sign_in(client, headers={**ORIGIN, "User-Agent": "evil {} \x1b[31m"})
    cookie = client.get_cookie("playhead")
    client.get("/?country=SECRETLAND&key=LINKSECRET", headers=PAGE)
    signed_in(portal).get("/a\r\nb\x1b[31m?x=LINKSECRET", headers=PAGE)
    lines = capsys.readouterr().out.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [e["status"] for e in entries if e["event"] == "request"] == [303, 200, 404]
    text = "\n".join(lines)
    assert cookie is not None
    for secret in (cookie.value, "SECRETLAND", "LINKSECRET", "lamps", portal.settings.secret_key):
        assert secret not in text
    assert "\x1b" not in text
    assert {"request_id", "method", "path", "took_ms", "person", "timestamp"} <= set(entries[0])
    assert entries[1]["person"] == portal.ann.id


def test_the_line_of_a_bug_names_the_incident_that_the_person_was_told(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
):
    request.getfixturevalue("configured_logs")
    try:
        _ = 1 / len(())
    except ZeroDivisionError:
        logging.getLogger("portal").exception("tile failed", extra={"incident": "ab12cd34"})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["incident"] == "ab12cd34"
