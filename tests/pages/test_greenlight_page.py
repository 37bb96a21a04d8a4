"""The page Greenlight on the demo company: what it says, and what a click changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pages.greenlight import PAGE
from portal.components import format as written
from portal.drawing import Drawing
from portal.open_page import ask, open_page
from portal.page import Tile
from portal.tiles.comparables import Comparables
from portal.tiles.forecast_calibration import ForecastCalibration
from portal.tiles.forecast_record import ForecastRecord
from portal.tiles.greenlight import GreenlightInputs, GreenlightVerdict
from portal.tiles.greenlight_audience import GreenlightAudience
from portal.tiles.greenlight_views import GreenlightCost, GreenlightCountries, GreenlightForecast
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter, Scalar
from queries.dataset import SMALL, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.model import Query
from queries.period import Period
from queries.small_cells import FEW
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
Cells = Sequence[Sequence[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    engine.close()


def drawn(
    warehouse: Warehouse, kind: type[Tile], query: str = "", access: Access | None = None
) -> Drawing:
    rights = access or Access()
    opened = open_page(PAGE, query, warehouse, rights)
    tile = next(t for t in opened.tiles().values() if isinstance(t, kind))
    results = ask(opened, tile, warehouse, rights)
    return tile.draw(results, opened.tile_context(tile))


def rows(drawing: Drawing) -> Cells:
    return drawing.content["tables"][0]["rows"]


def test_the_first_thing_said_is_how_likely_it_pays_and_how_little_is_known(warehouse: Warehouse):
    said = drawn(warehouse, GreenlightVerdict).content
    assert said["word"].startswith("P(success)")
    assert said["kind"] == "forecast"
    assert "80 % interval" in said["sentence"]
    assert "times P10" in said["reasons"][0]["text"]


def test_a_dearer_programme_needs_more_views(warehouse: Warehouse):
    cheap = drawn(warehouse, GreenlightVerdict, "?budget=1e6&worth=1e5")
    dear = drawn(warehouse, GreenlightVerdict, "?budget=1e9&worth=1e5")
    assert "break-even at 10:" in cheap.content["sentence"]
    assert "break-even at 10.0\u2009k:" in dear.content["sentence"]


def test_what_a_link_supposes_and_cannot_be_read_is_said(warehouse: Warehouse):
    drawing = drawn(warehouse, GreenlightInputs, "?budget=much&new_genre=opera&without=²")
    assert "“much” is no number" in " ".join(drawing.notes)
    assert "genre “opera”" in " ".join(drawing.notes)


def test_a_click_leaves_a_comparable_out_and_another_takes_it_back(warehouse: Warehouse):
    before = rows(drawn(warehouse, Comparables))
    first = before[0][0]
    out = first["set"]["without"]
    after = {r[0]["text"]: r for r in rows(drawn(warehouse, Comparables, f"?without={out}"))}
    assert after[first["text"]][1]["text"] == "left out"
    assert after[first["text"]][0]["set"]["without"] == ""
    states = [r[1]["text"] for r in after.values()]
    assert states.count("yes") == [r[1]["text"] for r in before].count("yes") == 12


def test_leaving_comparables_out_moves_their_forecast_and_says_what_it_costs(
    warehouse: Warehouse,
):
    out = rows(drawn(warehouse, Comparables))[0][0]["set"]["without"]
    before = drawn(warehouse, GreenlightForecast)
    after = drawn(warehouse, GreenlightForecast, f"?without={out}")
    assert before.content["data"][-1]["x"][0] != after.content["data"][-1]["x"][0]
    assert before.content["data"][-1]["x"][1] == after.content["data"][-1]["x"][1]
    assert "no coverage is promised" in after.notes[1]


def test_the_chance_falls_with_the_cost(warehouse: Warehouse):
    curve = drawn(warehouse, GreenlightCost).content["data"][0]["y"]
    assert curve == sorted(curve, reverse=True)
    assert 0.1 <= curve[-1] < curve[0] <= 0.9


def test_who_may_see_two_countries_is_forecast_two_countries(warehouse: Warehouse):
    rule: tuple[tuple[str, tuple[Scalar, ...]], ...] = (("country", ("BR", "MX")),)
    fan = drawn(warehouse, GreenlightCountries, access=Access(rows=rule)).content["data"][-1]
    assert set(fan["y"]) == {"Brazil", "Mexico"}


def test_past_forecasts_are_shown_with_their_coverage(warehouse: Warehouse):
    drawing = drawn(warehouse, ForecastRecord)
    dataset = warehouse.dataset("forecasts")
    query = Query(dataset=dataset, metrics=(dataset.metric("coverage"),))
    held = warehouse.ask(query, Access()).frame["coverage"][0]
    assert f"held {held:.0%} of the time" in drawing.notes[0]
    inside, outside = (len(t["x"]) for t in drawing.content["data"][1:])
    assert inside / (inside + outside) != pytest.approx(held, abs=0.001)
    assert f"Drawn are {inside + outside};" in drawing.notes[1]


def test_the_model_that_was_planted_too_narrow_is_flatter_than_the_diagonal(warehouse: Warehouse):
    _, new, old = drawn(warehouse, ForecastCalibration).content["data"]
    assert (new["name"], old["name"]) == ("Knn cqr v1", "Quantiles v0")
    slopes = [line["y"][2] - line["y"][0] for line in (new, old)]
    assert slopes[1] < slopes[0]
    dataset = warehouse.dataset("forecasts")
    query = Query(
        dataset=dataset,
        metrics=(dataset.metric("coverage"),),
        by=(dataset.dimension("forecast_model"),),
    )
    held = warehouse.ask(query, Access()).frame.sort("forecast_model")["coverage"].to_list()
    assert slopes == pytest.approx(held)


def test_the_audience_is_counted_as_anybody_would_ask_for_it(warehouse: Warehouse):
    counted = [r[0]["text"] for r in rows(drawn(warehouse, Comparables)) if r[1]["text"] == "yes"]
    dataset = warehouse.dataset("playback")
    last = warehouse.span(dataset).end
    query = Query(
        dataset=dataset,
        metrics=(dataset.metric("starters"),),
        by=(dataset.dimension("country"),),
        where=Filter(dataset.dimension("title"), "in", tuple(counted)),
        period=Period(last - timedelta(90), last),
        interval=False,
    )
    largest = float(str(warehouse.ask(query, Access()).frame["starters"].max()))
    assert rows(drawn(warehouse, GreenlightAudience))[0][1]["text"] == written.count(largest)


def test_a_country_of_many_accounts_stands_before_the_pale_ones(warehouse: Warehouse):
    opened = open_page(PAGE, "", warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, GreenlightAudience))
    results = list(ask(opened, tile, warehouse, Access()))
    first = results[2].frame.sort("starters", descending=True, nulls_last=True)["country"][0]
    marks = pl.when(pl.col("country") != first).then(pl.lit(FEW)).alias(SMALL)
    results[2] = replace(results[2], frame=results[2].frame.with_columns(marks))
    shown = tile.draw(results, opened.tile_context(tile))
    pale = [row[1]["few"] for row in rows(shown)]
    assert pale == [False] + [True] * (len(pale) - 1)
    assert len(pale) > 1
