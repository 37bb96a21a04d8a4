"""Delete a note, and bring it back: a deletion can be undone for 30 days."""

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import asked
from portal.callbacks.conflict import Answer, conflicting
from portal.components.notes import described
from portal.store import notes
from portal.store.errors import Conflict
from portal.store.store import Store

REMOVE = "/-/notes/remove"
RESTORE = "/-/notes/restore"


def register(server: Flask, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(REMOVE)
    def remove_note() -> Answer:
        person, wanted = signed_in(), asked()
        note_id = wanted.text("id")
        try:
            note = notes.remove(store, person, note_id, wanted.number("version"))
        except Conflict as conflict:
            return conflicting(conflict, described(notes.read(store, person, note_id), person))
        return {"note": described(note, person)}

    @server.post(RESTORE)
    def restore_note() -> Answer:
        person = signed_in()
        return {"note": described(notes.restore(store, person, asked().text("id")), person)}
