"""One request answers the tiles of a view: a line each, whatever happens to the others."""

import json
import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.callbacks import answer_tiles, describe_tile, list_values
from portal.drawn import Drawings
from portal.open_page import ask as answer_of
from portal.open_page import open_page
from portal.page import Page, Section
from portal.site import Site
from portal.stops import Stops
from portal.tiles import Breakdown, CountryMap, Headline, Heat, Lines, Ranking, Scorecard, Trend
from queries.dataset import Access
from queries.warehouse import Warehouse
from tests.portal.broken_tile import Broken
from tests.portal.small_warehouse import small_warehouse

METRIC = "hours_viewed"


@dataclass(frozen=True, slots=True)
class Ada:
    id: str = "ada"
    name: str = "Ada"
    unit: str = "product"
    access: Access = field(default_factory=Access)


TILES = (
    Headline(metric=METRIC),
    Trend(metric=METRIC),
    Ranking(metric=METRIC, by="country"),
    Ranking(metric=METRIC, by="device", shape="dot"),
    Heat(metric=METRIC, rows="weekday", columns="hour"),
    Lines(metric=METRIC, by="device", shares=True),
    Scorecard(metrics=(METRIC, "plays")),
    Breakdown(metrics=(METRIC, "plays"), by="genre"),
    CountryMap(metric=METRIC),
    Broken(),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return small_warehouse(tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def page(warehouse: Warehouse) -> Page:
    (dataset,) = warehouse.catalog().datasets
    names = {m.name for m in dataset.metrics} | {d.name for d in dataset.dimensions}
    kept = tuple(t for t in TILES if set(t.metrics) <= names and getattr(t, "by", METRIC) in names)
    return Page(
        path="/small",
        title="Small",
        question="What?",
        datasets=(dataset.name,),
        sections=(Section(tiles=kept),),
    )


@pytest.fixture(scope="module")
def client(
    warehouse: Warehouse, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> FlaskClient:
    server = Flask("answers")
    site = Site(
        pages={page.path: page},
        warehouse=warehouse,
        drawings=Drawings(warehouse),
        stops=Stops(tmp_path_factory.mktemp("stops")),
        viewer=Ada,
        workers=ThreadPoolExecutor(2),
    )
    for verb in (answer_tiles, list_values, describe_tile):
        verb.register(server, site)
    return server.test_client()


def ask(client: FlaskClient, search: str = "", tiles: Sequence[str] | None = None, **more: str):
    names = [f"tile-0-{i}" for i in range(len(TILES))] if tiles is None else tiles
    body = {"path": "/small", "search": search, "tiles": names, **more}
    response = client.post(answer_tiles.PATH, json=body)
    assert response.status_code == 200
    lines = [json.loads(line) for line in response.text.splitlines() if line]
    return lines[0]["view"], {line["tile"]: line for line in lines[1:]}


def kinds(answers: dict[str, Any]) -> list[str]:
    return [answer["drawing"]["kind"] for _, answer in sorted(answers.items())]


def test_every_tile_that_was_asked_for_answers(client: FlaskClient, page: Page) -> None:
    view, answers = ask(client)
    assert len(answers) == len(page.sections[0].tiles)
    assert view["version"].startswith("v1-")
    assert "empty" not in kinds(answers)[:-1]


def test_a_broken_tile_shows_an_incident_and_the_others_stand(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    _, answers = ask(client)
    broken = max(answers.items())[1]["drawing"]
    assert broken["kind"] == "empty"
    assert broken["content"]["reason"] == "bug"
    assert broken["content"]["hint"].removeprefix("Incident ").rstrip(".")
    assert "a bug" not in json.dumps(broken)
    assert "a bug" in caplog.text


def test_under_an_answer_stand_its_dates_clock_and_version(client: FlaskClient) -> None:
    view, answers = ask(client, "?period=2026-02", ["tile-0-0"])
    foot = answers["tile-0-0"]["foot"]
    assert foot["short"].startswith("1–28 Feb 2026 · ")
    assert foot["version"] == view["version"]


def test_filters_that_leave_nothing_say_so_and_can_be_undone(client: FlaskClient) -> None:
    _, answers = ask(client, "?country=ZZ", ["tile-0-0", "tile-0-1"])
    for answer in answers.values():
        assert answer["drawing"]["content"]["reason"] == "no_rows"
        assert answer["drawing"]["content"]["undo"] is True


def test_a_period_ahead_of_the_data_says_that_it_is_late(client: FlaskClient) -> None:
    _, answers = ask(client, "?period=2030-01", ["tile-0-0"])
    assert answers["tile-0-0"]["drawing"]["content"]["reason"] == "late"


def test_a_version_that_is_gone_is_said_and_the_newest_is_shown(client: FlaskClient) -> None:
    view, answers = ask(client, "?v=v9-abcdef", ["tile-0-0"])
    assert "v9-abcdef" in view["notices"][0]
    assert answers["tile-0-0"]["drawing"]["kind"] == "number"


def test_any_answer_can_be_read_as_a_table(client: FlaskClient) -> None:
    _, answers = ask(client, tiles=["tile-0-1"], **{"as": "table"})
    (table,) = answers["tile-0-1"]["drawing"]["content"]["tables"]
    assert len(table["rows"]) == 28
    assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_a_ranking_keeps_the_values_that_one_could_move_on_to(client: FlaskClient) -> None:
    _, answers = ask(client, "?country=BR", ["tile-0-2"])
    rows = answers["tile-0-2"]["drawing"]["content"]["rows"]
    assert len(rows) > 1


@pytest.mark.parametrize("search", ["?period=%00", "?country.from=x", "?=&&&", "?v=%F0%9F%A6%84"])
def test_no_query_string_breaks_a_page(client: FlaskClient, search: str) -> None:
    view, answers = ask(client, search, ["tile-0-0"])
    assert view
    assert answers


def test_an_unknown_page_is_absent(client: FlaskClient) -> None:
    assert client.post(answer_tiles.PATH, json={"path": "/nowhere"}).status_code == 404


def test_values_to_filter_by_come_with_most_rows_first(client: FlaskClient) -> None:
    body = {"path": "/small", "search": "", "dimension": "country"}
    values = client.post(list_values.PATH, json=body).get_json()["values"]
    assert values[0] == {"value": "US", "label": "United States"}
    body["contains"] = "k"
    assert [v["value"] for v in client.post(list_values.PATH, json=body).get_json()["values"]] == [
        "KR"
    ]


def test_a_tile_is_described_by_its_definition_its_sql_and_a_command(client: FlaskClient) -> None:
    body = {"path": "/small", "search": "?country=BR", "tile": "tile-0-0"}
    about = client.post(describe_tile.PATH, json=body).get_json()
    assert about["metrics"][0]["name"] == METRIC
    assert "SELECT" in about["questions"][0]["sql"].upper()
    words = shlex.split(about["questions"][0]["command"])
    assert words[:4] == ["playhead", "ask", "plays", METRIC]
    assert words[words.index("--where") + 1] == "country = 'BR'"


def test_a_mark_of_a_ranking_is_described_by_the_question_of_its_row_alone(
    client: FlaskClient, page: Page
) -> None:
    tiles = page.sections[0].tiles
    name = f"tile-0-{next(i for i, tile in enumerate(tiles) if isinstance(tile, Ranking))}"
    body = {"path": "/small", "search": "?country=BR", "tile": name}
    (whole,) = client.post(describe_tile.PATH, json=body).get_json()["questions"]
    (own,) = client.post(describe_tile.PATH, json={**body, "mark": ["country"]}).get_json()[
        "questions"
    ]
    assert int(whole["rows"]) > 1
    assert "--where" not in shlex.split(whole["command"])
    assert own["rows"] == "1"
    words = shlex.split(own["command"])
    assert words[words.index("--where") + 1] == "country = 'BR'"
    assert "where=\"country = 'BR'\"" in own["python"]
    for odd in (None, 5, "country", [None], [["country"]], ["nothing"]):
        response = client.post(describe_tile.PATH, json={**body, "mark": odd})
        assert [one["rows"] for one in response.get_json()["questions"]] == [whole["rows"]]


def test_a_heat_map_keeps_all_hours_in_sight_where_a_span_of_them_is_kept(
    client: FlaskClient,
) -> None:
    place = next(i for i, tile in enumerate(TILES) if isinstance(tile, Heat))
    numbers, heat = (ask(client, "hour.from=18&hour.to=21", [f"tile-0-{n}"])[1] for n in (0, place))
    _, every = ask(client)
    drawn = heat[f"tile-0-{place}"]["drawing"]["content"]
    assert drawn["brush"]
    assert drawn["cells"] == every[f"tile-0-{place}"]["drawing"]["content"]["cells"]
    assert numbers["tile-0-0"]["drawing"] != every["tile-0-0"]["drawing"]


def test_a_heat_map_without_room_for_all_keeps_the_values_with_the_most_rows(
    warehouse: Warehouse,
) -> None:
    (dataset,) = warehouse.catalog().datasets
    tile = Heat(metric=METRIC, rows="device", columns="country", most_columns=2)
    page = Page(
        path="/heat",
        title="Heat",
        question="What?",
        datasets=(dataset.name,),
        sections=(Section(tiles=(tile,)),),
    )
    opened = open_page(page, "", warehouse)
    context = opened.tile_context(tile)
    results = answer_of(opened, tile, warehouse, Access())
    named = results[0].frame.drop_nulls("country")
    rows = named.group_by("country").agg(pl.col(f"{METRIC}__n").sum())
    largest = rows.sort(f"{METRIC}__n", descending=True)["country"].to_list()[:2]
    drawn = tile.draw(results, context)
    assert [c["filter"] for c in drawn.content["columns"]] == sorted(largest)
    assert f"Country: the 2 of {rows.height} with the most rows." in drawn.notes
