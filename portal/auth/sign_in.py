"""Signing in and out: a form for people with a password, a click in the demo."""

from math import ceil

from flask import Blueprint, Flask, make_response, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.auth import cookie
from portal.local_url import local_url
from portal.settings import Settings
from portal.store import attempts, demo_people, people, sessions
from portal.store.attempts import TooMany
from portal.store.demo_people import DEMO_PEOPLE
from portal.store.people import Person
from portal.store.store import Store

LONGEST_FIELD = 2_000
WRONG = "The address or the password is wrong."


def register(server: Flask, store: Store, settings: Settings) -> None:
    """Add /login and /logout; /login/demo exists in the demo only."""
    blueprint = Blueprint("sign_in", __name__)

    @blueprint.get("/login")
    def page() -> Response:
        if current_user.is_authenticated:
            return redirect(_target())
        return _page(settings)

    @blueprint.post("/login")
    def enter() -> Response:
        email = request.form.get("email", "")[:LONGEST_FIELD]
        password = request.form.get("password", "")[:LONGEST_FIELD]
        attempt = attempts.begin(store, email, request.remote_addr or "")
        if isinstance(attempt, TooMany):
            return _too_many(settings, attempt)
        person = people.with_password(store, email, password)
        if person is None:
            return _page(settings, WRONG, 401, email)
        attempts.succeed(store, attempt)
        return _welcome(store, settings, person)

    if settings.is_demo:

        @blueprint.post("/login/demo")
        def enter_demo() -> Response:
            person = demo_people.find(store, request.form.get("person", "")[:LONGEST_FIELD])
            if person is None:
                return _page(settings, "The demo has no such person.", 401)
            return _welcome(store, settings, person)

    @blueprint.post("/logout")
    def leave() -> Response:
        sessions.end(store, cookie.read(request, settings))
        response = redirect("/login", 303)
        cookie.take_back(response, settings)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    server.register_blueprint(blueprint)


def _target() -> str:
    return local_url(request.args.get("next"))


def _welcome(store: Store, settings: Settings, person: Person) -> Response:
    """Open a new session, whatever the browser brought along, and end that."""
    sessions.end(store, cookie.read(request, settings))
    response = redirect(_target(), 303)
    secret = sessions.begin(store, person, request.headers.get("User-Agent", ""))
    cookie.give(response, settings, secret)
    return response


def _page(settings: Settings, problem: str = "", status: int = 200, email: str = "") -> Response:
    target = _target()
    html = render_template(
        "sign_in.html",
        people=DEMO_PEOPLE if settings.is_demo else (),
        problem=problem,
        email=email,
        following={"next": target} if target != "/" else {},
    )
    return make_response(html, status)


def _too_many(settings: Settings, refusal: TooMany) -> Response:
    seconds = max(1, ceil(refusal.wait.total_seconds()))
    minutes = ceil(seconds / 60)
    wait = f"{seconds} seconds" if seconds <= 60 else f"{minutes} minutes"  # noqa: PLR2004
    response = _page(settings, f"Too many attempts. Try again in {wait}.", 429)
    response.headers["Retry-After"] = str(seconds)
    return response
