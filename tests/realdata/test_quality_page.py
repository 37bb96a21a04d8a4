"""Playback quality over the public Puffer trial, whose log has arms and little else."""

from pathlib import Path

import pytest

from portal.open_page import ask, open_page
from portal.page import Page
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def puffer(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("puffer") / "lake")
    ingest(lake, "puffer", sorted((realdata / "puffer").glob("*.parquet")))
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


def quality() -> Page:
    return discover("pages")["/quality"]


def test_the_arms_of_the_trial_are_compared_and_what_it_does_not_record_says_so(puffer: Warehouse):
    opened = open_page(quality(), "?period=all", puffer)
    drawn: dict[str, str] = {}
    loaded = [t for t in opened.tiles().values() if t.place.dataset != "open_streams"]
    for tile in loaded:
        drawing = tile.draw(ask(opened, tile, puffer, Access()), opened.tile_context(tile))
        drawn[tile.place.title or f"{type(tile).__name__} of {tile.metrics[0]}"] = drawing.kind
        if drawing.kind == "empty":
            assert drawing.content["reason"] in ("not_defined", "nothing")
            assert drawing.content["message"]
            assert drawing.content["hint"]
    shown = ("Headline of startup_seconds", "The whole distribution", "How far apart are they?")
    assert {drawn[name] for name in shown} <= {"figure", "number"}
    assert drawn["What stands out?"] == "table"
    assert drawn["How many streams at once?"] == "empty"


@pytest.mark.parametrize("measure", ["watched", "first_picture"])
def test_each_file_of_the_trial_can_be_the_measure(puffer: Warehouse, measure: str):
    opened = open_page(quality(), f"?period=all&split=abr&measure={measure}", puffer)
    tile = next(t for t in opened.tiles().values() if t.place.title == "The whole distribution")
    drawing = tile.draw(ask(opened, tile, puffer, Access()), opened.tile_context(tile))
    assert drawing.kind == "figure"
    assert "plays" in drawing.notes[0]
