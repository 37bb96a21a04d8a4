"""Who may do what to a note: denies by default, as with saved views.

The author does everything with it. To show it to a unit or to everyone takes an editor, at every
change and when it is brought back. An admin may take away what others see, but does not see what is
private.
"""

from typing import Literal

from portal.store.audience import is_for
from portal.store.errors import Denied, NotFound
from portal.store.note import Audience, Note
from portal.store.people import Person

NoteAction = Literal["read", "edit", "delete", "restore"]


def authorize_note(person: Person, action: NoteAction, note: Note | None) -> Note:
    """Give back the note if `person` may do this to it.

    Raises NotFound where they may not even see it, exactly as if there were none, and Denied
    where they see it but the deed is not theirs.
    """
    if note is None or not _may_know(person, note):
        raise NotFound("There is no such note.", "It may have been deleted, or is not shared.")
    if (note.deleted_at is not None) != (action == "restore"):
        state = "is not deleted" if action == "restore" else "was deleted"
        raise NotFound(f"The note {state}.", "Deleted notes can be brought back for 30 days.")
    if not may(person, action, note):
        raise Denied(f"The note is {note.author_name}’s.", "Write one of your own.")
    return note


def authorize_audience(person: Person, visibility: Audience) -> None:
    """Raises Denied where `person` may not show a note to so many."""
    if visibility != "private" and not (person.is_active and person.may_publish):
        raise Denied(
            "Showing a note to a unit or to everyone takes an editor.", "Keep it to yourself."
        )


def may(person: Person, action: NoteAction, note: Note) -> bool:
    """Whether a note that `person` sees is theirs to do this with."""
    is_author = note.author_id == person.id
    match action:
        case "read":
            return True
        case "edit" | "restore":
            return is_author
        case "delete":
            return is_author or (person.is_admin and note.visibility != "private")


def _may_know(person: Person, note: Note) -> bool:
    if not person.is_active:
        return False
    if note.author_id == person.id:
        return True
    if note.deleted_at is not None:
        return False
    return is_for(person, note.visibility, note.unit)
