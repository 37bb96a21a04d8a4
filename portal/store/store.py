"""The database behind everything people keep: SQLite in a file, or PostgreSQL.

A transaction either writes or reads. Writers of SQLite queue at its one lock from the first
statement, so that none of them loses half-way; whoever waits more than five seconds is told that
the store is busy.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Store:
    """A way into the database. `clock` is asked for the time, so that tests can turn it."""

    engine: Engine
    clock: Callable[[], datetime] = utc_now

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def now(self) -> datetime:
        return self.clock()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed whole, or not at all when the block raises."""
        writer = self.engine.execution_options(writes=True)
        with writer.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def ping(self) -> None:
        """Raise what the database driver raises when the database does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str, clock: Callable[[], datetime] = utc_now) -> Store:
    """Connect lazily to the database at `url` (`sqlite:///…` or `postgresql+psycopg://…`)."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return Store(_sqlite(url, address.database or ""), clock)
    engine = create_engine(
        address,
        pool_size=5,
        max_overflow=5,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5},
    )
    return Store(engine, clock)


def _sqlite(url: str, database: str) -> Engine:
    file = Path(database)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver opens transactions late and only for some statements; `_begin` does it itself.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
