"""Saved views: keep, find, change, share, delete and bring back.

Every change names the version it was made on; when somebody saved in between, nothing is
written and the answer is `Conflict`. The audit entry is part of the same transaction.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, update

from portal.store import audit
from portal.store.audit import Deed
from portal.store.errors import Conflict, QuotaExceeded
from portal.store.people import Person
from portal.store.rights import authorize, authorize_sharing, link_hash
from portal.store.saved_view import Draft, SavedView, Visibility, checked, saved_view
from portal.store.schema import people, saved_views
from portal.store.store import Store

MOST = 500
UNDO = timedelta(days=30)

_editors = people.alias("editors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to list. Words are looked for in the name, the description and the owner's name.

    `mine` keeps one's own; `deleted` lists one's own that can still be brought back.
    """

    words: str = ""
    owner_id: str = ""
    unit: str = ""
    path: str = ""
    mine: bool = False
    deleted: bool = False
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """New values for a view, made on one version of it. `details` go to the audit."""

    action: str
    view: SavedView
    version: int
    values: Mapping[str, Any]
    details: Mapping[str, str] | None = None


def save(store: Store, person: Person, draft: Draft) -> SavedView:
    """Keep a new private view. Raises Invalid or QuotaExceeded."""
    now = store.now()
    row = {
        **checked(draft),
        "id": str(uuid4()),
        "owner_id": person.id,
        "unit": person.unit,
        "visibility": "private",
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "updated_by": person.id,
    }
    with store.writing() as connection:
        _check_quota(connection, person)
        connection.execute(insert(saved_views).values(row))
        audit.record(connection, now, person.id, Deed("save", "view", row["id"]))
        return _read(connection, row["id"])


def read(store: Store, person: Person, view_id: str, link: str = "") -> SavedView:
    """The view, if `person` may open it; `link` is the secret of a sharing link. Or NotFound."""
    with store.reading() as connection:
        return authorize(person, "open", _find(connection, view_id), link)


def changed_at(store: Store, view_id: str) -> datetime | None:
    """When it was last changed; None where there is no such view. Who has its id has opened it."""
    with store.reading() as connection:
        view = _find(connection, view_id)
    return None if view is None else view.updated_at


def edit(store: Store, person: Person, view_id: str, draft: Draft, version: int) -> SavedView:
    """Write `draft` over the version it was made from. Raises Conflict, Denied, Invalid."""
    values = checked(draft)
    with store.writing() as connection:
        view = authorize(person, "edit", _find(connection, view_id))
        return _apply(connection, store.now(), person, Change("edit", view, version, values))


def share(
    store: Store, person: Person, view_id: str, visibility: Visibility, version: int
) -> tuple[SavedView, str]:
    """Let others see the view, or nobody any more.

    For `link`, the second value is the secret the link carries, known only now; sharing by link
    again makes a new one and the old link stops working.
    """
    secret = secrets.token_urlsafe(24) if visibility == "link" else ""
    with store.writing() as connection:
        view = authorize_sharing(person, _find(connection, view_id), visibility)
        values = {
            "visibility": visibility,
            "link_hash": link_hash(secret) if secret else None,
            "unit": person.unit if view.owner_id == person.id else view.unit,
        }
        change = Change("share", view, version, values, {"visibility": visibility})
        return _apply(connection, store.now(), person, change), secret


def remove(store: Store, person: Person, view_id: str, version: int) -> SavedView:
    """Delete the view. For 30 days its owner can bring it back."""
    with store.writing() as connection:
        view = authorize(person, "delete", _find(connection, view_id))
        now = store.now()
        return _apply(connection, now, person, Change("delete", view, version, {"deleted_at": now}))


def restore(store: Store, person: Person, view_id: str) -> SavedView:
    """Undo a deletion. Raises NotFound once it is purged, or if it was never one's own."""
    with store.writing() as connection:
        view = authorize(person, "restore", _find(connection, view_id))
        _check_quota(connection, person)
        change = Change("restore", view, view.version, {"deleted_at": None})
        return _apply(connection, store.now(), person, change)


def search(store: Store, person: Person, wanted: Search | None = None) -> list[SavedView]:
    """Views that `person` may open, the latest changed first.

    Views shared by link are listed for their owner only: whoever holds the link finds them by it.
    """
    wanted = wanted or Search()
    question = _selected().where(_listed(person, wanted.deleted))
    if wanted.mine:
        question = question.where(saved_views.c.owner_id == person.id)
    if wanted.owner_id:
        question = question.where(saved_views.c.owner_id == wanted.owner_id)
    if wanted.unit:
        question = question.where(saved_views.c.unit == wanted.unit)
    if wanted.path:
        question = question.where(saved_views.c.path == wanted.path)
    places = (saved_views.c.name, saved_views.c.description, people.c.name)
    for word in wanted.words.split()[:10]:
        question = question.where(or_(*(p.icontains(word, autoescape=True) for p in places)))
    latest = (saved_views.c.updated_at.desc(), saved_views.c.id)
    question = question.order_by(*latest).limit(min(wanted.limit, MOST)).offset(wanted.offset)
    with store.reading() as connection:
        return [saved_view(row) for row in connection.execute(question).mappings()]


def purge(store: Store) -> int:
    """Forget what was deleted longer ago than it can be brought back; says how many."""
    with store.writing() as connection:
        old = delete(saved_views).where(saved_views.c.deleted_at < store.now() - UNDO)
        return connection.execute(old).rowcount


def _listed(person: Person, deleted: bool) -> Any:  # noqa: ANN401  # an SQL condition
    own = saved_views.c.owner_id == person.id
    if deleted:
        return and_(own, saved_views.c.deleted_at.is_not(None))
    within = saved_views.c.unit == person.unit
    unit = saved_views.c.visibility == "unit"
    shared = or_(
        saved_views.c.visibility == "everyone", unit if person.is_admin else and_(unit, within)
    )
    return and_(or_(own, shared), saved_views.c.deleted_at.is_(None))


def _selected() -> Select[Any]:
    columns = [c for c in saved_views.c if c.name != "updated_by"]
    names = (people.c.name.label("owner_name"), _editors.c.name.label("updated_by"))
    return (
        select(*columns, *names)
        .join(people, people.c.id == saved_views.c.owner_id)
        .join(_editors, _editors.c.id == saved_views.c.updated_by)
    )


def _find(connection: Connection, view_id: str) -> SavedView | None:
    try:
        known_id = str(UUID(view_id))
    except ValueError:
        return None
    row = connection.execute(_selected().where(saved_views.c.id == known_id)).mappings().first()
    return None if row is None else saved_view(row)


def _read(connection: Connection, view_id: str) -> SavedView:
    row = connection.execute(_selected().where(saved_views.c.id == view_id)).mappings().one()
    return saved_view(row)


def _apply(connection: Connection, now: datetime, person: Person, change: Change) -> SavedView:
    """Write the change if the view still has the version it was made on. Raises Conflict."""
    view, version = change.view, change.version + 1
    done = connection.execute(
        update(saved_views)
        .where(saved_views.c.id == view.id, saved_views.c.version == change.version)
        .values(**change.values, version=version, updated_at=now, updated_by=person.id)
    )
    if done.rowcount == 0:
        newest = _read(connection, view.id)
        raise Conflict(
            f"{newest.updated_by} saved “{newest.name}” in between, "
            f"at {newest.updated_at:%Y-%m-%d %H:%M} UTC.",
            "Open it again to see their version, or save yours under another name.",
        )
    details = {**(change.details or {}), "version": version}
    audit.record(connection, now, person.id, Deed(change.action, "view", view.id, details))
    return _read(connection, view.id)


def _check_quota(connection: Connection, person: Person) -> None:
    count = connection.execute(
        select(func.count())
        .select_from(saved_views)
        .where(saved_views.c.owner_id == person.id, saved_views.c.deleted_at.is_(None))
    ).scalar_one()
    if count >= MOST:
        raise QuotaExceeded(
            f"You keep {count} views already, which is the most.", "Delete some first."
        )
