"""Deny by default: nothing is served to a stranger except the way in and the state of health.

The gate is the first thing that happens to a request, whatever route it is for, so a route that
somebody adds is closed until it is named here.
"""

from flask import Flask, Request, abort, redirect, request, url_for
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response

from portal.auth import cookie, origin
from portal.settings import Settings
from portal.store import sessions, tokens
from portal.store.people import Person
from portal.store.store import Store

PUBLIC = frozenset({"sign_in.page", "sign_in.enter", "sign_in.enter_demo", "healthz", "readyz"})
API = "/api/"
BEARER = "bearer "


def close(server: Flask, store: Store, settings: Settings) -> None:
    """Put the gate in front of every route of `server`, those added later included."""
    manager = LoginManager(server)

    @manager.request_loader
    def load(asking: Request) -> Person | None:
        token = _bearer(asking)
        if token is not None:
            return tokens.owner(store, token) if asking.path.startswith(API) else None
        return sessions.owner(store, cookie.read(asking, settings))

    @server.before_request
    def check() -> Response | None:
        if request.headers.get("Transfer-Encoding"):
            abort(411, "Say how long the body is: it is not read in chunks.")
        if _bearer(request) is None and not origin.is_own(
            request, settings.public_url, bool(cookie.read(request, settings))
        ):
            abort(403, "This was not sent by a page of the portal.")
        if request.endpoint in PUBLIC or current_user.is_authenticated:
            return None
        if not _is_reading_a_page(request):
            abort(401, "Sign in to continue.")
        return redirect(url_for("sign_in.page", next=_address(request)))


def signed_in() -> Person:
    """Who is asking. Past the gate there always is somebody."""
    person = current_user._get_current_object()  # noqa: SLF001  # how werkzeug spells it
    if not isinstance(person, Person):
        abort(401, "Sign in to continue.")
    return person


def _bearer(asking: Request) -> str | None:
    header = asking.headers.get("Authorization", "")
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else None


def _is_reading_a_page(asking: Request) -> bool:
    """Whether a person looks at the answer, rather than a script of the page."""
    if asking.method != "GET" or asking.path.startswith(("/_dash", "/assets/", API)):
        return False
    return asking.accept_mimetypes.accept_html


def _address(asking: Request) -> str:
    return asking.full_path if asking.query_string else asking.path
