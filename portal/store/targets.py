"""Targets of metrics: set one, and read those in force. None is ever changed or lost.

A new one names the newest that its writer saw; when somebody set another in between, nothing is
written and the answer is `Conflict`. The audit entry is part of the same transaction.
"""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, insert, select, text

from portal.store import audit
from portal.store.audit import Deed
from portal.store.errors import Conflict, Denied
from portal.store.people import Person
from portal.store.schema import people, targets
from portal.store.store import Store
from portal.store.target import Target, TargetDraft, checked, target


def may_set(person: Person, unit: str) -> bool:
    """Whether `person` sets the targets of metrics that this unit owns: its editors and admins."""
    is_of_unit = person.unit == unit and person.may_publish
    return person.is_active and (is_of_unit or person.is_admin)


def put(store: Store, person: Person, draft: TargetDraft, unit: str, seen: str = "") -> Target:
    """Set a target of a metric that `unit` owns; `seen` is the id of the newest that was seen.

    Raises Denied, Invalid or Conflict.
    """
    if not may_set(person, unit):
        raise Denied(
            f"Targets of this metric are set by editors of the unit {unit}.", "Ask one of them."
        )
    row = {
        **checked(draft),
        "id": str(uuid4()),
        "unit": unit,
        "person_id": person.id,
        "created_at": store.now(),
    }
    with store.writing() as connection:
        _queue(connection)
        newest = next(iter(_of(connection, draft.dataset, draft.metric, draft.scope)), None)
        if newest is not None and newest.id != seen:
            raise Conflict(
                f"{newest.set_by} set another target in between, "
                f"at {newest.created_at:%Y-%m-%d %H:%M} UTC.",
                "Open it again to see theirs.",
            )
        connection.execute(insert(targets).values(row))
        deed = Deed("set", "target", row["id"], _named(draft))
        audit.record(connection, row["created_at"], person.id, deed)
        return target(
            connection.execute(_selected().where(targets.c.id == row["id"])).mappings().one()
        )


def of_metric(store: Store, dataset: str, metric: str, scope: str = "") -> list[Target]:
    """All that were ever set for a metric of these rows, the newest written first."""
    with store.reading() as connection:
        return _of(connection, dataset, metric, scope)


def every(store: Store) -> tuple[Target, ...]:
    """All there are, the newest written first."""
    with store.reading() as connection:
        return tuple(target(row) for row in connection.execute(_selected()).mappings())


def _queue(connection: Connection) -> None:
    """One writer after the other, so that each sees what the one before it set.

    Writers of SQLite queue at its one lock anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE targets IN SHARE ROW EXCLUSIVE MODE"))


def _named(draft: TargetDraft) -> dict[str, str]:
    named = {"metric": f"{draft.dataset}.{draft.metric}"}
    return named | {"scope": draft.scope} if draft.scope else named


def _of(connection: Connection, dataset: str, metric: str, scope: str) -> list[Target]:
    question = _selected().where(
        targets.c.dataset == dataset, targets.c.metric == metric, targets.c.scope == scope
    )
    return [target(row) for row in connection.execute(question).mappings()]


def _selected() -> Select[Any]:
    return (
        select(*targets.c, people.c.name.label("set_by"))
        .join(people, people.c.id == targets.c.person_id)
        .order_by(targets.c.created_at.desc(), targets.c.valid_from.desc(), targets.c.id)
    )
