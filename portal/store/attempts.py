"""Attempts at signing in, counted in the store so that every worker sees the same count.

Ten wrong passwords from one address for one account, or twenty from one address over all
accounts, close that address for the rest of a quarter of an hour. An account that is tried from
everywhere answers only every thirty seconds: its owner still gets in, a guesser does not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from portal.store.people import normal_email
from portal.store.schema import sign_in_attempts as attempts
from portal.store.store import Store

WINDOW = timedelta(minutes=15)
MOST_FROM_ADDRESS_FOR_ACCOUNT = 10
MOST_FROM_ADDRESS = 20
MOST_FOR_ACCOUNT = 10
ACCOUNT_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Leave to try one password: counted as wrong until it is said to be right."""

    id: int


@dataclass(frozen=True, slots=True)
class TooMany:
    """No leave to try before `wait` is over."""

    wait: timedelta


def begin(store: Store, email: str, address: str) -> Attempt | TooMany:
    """Ask to try a password for `email` from `address`.

    Counting and adding are one transaction, so a burst of parallel attempts is bounded too.
    A refused attempt is not counted: waiting always helps.
    """
    account = sha256(normal_email(email).encode()).hexdigest()
    now = store.now()
    with store.writing() as connection:
        if not store.is_sqlite:
            _take_turns(connection, account, address)
        wait = _wait(connection, account, address, now)
        if wait > timedelta(0):
            return TooMany(wait)
        added = connection.execute(
            insert(attempts)
            .values(account_hash=account, address=address[:45], at=now, succeeded=False)
            .returning(attempts.c.id)
        )
        return Attempt(added.scalar_one())


def succeed(store: Store, attempt: Attempt) -> None:
    """The password was right: the attempt no longer counts."""
    with store.writing() as connection:
        connection.execute(
            update(attempts).where(attempts.c.id == attempt.id).values(succeeded=True)
        )


def purge(store: Store, keep: timedelta = timedelta(days=30)) -> int:
    """Forget old attempts; says how many."""
    with store.writing() as connection:
        old = delete(attempts).where(attempts.c.at < store.now() - keep)
        return connection.execute(old).rowcount


def _wait(connection: Connection, account: str, address: str, now: datetime) -> timedelta:
    for_account = attempts.c.account_hash == account
    from_address = attempts.c.address == address[:45]
    row = connection.execute(
        select(
            func.count(case((and_(for_account, from_address), 1))).label("pair"),
            func.count(case((from_address, 1))).label("address"),
            func.count(case((for_account, 1))).label("account"),
            func.min(case((from_address, attempts.c.at))).label("first"),
            func.max(case((for_account, attempts.c.at))).label("last"),
        ).where(
            for_account | from_address,
            attempts.c.at > now - WINDOW,
            attempts.c.succeeded.is_(False),
        )
    ).one()
    if row.pair >= MOST_FROM_ADDRESS_FOR_ACCOUNT or row.address >= MOST_FROM_ADDRESS:
        return row.first + WINDOW - now
    if row.account >= MOST_FOR_ACCOUNT:
        return row.last + ACCOUNT_PAUSE - now
    return timedelta(0)


def _take_turns(connection: Connection, account: str, address: str) -> None:
    """Queue the attempts that count together; SQLite's writers queue anyway."""
    for text in sorted((f"account {account}", f"address {address}")):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(text))))
