"""Delete a saved view, and bring it back: a deletion can be undone for 30 days."""

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import asked
from portal.callbacks.conflict import Answer, conflicting
from portal.components.saved_views import described
from portal.store import views
from portal.store.errors import Conflict
from portal.store.store import Store

REMOVE = "/-/views/remove"
RESTORE = "/-/views/restore"


def register(server: Flask, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(REMOVE)
    def remove_view() -> Answer:
        person, wanted = signed_in(), asked()
        view_id = wanted.text("id")
        try:
            view = views.remove(store, person, view_id, wanted.number("version"))
        except Conflict as conflict:
            return conflicting(conflict, described(views.read(store, person, view_id), person))
        return {"view": described(view, person)}

    @server.post(RESTORE)
    def restore_view() -> Answer:
        person = signed_in()
        return {"view": described(views.restore(store, person, asked().text("id")), person)}
