"""Alerts: what somebody was told of a metric they watch. Kept once, listed to them, marked seen.

One holds numbers as their reader could see them then: whoever sees other rows or numbers by now is
shown none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, update

from portal.store.frozen_forecast import access_hash
from portal.store.people import Person
from portal.store.schema import alerts, subscriptions
from portal.store.store import Store
from portal.store.subscription import Subscription

Kind = Literal["day", "week", "test", "late"]

MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is told: of which day, in a sentence and a detail, and the URL that shows it."""

    kind: Kind
    day: date
    sentence: str
    detail: str
    tone: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An alert as it is kept. `is_ended` is that of a subscription that has ended."""

    number: int
    subscription_id: str
    dataset: str
    metric: str
    data_version: str
    created_at: datetime
    seen_at: datetime | None
    is_ended: bool
    alert: Alert

    @property
    def is_seen(self) -> bool:
        return self.seen_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A subscription as it was looked at, what it is by now, and what is told of it.

    One that is not `is_whole` is looked at again in the same data version.
    """

    subscription: Subscription
    is_whole: bool
    day: date | None
    week: date | None
    troubles: tuple[str, ...]
    alerts: tuple[Alert, ...] = ()


def keep(store: Store, person: Person, data_version: str, found: Sequence[Judged]) -> int:
    """Keep what was found in a data version; says how many alerts are new.

    What another process has judged in between is left to it.
    """
    now, count = store.now(), 0
    with store.writing() as connection:
        for judged in found:
            before = judged.subscription
            done = connection.execute(
                update(subscriptions)
                .where(
                    subscriptions.c.id == before.id,
                    subscriptions.c.ended_at.is_(None),
                    subscriptions.c.judged_version == before.judged_version,
                )
                .values(
                    judged_version=data_version if judged.is_whole else before.judged_version,
                    judged_day=judged.day,
                    judged_week=judged.week,
                    troubles=list(judged.troubles),
                )
            )
            if not done.rowcount:
                continue
            known = _known(connection, before, data_version)
            fresh = (one for one in judged.alerts if (one.kind, one.day) not in known)
            rows = [_row(one, before, person, data_version, now) for one in fresh]
            if rows:
                connection.execute(insert(alerts), rows)
            count += len(rows)
    return count


def _known(connection: Connection, of: Subscription, data_version: str) -> set[tuple[str, date]]:
    """What was told of it in a data version, before it was ended and begun again."""
    question = select(alerts.c.kind, alerts.c.day).where(
        alerts.c.subscription_id == of.id, alerts.c.data_version == data_version
    )
    return {(row.kind, row.day) for row in connection.execute(question)}


def of(store: Store, person: Person) -> list[Kept]:
    """What a person was told, the newest first, at most 200."""
    question = (
        select(*alerts.c, subscriptions.c.dataset, subscriptions.c.metric, subscriptions.c.ended_at)
        .join(subscriptions, subscriptions.c.id == alerts.c.subscription_id)
        .where(_seen_by(person))
        .order_by(alerts.c.created_at.desc(), alerts.c.day.desc(), alerts.c.number.desc())
        .limit(MOST_LISTED)
    )
    with store.reading() as connection:
        return [_kept(row) for row in connection.execute(question).mappings()]


def unseen(store: Store, person: Person) -> int:
    """How many a person has not seen yet."""
    question = (
        select(func.count())
        .select_from(alerts.join(subscriptions, subscriptions.c.id == alerts.c.subscription_id))
        .where(_seen_by(person), alerts.c.seen_at.is_(None))
    )
    with store.reading() as connection:
        return connection.execute(question).scalar_one()


def see(store: Store, person: Person, numbers: Sequence[int]) -> None:
    """Mark some of one's own as seen; others stay as they are."""
    mine = select(subscriptions.c.id).where(subscriptions.c.person_id == person.id)
    shown = and_(
        alerts.c.number.in_(numbers),
        alerts.c.seen_at.is_(None),
        alerts.c.subscription_id.in_(mine),
    )
    with store.writing() as connection:
        connection.execute(update(alerts).where(shown).values(seen_at=store.now()))


def _seen_by(person: Person) -> Any:  # noqa: ANN401  # an SQL condition
    return and_(
        subscriptions.c.person_id == person.id,
        alerts.c.access_hash == access_hash(person.access),
    )


def _row(
    one: Alert, of: Subscription, person: Person, data_version: str, now: datetime
) -> dict[str, Any]:
    return {
        "subscription_id": of.id,
        "kind": one.kind,
        "day": one.day,
        "data_version": data_version,
        "sentence": one.sentence,
        "detail": one.detail,
        "tone": one.tone,
        "query": one.query,
        "access_hash": access_hash(person.access),
        "created_at": now,
    }


def _kept(row: RowMapping) -> Kept:
    told = {name: row[name] for name in Alert.__slots__}
    own = ("number", "subscription_id", "dataset", "metric", "data_version", "created_at")
    return Kept(
        **{name: row[name] for name in own},
        seen_at=row["seen_at"],
        is_ended=row["ended_at"] is not None,
        alert=Alert(**told),
    )
