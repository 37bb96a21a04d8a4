"""API tokens: how a notebook or a script signs in. Kept as hashes, shown once."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from portal.store import audit
from portal.store.audit import Deed
from portal.store.errors import Invalid, NotFound, QuotaExceeded
from portal.store.people import Person, person
from portal.store.schema import api_tokens, people
from portal.store.store import Store

PREFIX = "playhead_"
MOST = 20
LONGEST_NAME = 120
LONGEST_TOKEN = 128
USED_STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it in a list: never the token itself."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


def add(store: Store, someone: Person, name: str) -> str:
    """Make a token and give it back: the only time it is known. Raises QuotaExceeded."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Invalid(f"A token's name has 1 to {LONGEST_NAME} characters.")
    token = PREFIX + secrets.token_urlsafe(32)
    token_id = str(uuid4())
    now = store.now()
    with store.writing() as connection:
        count = connection.execute(
            select(func.count())
            .select_from(api_tokens)
            .where(api_tokens.c.person_id == someone.id, api_tokens.c.revoked_at.is_(None))
        ).scalar_one()
        if count >= MOST:
            raise QuotaExceeded(f"You have {count} tokens already.", "Revoke one first.")
        connection.execute(
            insert(api_tokens).values(
                id=token_id,
                token_hash=_hash(token),
                person_id=someone.id,
                name=name.strip(),
                created_at=now,
            )
        )
        audit.record(connection, now, someone.id, Deed("add", "token", token_id))
    return token


def owner(store: Store, token: str) -> Person | None:
    """Whose token this is, if it was not revoked and they are still active."""
    if not token.startswith(PREFIX) or len(token) > LONGEST_TOKEN:
        return None
    now = store.now()
    with store.reading() as connection:
        row = connection.execute(
            select(people, api_tokens.c.id.label("token_id"), api_tokens.c.used_at)
            .join(api_tokens, api_tokens.c.person_id == people.c.id)
            .where(
                api_tokens.c.token_hash == _hash(token),
                api_tokens.c.revoked_at.is_(None),
                people.c.is_active,
            )
        ).first()
    if row is None:
        return None
    if row.used_at is None or now - row.used_at > USED_STEP:
        with suppress(OperationalError), store.writing() as connection:
            connection.execute(
                update(api_tokens).where(api_tokens.c.id == row.token_id).values(used_at=now)
            )
    return person(row)


def of(store: Store, someone: Person) -> list[Token]:
    """Somebody's tokens that still work, by name."""
    with store.reading() as connection:
        rows = connection.execute(
            select(api_tokens)
            .where(api_tokens.c.person_id == someone.id, api_tokens.c.revoked_at.is_(None))
            .order_by(api_tokens.c.name, api_tokens.c.created_at)
        )
        return [Token(r.id, r.name, r.created_at, r.used_at) for r in rows]


def revoke(store: Store, someone: Person, token_id: str) -> None:
    """Make one's own token worthless. Raises NotFound for any other."""
    try:
        token_id = str(UUID(token_id))
    except ValueError:
        raise NotFound("There is no such token.") from None
    now = store.now()
    with store.writing() as connection:
        revoked = connection.execute(
            update(api_tokens)
            .where(
                api_tokens.c.id == token_id,
                api_tokens.c.person_id == someone.id,
                api_tokens.c.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
        if revoked.rowcount == 0:
            raise NotFound("There is no such token.")
        audit.record(connection, now, someone.id, Deed("revoke", "token", token_id))


def _hash(token: str) -> str:
    return sha256(b"token:" + token.encode()).hexdigest()
