"""Notes: write, list, change, delete and bring back.

Every change names the version it was made on; when the note was changed in between, nothing is
written and the answer is `Conflict`. The audit entry is part of the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, update

from portal.store import audit
from portal.store.audit import Deed
from portal.store.errors import Conflict, QuotaExceeded
from portal.store.note import Note, NoteDraft, checked, note
from portal.store.note_rights import authorize_audience, authorize_note
from portal.store.people import Person
from portal.store.schema import notes, people
from portal.store.store import Store

MOST = 1_000
MOST_LISTED = 200
UNDO = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OfPage:
    """A page, and the names of the metrics that it draws."""

    path: str
    metrics: frozenset[str]


def write(store: Store, person: Person, draft: NoteDraft) -> Note:
    """Keep a new note. Raises Invalid, Denied or QuotaExceeded."""
    authorize_audience(person, draft.visibility)
    now = store.now()
    row = {
        **checked(draft),
        "id": str(uuid4()),
        "author_id": person.id,
        "unit": person.unit,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    with store.writing() as connection:
        _check_quota(connection, person)
        connection.execute(insert(notes).values(row))
        details = {"visibility": draft.visibility}
        audit.record(connection, now, person.id, Deed("write", "note", row["id"], details))
        return _read(connection, row["id"])


def read(store: Store, person: Person, note_id: str) -> Note:
    """The note, if `person` may see it. Or NotFound."""
    with store.reading() as connection:
        return authorize_note(person, "read", _find(connection, note_id))


def edit(store: Store, person: Person, note_id: str, draft: NoteDraft, version: int) -> Note:
    """Write `draft` over the version it was made from. Raises Conflict, Denied, Invalid.

    Who is no longer an editor may take a note back to themselves, not say more to others.
    """
    values = checked(draft)
    with store.writing() as connection:
        found = authorize_note(person, "edit", _find(connection, note_id))
        authorize_audience(person, draft.visibility)
        deed = Deed("edit", "note", found.id, {"visibility": draft.visibility})
        return _apply(connection, store.now(), person, (found, version, values, deed))


def remove(store: Store, person: Person, note_id: str, version: int) -> Note:
    """Delete the note. For 30 days its author can bring it back."""
    with store.writing() as connection:
        found = authorize_note(person, "delete", _find(connection, note_id))
        now = store.now()
        deed = Deed("delete", "note", found.id)
        return _apply(connection, now, person, (found, version, {"deleted_at": now}, deed))


def restore(store: Store, person: Person, note_id: str) -> Note:
    """Undo a deletion. Raises NotFound once it is purged, or if it was never one's own.

    What others would see again takes an editor, as when it was written: else Denied.
    """
    with store.writing() as connection:
        found = authorize_note(person, "restore", _find(connection, note_id))
        authorize_audience(person, found.visibility)
        _check_quota(connection, person)
        deed = Deed("restore", "note", found.id)
        change = (found, found.version, {"deleted_at": None}, deed)
        return _apply(connection, store.now(), person, change)


def between(
    store: Store, person: Person, first: date, last: date, of: OfPage | None = None
) -> list[Note]:
    """The notes that `person` may see of these days, the newest written first.

    With `of` only those of a page, or of metrics of these names: they alone count as listed.
    """
    within = and_(notes.c.first_day <= last, notes.c.last_day >= first)
    question = (
        _selected()
        .where(within, _seen(person), notes.c.deleted_at.is_(None), *_of_page(of))
        .order_by(notes.c.created_at.desc(), notes.c.id)
        .limit(MOST_LISTED)
    )
    with store.reading() as connection:
        return [note(row) for row in connection.execute(question).mappings()]


def purge(store: Store) -> int:
    """Forget what was deleted longer ago than it can be brought back; says how many."""
    with store.writing() as connection:
        old = delete(notes).where(notes.c.deleted_at < store.now() - UNDO)
        return connection.execute(old).rowcount


def _of_page(of: OfPage | None) -> list[Any]:
    if of is None:
        return []
    on_it = and_(notes.c.metric == "", notes.c.path == of.path)
    return [or_(on_it, notes.c.metric.in_(sorted(of.metrics)))]


def _seen(person: Person) -> Any:  # noqa: ANN401  # an SQL condition
    of_unit = notes.c.visibility == "unit"
    if not person.is_admin:
        of_unit = and_(of_unit, notes.c.unit == person.unit)
    return or_(notes.c.author_id == person.id, notes.c.visibility == "everyone", of_unit)


def _selected() -> Select[Any]:
    return select(*notes.c, people.c.name.label("author_name")).join(
        people, people.c.id == notes.c.author_id
    )


def _find(connection: Connection, note_id: str) -> Note | None:
    try:
        known_id = str(UUID(note_id))
    except ValueError:
        return None
    row = connection.execute(_selected().where(notes.c.id == known_id)).mappings().first()
    return None if row is None else note(row)


def _read(connection: Connection, note_id: str) -> Note:
    return note(connection.execute(_selected().where(notes.c.id == note_id)).mappings().one())


Change = tuple[Note, int, Mapping[str, Any], Deed]


def _apply(connection: Connection, now: datetime, person: Person, change: Change) -> Note:
    """Write the change if the note still has the version it was made on. Raises Conflict."""
    found, version, values, deed = change
    done = connection.execute(
        update(notes)
        .where(notes.c.id == found.id, notes.c.version == version)
        .values(**values, version=version + 1, updated_at=now)
    )
    if done.rowcount == 0:
        newest = _read(connection, found.id)
        raise Conflict(
            f"The note was changed in between, at {newest.updated_at:%Y-%m-%d %H:%M} UTC.",
            f"It says now: “{newest.text}”",
        )
    audit.record(connection, now, person.id, deed)
    return _read(connection, found.id)


def _check_quota(connection: Connection, person: Person) -> None:
    count = connection.execute(
        select(func.count())
        .select_from(notes)
        .where(notes.c.author_id == person.id, notes.c.deleted_at.is_(None))
    ).scalar_one()
    if count >= MOST:
        raise QuotaExceeded(
            f"You keep {count} notes already, which is the most.", "Delete some first."
        )
