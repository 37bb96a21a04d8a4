"""The warehouse, opened as the settings say: for the server and the command line alike."""

from portal.settings import Settings
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.warehouse import Warehouse


def open_warehouse(settings: Settings) -> Warehouse:
    """Nothing is read yet, and no thread of an engine started: a server may still fork."""
    spill = settings.cache / "spill"
    return Warehouse(
        Lake(settings.lake_url),
        DuckDBEngine(spill=spill),
        FrameCache(settings.cache / "answers"),
        builtin(),
    )
