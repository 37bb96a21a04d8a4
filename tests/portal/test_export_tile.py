"""Any tile of any page can be exported, as what its viewer may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import fastexcel
import polars as pl
import pytest
from flask.testing import FlaskClient
from polars.testing import assert_frame_equal
from werkzeug.exceptions import TooManyRequests

from portal.app import create_app
from portal.auth import cookie
from portal.callbacks.export_tile import AT_ONCE, Turns
from portal.open_page import ask, open_page, shown
from portal.parts import open_warehouse
from portal.routing import discover
from portal.settings import Settings
from portal.store import migrate, people, sessions
from portal.store.people import Newcomer
from portal.store.store import Store, open_store
from queries.dataset import Access
from queries.errors import QueryError
from queries.model import Result
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
PAGES = discover("pages")
ANN = Newcomer(email="ann@example.com", name="Ann", unit="product")
BEN = Newcomer(
    email="ben@example.com", name="Ben", unit="marketing", row_rules={"country": ("BR",)}
)


@dataclass(frozen=True)
class Portal:
    """The portal over the demo company, with a browser of each person."""

    warehouse: Warehouse
    ann: FlaskClient
    ben: FlaskClient


@pytest.fixture(scope="module")
def portal(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    home = tmp_path_factory.mktemp("portal")
    settings = Settings.from_environment(
        {"PLAYHEAD_HOME": str(home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    )
    store = open_store(settings.database_url)
    migrate.upgrade(store)
    warehouse = open_warehouse(settings)
    server = create_app(settings, warehouse, store).server

    def browser(newcomer: Newcomer) -> FlaskClient:
        client: FlaskClient = server.test_client()
        client.set_cookie(cookie.name(settings), _session(store, newcomer))
        return client

    yield Portal(warehouse, browser(ANN), browser(BEN))
    store.close()


def _session(store: Store, newcomer: Newcomer) -> str:
    return sessions.begin(store, people.add(store, newcomer))


def asked(path: str, search: str, tile: str, form: str = "csv") -> dict[str, str]:
    return {"path": path, "search": search, "tile": tile, "format": form}


def on_screen(
    warehouse: Warehouse, path: str, search: str, access: Access
) -> dict[str, tuple[Result, ...]]:
    """The answers of every tile that has some."""
    opened = open_page(PAGES[path], search, warehouse)
    answers: dict[str, tuple[Result, ...]] = {}
    for name, tile in opened.tiles().items():
        try:
            answers[name] = shown(opened, tile, ask(opened, tile, warehouse, access))
        except QueryError:
            continue
    return {name: results for name, results in answers.items() if results}


@pytest.mark.parametrize("path", PAGES)
def test_every_tile_of_every_page_is_exported_as_it_is_shown(portal: Portal, path: str):
    for name, results in on_screen(portal.warehouse, path, "", Access()).items():
        response = portal.ann.get("/export", query_string=asked(path, "", name))
        assert response.status_code == 200, (path, name, response.text)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        contents = [response.data]
        if response.mimetype == "application/zip":
            archive = ZipFile(BytesIO(response.data))
            contents = [archive.read(file) for file in archive.namelist()]
        for content, result in zip(contents, results, strict=True):
            rows = pl.read_csv(BytesIO(content), infer_schema=False).height if content else 0
            assert rows == result.frame.height


def test_the_view_narrows_the_export_and_so_does_the_access(portal: Portal):
    path, search = "/when-where", "?device=tv&period=last 14 days"
    narrow = Access(rows=(("country", ("BR",)),))
    for client, access in ((portal.ann, Access()), (portal.ben, narrow)):
        for name, results in on_screen(portal.warehouse, path, search, access).items():
            response = client.get("/export", query_string=asked(path, search, name, "parquet"))
            if response.mimetype != "application/zip":
                frame = pl.read_parquet(BytesIO(response.data))
                assert_frame_equal(frame, results[0].frame, rel_tol=1e-9)
    answers = on_screen(portal.warehouse, path, search, narrow)
    tile = next(name for name, results in answers.items() if len(results) == 1)
    book = portal.ben.get("/export", query_string=asked(path, search, tile, "xlsx"))
    about = fastexcel.read_excel(book.data).load_sheet("About", header_row=None).to_polars()
    said = dict(about.rows())
    assert "Device is tv" in str(said["Where"])


def test_what_is_not_there_is_not_found(portal: Portal):
    first = next(iter(on_screen(portal.warehouse, "/", "", Access())))
    for query in (
        asked("/nowhere", "", first),
        asked("/", "", "tile-99-99"),
        asked("/", "", first, "exe"),
        {},
    ):
        assert portal.ann.get("/export", query_string=query).status_code == 404


def test_nobody_takes_more_than_two_turns_at_once():
    turns = Turns()
    with turns.taken("Ann"), turns.taken("Ann"), turns.taken("Ben"):
        assert AT_ONCE == 2
        with pytest.raises(TooManyRequests), turns.taken("Ann"):
            pass
    with turns.taken("Ann"):
        pass
