"""List and find saved views: one's own, the unit's, everybody's, and those one deleted."""

from typing import Any

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import asked
from portal.components.saved_views import described, reader
from portal.store import views
from portal.store.errors import NotFound
from portal.store.saved_view import SavedView
from portal.store.store import Store
from portal.store.views import Search

PATH = "/-/views/list"
READ = "/-/views/read"
READER = "/-/views/reader"


def register(server: Flask, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(PATH)
    def list_views() -> dict[str, Any]:
        person, wanted = signed_in(), asked()
        of = wanted.text("of")
        search = Search(
            words=wanted.text("words"),
            path=wanted.text("path"),
            mine=of == "mine",
            deleted=of == "deleted",
            limit=views.MOST,
        )
        found = [v for v in views.search(store, person, search) if _is_of(of, v)]
        return {"views": [described(v, person) for v in found], "reader": reader(person)}

    @server.post(READ)
    def read_view() -> dict[str, Any]:
        """A page may name a view that its reader does not know (any more): that is no error."""
        person, wanted = signed_in(), asked()
        try:
            view = views.read(store, person, wanted.text("id"))
        except NotFound:
            return {"view": None, "reader": reader(person)}
        return {"view": described(view, person), "reader": reader(person)}

    @server.post(READER)
    def who_reads() -> dict[str, Any]:
        return {"reader": reader(signed_in())}


def _is_of(of: str, view: SavedView) -> bool:
    return of not in ("unit", "everyone") or view.visibility == of
