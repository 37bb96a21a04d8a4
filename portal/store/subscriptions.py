"""Subscriptions: watch a metric, snooze it, stop; each is its owner's alone.

Nobody else sees or changes one, so there is nobody to be in conflict with: of two changes the last
one counts, and subscribing twice is subscribing once.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, func, insert, select, update

from portal.store import audit
from portal.store.audit import Deed
from portal.store.errors import Invalid, NotFound, QuotaExceeded
from portal.store.people import Person
from portal.store.schema import people, subscriptions
from portal.store.store import Store
from portal.store.subscription import Subscription, Watched, checked, subscription

MOST = 100
LONGEST_SNOOZE = timedelta(days=366)
_FRESH = {"judged_version": "", "judged_day": None, "judged_week": None, "snoozed_until": None}


def subscribe(store: Store, person: Person, watched: Watched) -> Subscription:
    """Watch it from now on; what is watched already stays as it is. Raises Invalid, QuotaExceeded.

    Of two at once one adds it and the other finds it there: the person's row is their queue.
    """
    named = checked(watched)
    now = store.now()
    mine = subscriptions.c.person_id == person.id
    same = and_(mine, *(subscriptions.c[name] == value for name, value in named.items()))
    with store.writing() as connection:
        connection.execute(select(people.c.id).where(people.c.id == person.id).with_for_update())
        row = connection.execute(select(subscriptions).where(same)).mappings().first()
        if row is not None and row["ended_at"] is None:
            return subscription(row)
        _check_quota(connection, person)
        if row is None:
            new = {
                **named,
                **_FRESH,
                "id": str(uuid4()),
                "person_id": person.id,
                "created_at": now,
                "troubles": [],
            }
            connection.execute(insert(subscriptions).values(new))
        else:
            again = {**_FRESH, "troubles": [], "created_at": now, "ended_at": None}
            connection.execute(update(subscriptions).where(same).values(**again))
        kept = connection.execute(select(subscriptions).where(same)).mappings().one()
        details = {"metric": f"{watched.dataset}.{watched.metric}"}
        audit.record(
            connection, now, person.id, Deed("subscribe", "subscription", kept["id"], details)
        )
        return subscription(kept)


def of(store: Store, person: Person) -> list[Subscription]:
    """What a person watches, by metric."""
    question = (
        select(subscriptions)
        .where(subscriptions.c.person_id == person.id, subscriptions.c.ended_at.is_(None))
        .order_by(subscriptions.c.dataset, subscriptions.c.metric, subscriptions.c.filters)
    )
    with store.reading() as connection:
        return [subscription(row) for row in connection.execute(question).mappings()]


def snooze(store: Store, person: Person, named: str, until: date | None) -> Subscription:
    """Tell nothing of it before a day; None wakes it. Raises NotFound or Invalid."""
    today = store.now().date()
    if until is not None and not today < until <= today + LONGEST_SNOOZE:
        raise Invalid("One snoozes until a later day, within a year.")
    return _change(store, person, named, {"snoozed_until": until}, "snooze")


def end(store: Store, person: Person, named: str) -> Subscription:
    """Watch it no more. What was told stays. Raises NotFound."""
    return _change(store, person, named, {"ended_at": store.now()}, "unsubscribe")


def _change(
    store: Store, person: Person, named: str, values: Mapping[str, Any], deed: str
) -> Subscription:
    try:
        known = str(UUID(named))
    except ValueError:
        raise _unknown() from None
    mine = and_(
        subscriptions.c.id == known,
        subscriptions.c.person_id == person.id,
        subscriptions.c.ended_at.is_(None),
    )
    with store.writing() as connection:
        if connection.execute(update(subscriptions).where(mine).values(**values)).rowcount == 0:
            raise _unknown()
        audit.record(connection, store.now(), person.id, Deed(deed, "subscription", known))
        kept = select(subscriptions).where(subscriptions.c.id == known)
        return subscription(connection.execute(kept).mappings().one())


def _unknown() -> NotFound:
    return NotFound("You watch no such metric.", "It may have been ended in another window.")


def _check_quota(connection: Connection, person: Person) -> None:
    count = connection.execute(
        select(func.count())
        .select_from(subscriptions)
        .where(subscriptions.c.person_id == person.id, subscriptions.c.ended_at.is_(None))
    ).scalar_one()
    if count >= MOST:
        raise QuotaExceeded(
            f"You watch {count} metrics already, which is the most.", "Stop watching some first."
        )
