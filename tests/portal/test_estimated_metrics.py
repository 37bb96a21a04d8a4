"""Estimated metrics in the portal: one definition everywhere, nothing offered without an answer."""

from pathlib import Path

import pytest

from pages import explore, rankers
from portal.explore.askable import why_not, why_not_alone
from portal.explore.breakdown import Breakdown
from portal.explore.choices import OPTIONS, read_choices
from portal.explore.leaderboard import Leaderboard
from portal.explore.metric_row import MetricRow
from portal.explore.over_time import OverTime
from portal.open_page import OpenPage, ask, open_page
from portal.page import Tile
from portal.tiles import CatalogueSize
from portal.view import View
from queries import question
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access, Dataset
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import UnsafeQuestion
from queries.lake.lake import Lake
from queries.question import Question
from queries.warehouse import Warehouse

PLAYBACK = builtin().dataset("playback")
IMPRESSIONS = builtin().dataset("impressions")
SIZE = "dataset=playback&metric=effective_catalogue_size"
BEST = "dataset=impressions&metric=best_image_probability"


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    lake = Lake(demo_home / "lake")
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


def explored(warehouse: Warehouse, query: str) -> OpenPage:
    return open_page(explore.PAGE, query, warehouse)


def drawn(warehouse: Warehouse, query: str, tile: Tile):
    opened = explored(warehouse, query)
    results = ask(opened, tile, warehouse, Access())
    return tile.draw(results, opened.tile_context(tile))


def reasons(dataset: Dataset, name: str) -> set[str]:
    """The dimensions by which a metric has no number."""
    metric = dataset.metric(name)
    return {d.name for d in dataset.dimensions if why_not(d, (metric,), dataset)}


@pytest.mark.demo
def test_the_page_and_the_command_line_say_the_same(warehouse: Warehouse):
    opened = open_page(rankers.PAGE, "", warehouse)
    shown = ask(opened, CatalogueSize(), warehouse, Access())[0].frame.row(0, named=True)
    asked = Question(
        dataset="playback",
        metrics=("effective_catalogue_size",),
        period="last 28 days",
        compare="previous",
    )
    said = question.ask(asked, warehouse, Access()).frame.row(0, named=True)
    for column, value in said.items():
        assert shown[column] == value, column
    assert said["effective_catalogue_size__low"] < said["effective_catalogue_size"]


@pytest.mark.demo
def test_the_size_is_titles_times_one_less_gini(demo_home: Path):
    lake = Lake(demo_home / "lake")
    warehouse = Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin(), fewest=0)
    names = ("effective_catalogue_size", "viewing_gini")
    row = question.ask(Question(dataset="playback", metrics=names), warehouse, Access()).frame.row(
        0, named=True
    )
    played = question.ask(
        Question(dataset="playback", metrics=("hours_viewed",), by=("title_id",)),
        warehouse,
        Access(),
    ).frame
    titles = (played["hours_viewed"] > 0).sum()
    size, gini = (row[name] for name in names)
    assert size == pytest.approx(titles * (1 - gini), rel=1e-9)


def test_explore_offers_no_breakdown_that_has_no_answer():
    assert reasons(PLAYBACK, "effective_catalogue_size") == {"title", "title_id"}
    assert reasons(PLAYBACK, "hours_viewed") == set()
    assert "choosing_seconds" in reasons(builtin().dataset("visits"), "choosing_median_seconds")
    assert reasons(IMPRESSIONS, "debiased_take_rate") == set()
    best = (IMPRESSIONS.metric("best_image_probability"),)
    assert why_not_alone(IMPRESSIONS.dimension("artwork"), best, IMPRESSIONS) == ""
    assert "Image" in why_not_alone(IMPRESSIONS.dimension("country"), best, IMPRESSIONS)


def test_what_is_of_a_single_image_is_broken_down_by_image_of_itself():
    choices = read_choices(View.from_url(BEST, options=OPTIONS), IMPRESSIONS)
    assert [key.name for key in choices.by] == ["artwork"]
    choices = read_choices(View.from_url(f"{BEST}&by=country", options=OPTIONS), IMPRESSIONS)
    assert [key.name for key in choices.by] == ["artwork", "country"]


@pytest.mark.demo
@pytest.mark.parametrize(
    "tile",
    [MetricRow(metric="effective_catalogue_size"), OverTime(), Leaderboard(by="country"),
     Breakdown()],
    ids=["row", "line", "leaderboard", "breakdown"],
)  # fmt: skip
def test_every_part_of_explore_draws_it(warehouse: Warehouse, tile: Tile):
    assert drawn(warehouse, SIZE, tile).kind != "empty"


@pytest.mark.demo
def test_by_title_the_leaderboard_says_why_there_is_none(warehouse: Warehouse):
    content = drawn(warehouse, SIZE, Leaderboard(by="title")).content
    assert content["reason"] == "not_defined"
    assert "Title" in content["hint"]


@pytest.mark.demo
def test_a_number_of_one_image_only_is_refused_with_the_way_there(warehouse: Warehouse):
    opened = explored(warehouse, BEST)
    with pytest.raises(UnsafeQuestion) as refused:
        ask(opened, MetricRow(metric="best_image_probability"), warehouse, Access())
    assert "artwork" in refused.value.hint
    content = OverTime().advise(refused.value, opened.tile_context(OverTime())).content
    assert content["actions"] == [{"label": "By image", "set": {"by": "artwork", "pivot": None}}]
    assert drawn(warehouse, BEST, Breakdown()).kind == "sheet"
