"""Save a view under a name, and change it later: on the version one saw, or not at all."""

from urllib.parse import parse_qsl, urlencode

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked, asked
from portal.callbacks.conflict import Answer, conflicting
from portal.components.saved_views import described
from portal.store import views
from portal.store.errors import Conflict
from portal.store.saved_view import Draft
from portal.store.store import Store
from portal.view import VERSION

SAVE = "/-/views/save"
EDIT = "/-/views/edit"
SAVED = "saved"


def register(server: Flask, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(SAVE)
    def save_view() -> Answer:
        person = signed_in()
        return {"view": described(views.save(store, person, _draft(asked())), person)}

    @server.post(EDIT)
    def edit_view() -> Answer:
        person, wanted = signed_in(), asked()
        view_id = wanted.text("id")
        try:
            view = views.edit(store, person, view_id, _draft(wanted), wanted.number("version"))
        except Conflict as conflict:
            return conflicting(conflict, described(views.read(store, person, view_id), person))
        return {"view": described(view, person)}


def _draft(wanted: Asked) -> Draft:
    """A view stands for a URL; which saved view it was, or which version, is not part of that."""
    pairs = parse_qsl(wanted.text("query").removeprefix("?"))
    kept = [(name, value) for name, value in pairs if name not in (SAVED, VERSION)]
    return Draft(
        name=wanted.text("name"),
        description=wanted.text("description"),
        path=wanted.text("path"),
        query=urlencode(kept, safe=":,/@"),
        data_version=wanted.text("data_version") or None,
    )
