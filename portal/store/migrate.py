"""Bring the schema to a version, up or down, in one transaction.

Several processes may start at once: they queue at a lock, and whoever comes later finds nothing
left to do. A step only adds what the code before it can ignore, so that old processes go on
while a release is under way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from portal.store.store import Store

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_252_021


class SchemaOutdated(Exception):
    """The database is not at the version this code was written for."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(
            f"The database is at schema {found or 'none'}, this release needs {wanted}: "
            "run `python -m portal.release` first."
        )


def upgrade(store: Store, to: str = "head") -> None:
    with _transaction(store) as config:
        command.upgrade(config, to)


def downgrade(store: Store, to: str = "base") -> None:
    with _transaction(store) as config:
        command.downgrade(config, to)


def current(store: Store) -> str | None:
    """The version the database is at, None for an empty one."""
    with store.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The version this code was written for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def check(store: Store) -> None:
    """Raises SchemaOutdated."""
    found = current(store)
    if found != newest():
        raise SchemaOutdated(found, newest())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _transaction(store: Store) -> Iterator[Config]:
    config = _config()
    with store.writing() as connection:
        if not store.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        config.attributes["connection"] = connection
        yield config
