"""Rows of the lake on a page, in a file, over the API and from the command line."""

import csv
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import fastexcel
import orjson
import polars as pl
import pytest
from flask.testing import FlaskClient

from portal.app import create_app
from portal.auth import cookie
from portal.export import FORMS
from portal.export_rows import rows_file
from portal.parts import open_warehouse
from portal.settings import Settings
from portal.store import migrate, people, sessions
from portal.store.people import Newcomer
from portal.store.store import open_store
from queries.catalog import builtin
from queries.listing import Listing, RowColumn, Rows

pytestmark = pytest.mark.demo
SEARCH = "?dataset=playback&period=last 3 days&device=tv"
ANN = Newcomer(email="ann@example.com", name="Ann", unit="product")
BEN = Newcomer(
    email="ben@example.com",
    name="Ben",
    unit="marketing",
    row_rules={"country": ("BR",)},
    hidden_numbers=("sum(watched_s)",),
)


@pytest.fixture(scope="module")
def clients(
    demo_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, FlaskClient]]:
    home = tmp_path_factory.mktemp("portal")
    settings = Settings.from_environment(
        {"PLAYHEAD_HOME": str(home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    )
    store = open_store(settings.database_url)
    migrate.upgrade(store)
    server = create_app(settings, open_warehouse(settings), store).server

    def browser(newcomer: Newcomer) -> FlaskClient:
        client: FlaskClient = server.test_client()
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        session = sessions.begin(store, people.add(store, newcomer))
        client.set_cookie(cookie.name(settings), session)
        return client

    yield {"ann": browser(ANN), "ben": browser(BEN)}
    store.close()


def answers(client: FlaskClient, asked: dict[str, Any]) -> list[dict[str, Any]]:
    lines = client.post("/-/answers", json=asked).data.split(b"\n")
    return [orjson.loads(line) for line in lines if line]


def drawn(client: FlaskClient, search: str) -> dict[str, Any]:
    asked = {"path": "/rows", "search": search, "tiles": ["tile-0-0"]}
    return next(line["drawing"] for line in answers(client, asked) if "drawing" in line)


def exported(client: FlaskClient, search: str, form: str) -> bytes:
    asked = {"path": "/rows", "search": search, "tile": "tile-0-0", "format": form}
    response = client.get("/export", query_string=asked)
    assert response.status_code == 200, response.text
    return response.data


def test_a_page_of_rows_says_how_many_there_are_and_leads_on(clients: dict[str, FlaskClient]):
    first = drawn(clients["ann"], SEARCH)
    assert first["kind"] == "rows"
    content = first["content"]
    assert (content["first"], content["last"]) == ("1", "100")
    assert len(content["rows"]) == 100
    assert content["newer"] is None
    assert content["older"] == 100
    names = [column["name"] for column in content["columns"]]
    assert "account_id" not in names
    second = drawn(clients["ann"], f"{SEARCH}&skip=100")["content"]
    assert second["newer"] == 0
    assert second["rows"][0] != content["rows"][0]
    below = drawn(clients["ann"], f"{SEARCH}&skip=99999")
    assert below["kind"] == "empty"
    assert below["content"]["actions"][0]["set"] == {"skip": None}


def test_another_person_s_link_shows_their_rows_and_columns(clients: dict[str, FlaskClient]):
    drawing = drawn(clients["ben"], SEARCH)
    names = [column["name"] for column in drawing["content"]["columns"]]
    country = names.index("country")
    assert {row[country] for row in drawing["content"]["rows"]} == {"BR"}
    assert "watched_s" not in names
    assert any("Without watched_s" in note for note in drawing["notes"])


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "arrow"])
def test_rows_are_exported_in_every_form_as_their_viewer_may_see_them(
    clients: dict[str, FlaskClient], form: str
):
    files = {name: exported(client, SEARCH, form) for name, client in clients.items()}
    frames = {name: READERS[form](content) for name, content in files.items()}
    ann, ben = frames["ann"], frames["ben"]
    assert ann.height > ben.height > 0
    assert ben.height == ann.filter(pl.col("country") == "BR").height
    assert not any(name.startswith(("watched_s", "account_id")) for name in ben.columns)
    assert any(name.startswith("watched_s") for name in ann.columns)


READERS = {
    "csv": lambda content: pl.read_csv(BytesIO(content), infer_schema=False),
    "xlsx": lambda content: fastexcel.read_excel(content).load_sheet("Rows").to_polars(),
    "parquet": lambda content: pl.read_parquet(BytesIO(content)),
    "arrow": lambda content: pl.read_ipc_stream(BytesIO(content)),
}


def test_a_workbook_says_what_the_rows_are_of(clients: dict[str, FlaskClient]):
    book = fastexcel.read_excel(exported(clients["ben"], SEARCH, "xlsx"))
    said = dict(book.load_sheet("About", header_row=None).to_polars().rows())
    assert said["Where"] == "Device is tv"
    assert said["Personal"] == "visit_id, account_id, profile_id, request_id, search_id"
    assert said["Withheld"] == "watched_s"
    assert said["Data version"].startswith("v")


def test_no_cell_of_a_file_is_read_as_a_formula():
    frame = pl.DataFrame({"name": ["=1+1", "@x", "plain"], "list": [["=2"], ["-3"], None]})
    rows = Rows(
        listing=Listing(dataset=builtin().dataset("playback")),
        frame=frame,
        columns=(RowColumn("name"), RowColumn("list", "count")),
        count=3,
        withheld=(),
        personal=(),
        complete_through=None,
        data_version="v1-abc",
        sql="",
        took_ms=0,
    )
    file = rows_file(rows, FORMS["csv"])
    assert file.name == "playback_rows_v1-abc.csv"
    heading, *lines = csv.reader(StringIO(file.content.decode("utf-8-sig")))
    assert heading == ["name", "list [count]"]
    assert [line[0] for line in lines] == ["'=1+1", "'@x", "plain"]
    sheet = fastexcel.read_excel(rows_file(rows, FORMS["xlsx"]).content).load_sheet("Rows")
    assert sheet.to_polars()["name"].to_list() == ["=1+1", "@x", "plain"]


def test_metrics_that_are_hidden_are_not_in_the_search(clients: dict[str, FlaskClient]):
    def names(client: FlaskClient) -> set[str]:
        listed = orjson.loads(client.post("/-/metrics", json={}).data)["metrics"]
        return {m["name"] for m in listed if m["name_of_dataset"] == "playback"}

    assert names(clients["ann"]) >= {"hours_viewed", "plays"}
    assert "hours_viewed" not in names(clients["ben"])
    assert "plays" in names(clients["ben"])


def test_a_breakdown_leaves_out_what_is_hidden_and_says_so(clients: dict[str, FlaskClient]):
    search = "?dataset=playback&metric=plays&metric=hours_viewed&by=device&order=hours_viewed"
    asked = {"path": "/explore", "search": search, "tiles": ["tile-3-0", "tile-1-0"]}
    drawings = {line["tile"]: line["drawing"] for line in answers(clients["ben"], asked)[1:]}
    breakdown = drawings["tile-3-0"]
    assert breakdown["kind"] == "sheet"
    labels = [column["label"] for column in breakdown["content"]["columns"]]
    assert "Plays" in labels
    assert "Hours viewed" not in labels
    for drawing in drawings.values():
        said = "Without Hours viewed: hidden from you. Ask product for access."
        assert said in drawing["notes"]
    file = {"path": "/explore", "search": search, "tile": "tile-3-0", "format": "csv"}
    exported_csv = clients["ben"].get("/export", query_string=file)
    assert "Hours viewed" not in exported_csv.text
    alone = {**asked, "search": "?dataset=playback&metric=hours_viewed", "tiles": ["tile-3-0"]}
    (line,) = answers(clients["ben"], alone)[1:]
    assert line["drawing"]["content"]["reason"] == "not_permitted"
