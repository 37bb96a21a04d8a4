"""What the person named with `--as` may see. Apart from `ask`: the store takes long to import."""

from portal.cli.keeping import kept
from portal.store import people
from queries.dataset import Access


def access_of(email: str) -> Access:
    """Raises the store's NotFound, also where nobody was ever added."""
    with kept() as store:
        return people.by_email(store, email).access
