"""The store of what people keep, opened for a command with its schema at the newest version."""

from collections.abc import Iterator
from contextlib import contextmanager

from portal.cli import home
from portal.store import migrate
from portal.store.store import Store, open_store


@contextmanager
def kept() -> Iterator[Store]:
    """Open, and close when the command is done."""
    store = open_store(home.settings().database_url)
    try:
        migrate.upgrade(store)
        yield store
    finally:
        store.close()
