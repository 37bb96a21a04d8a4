"""Who did what, when. Entries are only ever added: the database refuses to change one.

An entry is written in the transaction of the deed, so there is none without the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from portal.store.schema import audit_entries, people
from portal.store.store import Store


@dataclass(frozen=True, slots=True)
class Deed:
    """An action on an object, such as `share` on a saved view. `details` holds no secrets."""

    action: str
    object_kind: str
    object_id: str = ""
    details: Mapping[str, str | int | bool | None] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A deed as it is kept. `person` is empty for what a stranger or the system did."""

    at: datetime
    person: str
    deed: Deed


def record(connection: Connection, at: datetime, person_id: str | None, deed: Deed) -> None:
    """Add an entry to the transaction of `connection`."""
    connection.execute(
        insert(audit_entries).values(
            at=at,
            person_id=person_id,
            action=deed.action,
            object_kind=deed.object_kind,
            object_id=deed.object_id,
            details=dict(deed.details or {}),
        )
    )


def newest(store: Store, limit: int = 100, before: datetime | None = None) -> list[Entry]:
    """The latest entries, newest first; `before` continues a list."""
    question = (
        select(audit_entries, people.c.name)
        .outerjoin(people, people.c.id == audit_entries.c.person_id)
        .order_by(audit_entries.c.at.desc(), audit_entries.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        question = question.where(audit_entries.c.at < before)
    with store.reading() as connection:
        return [
            Entry(
                at=row.at,
                person=row.name or "",
                deed=Deed(row.action, row.object_kind, row.object_id, row.details),
            )
            for row in connection.execute(question)
        ]
