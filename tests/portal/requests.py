"""How tests talk to the portal: as a browser does, with an origin and cookies."""

from collections.abc import Iterable
from typing import Any

from dash import Dash
from flask.testing import FlaskClient

from portal.store import sessions
from portal.store.people import Person
from tests.portal.conftest import PASSWORD, Portal

ORIGIN = {"Origin": "http://localhost"}
PAGE = {"Accept": "text/html"}


def signed_in(portal: Portal, person: Person | None = None) -> FlaskClient:
    """A browser whose session was opened in the store."""
    client = portal.server.test_client()
    client.set_cookie("playhead", sessions.begin(portal.store, person or portal.ann))
    return client


def sign_in(client: FlaskClient, password: str = PASSWORD, **more: Any):  # noqa: ANN401  # werkzeug's
    form = {"email": "ann@company.example", "password": password}
    return client.post("/login", data=form, **{"headers": ORIGIN, **more})


def secret_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("playhead")
    return cookie.value if cookie else ""


def address(rule: str, arguments: Iterable[str]) -> str:
    """A path that the rule matches."""
    for name in arguments:
        for kind in ("", "path:", "string:", "int:", "uuid:"):
            rule = rule.replace(f"<{kind}{name}>", "1")
    return rule


def callback_body(app: Dash, output: str) -> dict[str, Any]:
    """A body such as the browser sends for a callback with one output."""
    callback = app.callback_map[output]
    component, _, name = output.rpartition(".")
    return {
        "output": output,
        "outputs": {"id": component, "property": name},
        "inputs": [{**i, "value": None} for i in callback["inputs"]],
        "state": [{**s, "value": None} for s in callback["state"]],
        "changedPropIds": [f"{i['id']}.{i['property']}" for i in callback["inputs"]],
    }
