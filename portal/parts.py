"""The warehouse, opened as the settings say: for the server and the command line alike."""

from portal.settings import ConfigurationError, Settings
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.copies import Copies
from queries.lake.errors import LakeUnreachable
from queries.lake.lake import Lake
from queries.warehouse import Warehouse


def open_lake(settings: Settings) -> Lake:
    copies = Copies(settings.cache / "lake", limit_bytes=settings.lake_copies)
    return Lake(settings.lake_url, settings.lake_options, copies)


def check_lake(settings: Settings) -> None:
    """Raises ConfigurationError where the lake cannot be read."""
    try:
        open_lake(settings).storage.reach()
    except LakeUnreachable as error:
        raise ConfigurationError((f"{error.message} {error.hint}",)) from error


def open_warehouse(settings: Settings) -> Warehouse:
    """Nothing is read yet, and no thread of an engine started: a server may still fork."""
    spill = settings.cache / "spill"
    return Warehouse(
        open_lake(settings),
        DuckDBEngine(spill=spill),
        FrameCache(settings.cache / "answers"),
        builtin(),
    )
