"""Sessions: the proof that a browser has signed in.

The browser holds 256 random bits, the store only their hash, so a copy of the database opens
nothing. Because the row decides, signing out, a new password and being deactivated end a session
for good. A session ends by itself after 12 hours without use, and 7 days after signing in: an
analyst leaves a page open over lunch and overnight, and an account read on a lost laptop is shut
out within the week.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import OperationalError

from portal.store import audit
from portal.store.audit import Deed
from portal.store.people import Person, person
from portal.store.schema import people, sessions
from portal.store.store import Store

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
#: How stale `seen_at` may get: it spares a write for every request.
SEEN_STEP = timedelta(minutes=1)
LONGEST_SECRET = 128


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in, as its owner sees it in a list."""

    id_hash: str
    user_agent: str
    created_at: datetime
    seen_at: datetime

    @property
    def browser(self) -> str:
        """What the browser calls itself, as a person would: “Firefox on Windows”."""
        program = next((name for mark, name in _PROGRAMS if mark in self.user_agent), "A browser")
        system = next((name for mark, name in _SYSTEMS if mark in self.user_agent), "")
        return f"{program} on {system}" if system else program


#: The first that is found counts: most browsers also claim to be the others.
_PROGRAMS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def begin(store: Store, someone: Person, user_agent: str = "") -> str:
    """Open a session and give back its secret: the only time it is known."""
    secret = secrets.token_urlsafe(32)
    now = store.now()
    with store.writing() as connection:
        connection.execute(
            insert(sessions).values(
                id_hash=_hash(secret),
                person_id=someone.id,
                user_agent=user_agent[:200],
                created_at=now,
                seen_at=now,
            )
        )
        audit.record(connection, now, someone.id, Deed("sign in", "person", someone.id))
    return secret


def owner(store: Store, secret: str) -> Person | None:
    """Whose session this is, if it is still open. Their rights are read anew each time."""
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    now = store.now()
    with store.reading() as connection:
        row = connection.execute(
            select(people, sessions.c.seen_at, sessions.c.id_hash)
            .join(sessions, sessions.c.person_id == people.c.id)
            .where(
                sessions.c.id_hash == _hash(secret),
                sessions.c.ended_at.is_(None),
                sessions.c.seen_at > now - IDLE,
                sessions.c.created_at > now - ABSOLUTE,
                people.c.is_active,
            )
        ).first()
    if row is None:
        return None
    if now - row.seen_at > SEEN_STEP:
        with suppress(OperationalError):  # a store that is too busy to write can still be read
            _see(store, row.id_hash, now)
    return person(row)


def end(store: Store, secret: str) -> None:
    """Sign out: from now on the secret opens nothing."""
    now = store.now()
    with store.writing() as connection:
        ended = connection.execute(
            update(sessions)
            .where(sessions.c.id_hash == _hash(secret), sessions.c.ended_at.is_(None))
            .values(ended_at=now)
            .returning(sessions.c.person_id)
        ).scalar()
        if ended is not None:
            audit.record(connection, now, ended, Deed("sign out", "person", ended))


def end_others(store: Store, someone: Person, secret: str) -> int:
    """Sign out everywhere but here; says how many sessions ended."""
    now = store.now()
    with store.writing() as connection:
        ended = connection.execute(
            update(sessions)
            .where(
                sessions.c.person_id == someone.id,
                sessions.c.id_hash != _hash(secret),
                sessions.c.ended_at.is_(None),
            )
            .values(ended_at=now)
        ).rowcount
        deed = Deed("sign out elsewhere", "person", someone.id, {"sessions": ended})
        audit.record(connection, now, someone.id, deed)
    return ended


def is_of(session: Session, secret: str) -> bool:
    """Whether the session is the one this secret opens."""
    return session.id_hash == _hash(secret)


def open_of(store: Store, someone: Person) -> list[Session]:
    """The browsers somebody is signed in with, the latest used first."""
    now = store.now()
    with store.reading() as connection:
        rows = connection.execute(
            select(sessions)
            .where(
                sessions.c.person_id == someone.id,
                sessions.c.ended_at.is_(None),
                sessions.c.seen_at > now - IDLE,
                sessions.c.created_at > now - ABSOLUTE,
            )
            .order_by(sessions.c.seen_at.desc())
        )
        return [Session(r.id_hash, r.user_agent, r.created_at, r.seen_at) for r in rows]


def purge(store: Store, keep: timedelta = timedelta(days=30)) -> int:
    """Forget sessions that ended or ran out long ago; says how many."""
    before = store.now() - ABSOLUTE - keep
    with store.writing() as connection:
        return connection.execute(delete(sessions).where(sessions.c.created_at < before)).rowcount


def _see(store: Store, id_hash: str, now: datetime) -> None:
    with store.writing() as connection:
        connection.execute(
            update(sessions)
            .where(sessions.c.id_hash == id_hash, sessions.c.ended_at.is_(None))
            .values(seen_at=now)
        )


def _hash(secret: str) -> str:
    return sha256(b"session:" + secret.encode()).hexdigest()
