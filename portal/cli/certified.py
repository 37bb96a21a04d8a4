"""The certificates of metrics. Apart from `metrics`: the store takes long to import."""

from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from portal.cli import home
from portal.components.certificate import Held
from portal.store import certificates as kept
from portal.store.schema import certificates as table
from portal.store.store import open_store


def certificates() -> Held:
    """None where nobody keeps anything yet: listing metrics makes no database."""
    url = home.settings().database_url
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return {}
    store = open_store(url)
    try:
        return kept.newest(store) if inspect(store.engine).has_table(table.name) else {}
    finally:
        store.close()
