"""A warehouse over the small lake, and an app around it, for tests of the doors."""

from pathlib import Path

import polars as pl
from flask import Flask
from flask.testing import FlaskClient

from portal.app import create_app
from portal.settings import Settings
from portal.store import migrate, people, tokens
from portal.store.people import Newcomer
from portal.store.store import Store, open_store
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.warehouse import Warehouse
from tests.queries.small_lake import DATASET, plays, titles


def small_warehouse(folder: Path, rows: int = 4_000) -> Warehouse:
    """The small world in a Delta lake."""
    lake = Lake(folder / "lake")
    frame = plays(rows).with_columns(pl.col("bucket").cast(pl.Int16))
    lake.commit(
        [
            Change(table="plays", rows=frame, day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "small",
    )
    engine = DuckDBEngine(memory="1GB")
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))


def small_settings(folder: Path) -> Settings:
    return Settings(
        home=folder,
        mode="development",
        secret_key="only for tests, but long enough 0123456789",
        database_url=f"sqlite:///{folder / 'playhead.sqlite'}",
        lake_url=str(folder / "lake"),
    )


def small_app(folder: Path, warehouse: Warehouse) -> tuple[Flask, Store]:
    """The app with an empty store."""
    settings = small_settings(folder)
    store = open_store(settings.database_url)
    migrate.upgrade(store)
    server = create_app(settings, warehouse, store).server
    assert isinstance(server, Flask)
    return server, store


def client_of(server: Flask, store: Store, newcomer: Newcomer) -> FlaskClient:
    """A client that sends the newcomer's token."""
    token = tokens.add(store, people.add(store, newcomer), "test")
    client = server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
