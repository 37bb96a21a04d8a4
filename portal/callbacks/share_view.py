"""Share a saved view with the unit, with everybody or by a link; or take it back."""

from typing import get_args

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import asked
from portal.callbacks.conflict import Answer, conflicting
from portal.components.saved_views import described
from portal.store import views
from portal.store.errors import Conflict, Invalid
from portal.store.saved_view import Visibility
from portal.store.store import Store

PATH = "/-/views/share"


def register(server: Flask, store: Store) -> None:
    """Add the route to `server`. The answer to `link` is the only place its secret is said."""

    @server.post(PATH)
    def share_view() -> Answer:
        person, wanted = signed_in(), asked()
        view_id, visibility = wanted.text("id"), _visibility(wanted.text("visibility"))
        try:
            view, secret = views.share(store, person, view_id, visibility, wanted.number("version"))
        except Conflict as conflict:
            return conflicting(conflict, described(views.read(store, person, view_id), person))
        return {"view": described(view, person), "link": secret}


def _visibility(text: str) -> Visibility:
    for known in get_args(Visibility):
        if text == known:
            return known
    raise Invalid("A view is shared with nobody, a unit, everyone or by link.")
