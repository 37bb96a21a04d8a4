"""Notes over the API: list, add, edit, remove and restore them, with the rights of a page.

A change names the version it was made from; where somebody was faster, nothing is written.
"""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus

import orjson
from flask import Blueprint, Flask, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from portal.api.note_bodies import EditNote, WriteNote
from portal.api.reading import JSON, PREFIX, body
from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked
from portal.callbacks.conflict import Answer, conflicting
from portal.callbacks.write_note import read_draft
from portal.components.notes import described, is_within
from portal.site import Site
from portal.store import notes
from portal.store.day import read_day
from portal.store.errors import Conflict, Invalid, NotFound
from portal.store.store import Store

_FIRST, _LAST = date(1970, 1, 1), date(9999, 12, 31)


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""
    routes = Blueprint("api_notes", __name__, url_prefix=f"{PREFIX}/notes")
    _add_reading(routes, site, store)
    _add_writing(routes, site, store)
    server.register_blueprint(routes)


def _add_reading(routes: Blueprint, site: Site, store: Store) -> None:
    @routes.get("")
    def list_notes() -> Response:
        person, catalog = signed_in(), site.warehouse.catalog()
        first, last = (
            read_day(text) if (text := request.args.get(name, "")) else usual
            for name, usual in (("first", _FIRST), ("last", _LAST))
        )
        found = notes.between(store, person, first, last)
        seen = [n for n in found if is_within(n, person.access, catalog)]
        is_cut = len(found) == notes.MOST_LISTED
        return _json({"notes": [described(n, person) for n in seen], "is_cut": is_cut})

    @routes.get("/<note_id>")
    def read_note(note_id: str) -> Response:
        person = signed_in()
        note = notes.read(store, person, note_id)
        if not is_within(note, person.access, site.warehouse.catalog()):
            raise NotFound("There is no such note.")
        return _json({"note": described(note, person)})

    @routes.get("/<note_id>/restore")
    def refuse(note_id: str) -> Response:  # noqa: ARG001  # of any note
        # The catch-all route of the pages reads whatever GET has no rule of its own.
        raise MethodNotAllowed(["POST"])


def _add_writing(routes: Blueprint, site: Site, store: Store) -> None:
    @routes.post("")
    def add_note() -> Response:
        person = signed_in()
        draft = read_draft(Asked(body(request, WriteNote).model_dump()), site)
        return _json({"note": described(notes.write(store, person, draft), person)}, 201)

    @routes.put("/<note_id>")
    def edit_note(note_id: str) -> Response:
        person, wanted = signed_in(), Asked(body(request, EditNote).model_dump())
        draft, version = read_draft(wanted, site), wanted.number("version")
        return changed(note_id, lambda: notes.edit(store, person, note_id, draft, version))

    @routes.delete("/<note_id>")
    def remove_note(note_id: str) -> Response:
        person, version = signed_in(), _version()
        return changed(note_id, lambda: notes.remove(store, person, note_id, version))

    def changed(note_id: str, change: Callable[[], notes.Note]) -> Response:
        """The note after a change; as somebody else left it where they were faster."""
        person = signed_in()
        try:
            return _json({"note": described(change(), person)})
        except Conflict as conflict:
            left = described(notes.read(store, person, note_id), person)
            return _answer(conflicting(conflict, left))

    @routes.post("/<note_id>/restore")
    def restore_note(note_id: str) -> Response:
        person = signed_in()
        return _json({"note": described(notes.restore(store, person, note_id), person)})


def _version() -> int:
    text = request.args.get("version", "")
    if not (text.isascii() and text.isdigit()):
        raise Invalid("Which version is to be removed?", "Say it: ?version=1.")
    return Asked({"version": int(text[:20])}).number("version")


def _answer(said: Answer) -> Response:
    content, status = said if isinstance(said, tuple) else (said, HTTPStatus.OK)
    return _json(content, status)


def _json(value: object, status: int = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(value), status, content_type=JSON)
