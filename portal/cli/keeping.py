"""The store of what people keep, opened for a command with its schema at the newest version."""

from collections.abc import Iterator
from contextlib import contextmanager

from portal.cli import home
from portal.parts import open_kept
from portal.store import migrate
from portal.store.store import Store


@contextmanager
def kept() -> Iterator[Store]:
    """Open, and close when the command is done."""
    store = open_kept(home.settings())
    try:
        migrate.upgrade(store)
        yield store
    finally:
        store.close()
