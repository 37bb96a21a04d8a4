"""One's own account: password, browsers that are signed in, tokens for the API."""

from dataclasses import dataclass

from flask import Blueprint, Flask, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from portal.auth import cookie
from portal.auth.gate import signed_in
from portal.settings import Settings
from portal.store import attempts, people, sessions, tokens
from portal.store.attempts import TooMany
from portal.store.errors import StoreError
from portal.store.people import Person
from portal.store.store import Store

LONGEST_FIELD = 2_000


@dataclass(frozen=True, slots=True)
class Message:
    """What the page says on top; `token` is shown this once."""

    text: str = ""
    is_problem: bool = False
    token: str = ""


def register(server: Flask, store: Store, settings: Settings) -> None:
    """Add /account and what its forms do."""
    blueprint = Blueprint("account", __name__)

    def page(message: Message = Message(), status: int = 200) -> Response:  # frozen
        person, secret = signed_in(), cookie.read(request, settings)
        html = render_template(
            "account.html",
            person=person,
            browsers=[(s, sessions.is_of(s, secret)) for s in sessions.open_of(store, person)],
            tokens=tokens.of(store, person),
            message=message,
        )
        return make_response(html, status)

    @blueprint.get("/account")
    def show() -> Response:
        return page()

    @blueprint.post("/account/password")
    def change_password() -> Response:
        problem = _change_password(store, signed_in())
        if problem is not None:
            return page(problem, 422)
        response = redirect("/account", 303)
        secret = sessions.begin(store, signed_in(), request.headers.get("User-Agent", ""))
        cookie.give(response, settings, secret)
        return response

    @blueprint.post("/account/sessions")
    def sign_out_elsewhere() -> Response:
        sessions.end_others(store, signed_in(), cookie.read(request, settings))
        return redirect("/account", 303)

    @blueprint.post("/account/tokens")
    def add_token() -> Response:
        try:
            token = tokens.add(store, signed_in(), _field("name"))
        except StoreError as error:
            return page(Message(error.message, is_problem=True), 422)
        return page(Message("Copy the token now: it is not shown again.", token=token))

    @blueprint.post("/account/tokens/<token_id>/revoke")
    def revoke_token(token_id: str) -> Response:
        tokens.revoke(store, signed_in(), token_id)
        return redirect("/account", 303)

    server.register_blueprint(blueprint)


def _change_password(store: Store, person: Person) -> Message | None:
    """Change it if the present one is right; else say what is wrong."""
    attempt = attempts.begin(store, person.email, request.remote_addr or "")
    if isinstance(attempt, TooMany):
        return Message("Too many attempts. Try again in a while.", is_problem=True)
    if people.with_password(store, person.email, _field("present")) is None:
        return Message("The present password is wrong.", is_problem=True)
    attempts.succeed(store, attempt)
    try:
        people.set_password(store, person, _field("new"))
    except StoreError as error:
        return Message(f"{error.message} {error.hint}".strip(), is_problem=True)
    return None


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_FIELD]
