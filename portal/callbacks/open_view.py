"""Open a saved view: go to the URL it stands for, where the numbers are the opener's own."""

from urllib.parse import urlencode

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from portal.auth.gate import signed_in
from portal.callbacks.save_view import SAVED
from portal.components.saved_views import PATH
from portal.store import views
from portal.store.saved_view import SavedView
from portal.store.store import Store
from portal.view import VERSION

LINK = "link"


def register(server: Flask, store: Store) -> None:
    """Add the route to `server`. A view that is not shared with them looks like none at all."""

    @server.get(f"{PATH}/<view_id>")
    def open_view(view_id: str) -> Response:
        link = request.args.get(LINK, "")
        return redirect(address(views.read(store, signed_in(), view_id, link)), 303)


def address(view: SavedView) -> str:
    """The page in the state that was saved, at its data version where that is pinned."""
    more = [(VERSION, view.data_version)] if view.data_version else []
    added = urlencode([*more, (SAVED, view.id)])
    return f"{view.path}?{view.query}&{added}" if view.query else f"{view.path}?{added}"
