"""A group among its peers: who they are, what is said, and for whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pages.peers import PAGE
from portal.drawing import Drawing
from portal.open_page import ask, open_page
from portal.tiles import peers
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo

RATE = {"dataset": "playback", "metric": "good_play_rate"}
BRAZIL = {**RATE, "by": "country", "group": "BR"}


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    engine.close()


def drawn(
    warehouse: Warehouse, asked: dict[str, str], access: Access | None = None
) -> tuple[Drawing, ...]:
    """Standing, band and table."""
    access = access or Access()
    opened = open_page(PAGE, urlencode(asked), warehouse, access)
    return tuple(
        tile.draw(ask(opened, tile, warehouse, access), opened.tile_context(tile))
        for tile in opened.tiles().values()
    )


def rows(table: Drawing) -> list[list[dict[str, Any]]]:
    return table.content["tables"][0]["rows"]


def names(table: Drawing) -> list[str]:
    return [row[0]["text"] for row in rows(table)]


@pytest.fixture
def small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo of size S has three countries of 200 accounts."""
    monkeypatch.setattr(peers, "FEWEST_ACCOUNTS", 20)


@pytest.mark.usefixtures("small_ones_too")
def test_a_country_stands_before_its_region_first(warehouse: Warehouse) -> None:
    asked = {**BRAZIL, "period": "last 56 days"}
    standing, over_time, table = drawn(warehouse, asked)
    assert standing.kind == "number"
    assert standing.content["against"]["text"] == "Below its peers"
    assert standing.content["against"]["tone"] == "bad"
    assert names(table)[:2] == ["Brazil", "Mexico"]
    assert rows(table)[0][-1]["text"] == "the group itself"
    assert "Latin America" in rows(table)[1][-1]["text"]
    traces = {trace.get("name"): trace for trace in over_time.content["data"]}
    assert len(traces["Brazil"]["x"]) == len(traces["Median of its peers"]["x"]) == 56


def test_a_title_has_peers_of_its_genre_with_reasons(warehouse: Warehouse) -> None:
    dataset = warehouse.dataset("playback")
    title = str(warehouse.values(dataset, dataset.dimension("title"), Access(), limit=1)[0])
    asked = {**RATE, "metric": "finisher_rate", "by": "title", "group": title}
    table = drawn(warehouse, {**asked, "period": "last 365 days"})[-1]
    assert names(table)[0] == title
    assert len(set(names(table))) == len(names(table)) == 13
    likeness = [float(row[4]["text"]) for row in rows(table)[1:]]
    assert likeness == sorted(likeness, reverse=True)
    assert "," in rows(table)[1][-1]["text"]


@pytest.mark.usefixtures("small_ones_too")
def test_a_filter_of_the_view_holds_but_not_one_of_the_groups_own_dimension(
    warehouse: Warehouse,
) -> None:
    whole = drawn(warehouse, BRAZIL)[0].content["n"]
    assert drawn(warehouse, {**BRAZIL, "country": "US"})[0].content["n"] == whole
    assert drawn(warehouse, {**BRAZIL, "device": "tv"})[0].content["n"] != whole


def test_who_may_see_few_countries_has_no_other_peers(warehouse: Warehouse) -> None:
    access = Access(rows=(("country", ("BR", "MX")),))
    standing, _, table = drawn(warehouse, BRAZIL, access)
    assert (standing.kind, table.kind) == ("empty", "empty")
    assert "too few peers" in standing.content["message"]


def test_few_devices_are_all_peers_and_the_band_is_their_range(warehouse: Warehouse) -> None:
    standing, _, table = drawn(warehouse, {**RATE, "by": "device", "group": "tv"})
    assert sorted(names(table)) == ["Phone", "TV", "Tablet", "Web"]
    assert "all of them" in standing.content["against"]["detail"]
    assert "50%" in standing.notes[0]


def test_a_group_that_is_not_there_or_not_named_is_said(warehouse: Warehouse) -> None:
    assert drawn(warehouse, {**BRAZIL, "group": "ZZ"})[0].kind == "empty"
    opened = open_page(PAGE, "by=nothing&group=BR", warehouse)
    assert opened.tiles() == {}
    assert any("names no group" in notice for notice in opened.all_notices())
