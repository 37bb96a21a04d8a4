"""What the person named with `--as` may see. Apart from `ask`: the store takes long to import."""

from portal.parts import open_kept
from portal.settings import Settings
from portal.store import migrate, people
from queries.model import Access


def access_of(settings: Settings, email: str) -> Access:
    """Raises the store's NotFound, also where nobody was ever added."""
    store = open_kept(settings)
    migrate.upgrade(store)
    return people.by_email(store, email).access
