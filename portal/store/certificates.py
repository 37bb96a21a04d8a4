"""Certificates of metrics: give one, take it back, and read those that count. None is changed.

A new one names the one that counted when its giver looked, if any; when somebody gave or took back
another in between, nothing is written and the answer is `Conflict`. The audit entry is part of the
same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, insert, select, text

from portal.store import audit
from portal.store.audit import Deed
from portal.store.certificate import LONGEST_NAME, Certificate, certificate
from portal.store.errors import Conflict, Denied, Invalid
from portal.store.people import Person
from portal.store.schema import certificates, people
from portal.store.store import Store

_NONE = "There is no certificate of this metric."
Named = tuple[str, str]
"""A dataset and a metric of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What is certified: a metric that `unit` owns, as the fingerprint says that it is defined."""

    dataset: str
    metric: str
    fingerprint: str
    unit: str


def may_certify(person: Person, unit: str) -> bool:
    """Whether `person` certifies metrics that this unit owns: its editors, and admins."""
    is_of_unit = person.unit == unit and person.may_publish
    return person.is_active and (is_of_unit or person.is_admin)


def certify(store: Store, person: Person, what: Definition, seen: str = "") -> Certificate:
    """Stand for a definition; `seen` is the id of the certificate that counted.

    Raises Denied, Invalid or Conflict.
    """
    return _put(store, person, what, seen, "certify")


def take_back(store: Store, person: Person, what: Definition, seen: str) -> Certificate:
    """Stand for it no more, whoever of the unit did. Raises Denied, Invalid or Conflict.

    Where there is none nothing is written: that is a Conflict too.
    """
    empty = Definition(dataset=what.dataset, metric=what.metric, fingerprint="", unit=what.unit)
    return _put(store, person, empty, seen, "take back")


def newest(store: Store) -> Mapping[Named, Certificate]:
    """Of each metric the certificate that counts; of one that was taken back none."""
    with store.reading() as connection:
        found: dict[Named, Certificate] = {}
        for row in connection.execute(_selected()).mappings():
            one = certificate(row)
            found.setdefault((one.dataset, one.metric), one)
    return {named: one for named, one in found.items() if one.fingerprint}


def _put(store: Store, person: Person, what: Definition, seen: str, deed: str) -> Certificate:
    if not may_certify(person, what.unit):
        raise Denied(
            f"This metric is certified by editors of the unit {what.unit}.", "Ask one of them."
        )
    if not all(0 < len(name) <= LONGEST_NAME for name in (what.dataset, what.metric)):
        raise Invalid("A certificate is of a metric of a dataset.")
    row = {
        "id": str(uuid4()),
        "dataset": what.dataset,
        "metric": what.metric,
        "fingerprint": what.fingerprint,
        "unit": what.unit,
        "person_id": person.id,
        "created_at": store.now(),
    }
    with store.writing() as connection:
        _queue(connection)
        last = _last(connection, (what.dataset, what.metric))
        counts = last is not None and bool(last.fingerprint)
        if (last.id if last is not None and counts else "") != seen:
            raise _overtaken(last)
        if not counts and not what.fingerprint:
            raise Conflict(_NONE, "There is nothing to take back.")
        connection.execute(insert(certificates).values(row))
        details = {"metric": f"{what.dataset}.{what.metric}", "fingerprint": what.fingerprint}
        audit.record(
            connection, row["created_at"], person.id, Deed(deed, "metric", row["id"], details)
        )
    return Certificate(
        **{name: row[name] for name in row.keys() - {"person_id"}}, certified_by=person.name
    )


def _overtaken(last: Certificate | None) -> Conflict:
    if last is None:
        return Conflict(_NONE, "Load the page anew.")
    did = "certified it" if last.fingerprint else "took its certificate back"
    return Conflict(
        f"{last.certified_by} {did} in between, at {last.created_at:%Y-%m-%d %H:%M} UTC.",
        "Load the page anew to see theirs.",
    )


def _queue(connection: Connection) -> None:
    """One writer after the other, so that each sees what the one before it gave."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE certificates IN SHARE ROW EXCLUSIVE MODE"))


def _last(connection: Connection, named: Named) -> Certificate | None:
    dataset, metric = named
    question = _selected().where(certificates.c.dataset == dataset, certificates.c.metric == metric)
    row = connection.execute(question.limit(1)).mappings().first()
    return None if row is None else certificate(row)


def _selected() -> Select[Any]:
    return (
        select(*certificates.c, people.c.name.label("certified_by"))
        .join(people, people.c.id == certificates.c.person_id)
        .order_by(certificates.c.number.desc())
    )
