"""Every page, checked as the value it is: no server, no browser."""

from datetime import date
from pathlib import Path

import orjson
import pytest

from portal.components.page import page_layout
from portal.components.table import table
from portal.context import Extent, resolve
from portal.open_page import ask, open_page, shown
from portal.page import Page, Section, dataset_name
from portal.routing import discover
from portal.view import View
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryError
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

PAGES = discover("pages")
CATALOG = builtin()
EXTENT = Extent(date(2026, 1, 1), date(2026, 6, 30), "v1")
MOST_COMPONENTS = 300
SHOWN_IN_DEMO = (
    "/",
    "/when-where",
    "/rankers",
    "/titles",
    "/experiments",
    "/marketing",
    "/quality",
    "/inside",
    "/greenlight",
)


@pytest.fixture(scope="module")
def demo_warehouse(demo_home: Path) -> Warehouse:
    lake = Lake(demo_home / "lake")
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


declared = pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))


def arrangements(page: Page) -> list[tuple[Page, tuple[Section, ...]]]:
    """The page as it opens, and narrowed by each thing that arranges it."""
    queries = ["", *(f"{name}=x" for name in page.arranged_by)]
    found: list[tuple[Page, tuple[Section, ...]]] = []
    for query in queries:
        read = page.read(query, CATALOG)
        found.append((read, read.arranged(CATALOG, read.view(query, CATALOG))))
    return found


@declared
def test_every_tile_asks_a_valid_question_of_a_dataset_its_page_names(page: Page) -> None:
    for read, sections in arrangements(page):
        for tile in (tile for section in sections for tile in section.tiles):
            assert dataset_name(read, tile) in read.datasets
            dataset = CATALOG.dataset(dataset_name(read, tile))
            context = resolve(View(), read, dataset, EXTENT)
            for question in tile.questions(context):
                assert question.dataset.name in read.datasets
            for metric in tile.metrics:
                assert dataset.metric(metric)


@declared
def test_every_filter_of_a_page_is_a_dimension_of_it(page: Page) -> None:
    read = page.read("", CATALOG)
    assert set(read.filters) <= read.dimensions(CATALOG)


@declared
def test_a_page_stays_small(page: Page) -> None:
    read = page.read("", CATALOG)
    layout = page_layout(read, View(), CATALOG)
    assert len(list(layout._traverse())) < MOST_COMPONENTS


@declared
def test_a_page_says_what_it_answers_and_for_whom(page: Page) -> None:
    assert page.question
    assert page.title


@pytest.mark.demo
@declared
def test_every_tile_draws_the_demo_company(page: Page, demo_warehouse: Warehouse) -> None:
    for query in ("", "?device=tv&compare=last-year", "?country=ZZ"):
        opened = open_page(page, query, demo_warehouse)
        for name, tile in opened.tiles().items():
            try:
                results = ask(opened, tile, demo_warehouse, Access())
            except QueryError:
                continue
            drawing = tile.draw(results, opened.tile_context(tile))
            assert orjson.dumps(drawing.content), name
            assert table(shown(opened, tile, results)).content["tables"] or not results, name
            if query == "" and page.path in SHOWN_IN_DEMO:
                assert drawing.kind != "empty", (name, drawing.content)


def test_paths_are_unique_and_there_is_a_home() -> None:
    assert "/" in PAGES
    assert next(iter(PAGES)) == "/"
