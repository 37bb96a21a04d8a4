"""Who may do what to a saved view: the one place that decides, and it denies by default.

The owner does everything. Somebody else opens what is shared with them: with their unit, with
everyone, or by a link they hold. Publishing to a unit or to everyone takes an editor. An admin
may take down what is published, but does not see what is private.
"""

import hmac
from hashlib import sha256
from typing import Literal

from portal.store.audience import is_for
from portal.store.errors import Denied, NotFound
from portal.store.people import Person
from portal.store.saved_view import SavedView, Visibility

Action = Literal["open", "edit", "delete", "restore", "share", "publish", "take back"]


def authorize(person: Person, action: Action, view: SavedView | None, link: str = "") -> SavedView:
    """Give back the view if `person` may do this to it.

    Raises NotFound where they may not even see it, exactly as if there were none, and Denied
    where they see it but the deed is not theirs.
    """
    if view is None or not _may_know(person, view, link):
        raise NotFound("There is no such view.", "It may have been deleted, or is not shared.")
    if (view.deleted_at is not None) != (action == "restore"):
        state = "is not deleted" if action == "restore" else "was deleted"
        raise NotFound(f"“{view.name}” {state}.", "Deleted views can be brought back for 30 days.")
    if not _may(person, action, view):
        raise _denied(person, view)
    return view


def authorize_sharing(person: Person, view: SavedView | None, visibility: Visibility) -> SavedView:
    """As `authorize`, for making a view visible to others or taking it back."""
    match visibility:
        case "private":
            return authorize(person, "take back", view)
        case "link":
            return authorize(person, "share", view)
        case "unit" | "everyone":
            return authorize(person, "publish", view)


def link_hash(link: str) -> str:
    """What is kept of a sharing link's secret."""
    return sha256(b"view link:" + link.encode()).hexdigest()


def _may_know(person: Person, view: SavedView, link: str) -> bool:
    if not person.is_active:
        return False
    if view.owner_id == person.id:
        return True
    if view.deleted_at is not None:
        return False
    if view.visibility == "link":
        return bool(link) and hmac.compare_digest(link_hash(link), view.link_hash or "")
    return is_for(person, view.visibility, view.unit)


def _may(person: Person, action: Action, view: SavedView) -> bool:
    is_owner = view.owner_id == person.id
    match action:
        case "open":
            return True
        case "edit" | "restore" | "share":
            return is_owner
        case "delete" | "take back":
            return is_owner or (person.is_admin and view.visibility in ("unit", "everyone"))
        case "publish":
            return is_owner and person.may_publish


def _denied(person: Person, view: SavedView) -> Denied:
    if view.owner_id == person.id:
        return Denied("Publishing to a unit or to everyone takes an editor.", "Share it by link.")
    return Denied(
        f"“{view.name}” belongs to {view.owner_name}.", "Save a copy of your own to change it."
    )
