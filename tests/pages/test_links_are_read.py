"""Whatever a link says for an option of a page is taken, or said: never dropped in silence.

All options of a page at once; those that another's refusal hides are tried by themselves. The pages
whose URL names the dataset (Explore, rows, peers) have tests of their own.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import orjson
import polars as pl
import pytest

from portal.open_page import OpenPage, ask, open_page
from portal.page import Lists, Page, Reports
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryError
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
CATALOG = builtin()
PAGES = {
    path: page
    for path, page in discover("pages").items()
    if page.read("", CATALOG).options and page.is_listed and path != "/explore"
}
ASKING = {"/titles": "title", "/inside": "title", "/artwork": "title"}
FREE = {"find", "unit", "tag1", "tag2", "tag3"}
"""Options that are looked for as a part of a text; there may be nothing like them."""
ELSEWHERE = {("/ranker-lab", "against"), ("/titles", "without"), ("/greenlight", "without")}
"""Options that only speak of another one's choice, or of rows that may be gone from the lake."""
LINKS = {"words": "no such {}", "numbers": "-98765{}", "length": "{}" + "x" * 700}


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), CATALOG)
    engine.close()


@pytest.fixture(scope="module")
def base(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    """What a page must be asked before its options speak: its most played new title."""
    files = warehouse.snapshot().files
    plays = pl.read_parquet(list(files("playback")), columns=["title_id", "local_date"])
    titles = pl.read_parquet(list(files("titles"))).join(
        plays.group_by("title_id").len(), on="title_id"
    )
    new = pl.col("release_date") > plays["local_date"].min()
    title = str(titles.filter(new).sort("len", descending=True)["name"][0])
    known = {path: {name: title} for path, name in ASKING.items()}
    return {**known, "/experiments": {"experiment": "pvr_v2_homepage"}}


def told(opened: OpenPage, warehouse: Warehouse) -> str:
    """Everything that the page says, refusals included."""
    said = [*opened.all_notices()]
    for tile in opened.tiles().values():
        if isinstance(tile, (Lists, Reports)):
            continue
        try:
            results = ask(opened, tile, warehouse, Access())
            drawing = tile.draw(results, opened.tile_context(tile))
        except QueryError as error:
            said.append(f"{error.message} {error.hint}")
        else:
            said += [orjson.dumps(drawing.content).decode(), *drawing.notes]
    return " ".join(said).replace("−", "-")


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
@pytest.mark.parametrize("kind", LINKS)
def test_a_text_that_an_option_cannot_have_is_said(
    page: Page, kind: str, warehouse: Warehouse, base: dict[str, dict[str, str]]
) -> None:
    options = [
        name
        for name in page.read("", CATALOG).options
        if name not in FREE and (page.path, name) not in ELSEWHERE
    ]
    written = {name: LINKS[kind].format(nth if kind == "numbers" else name)
               for nth, name in enumerate(options)}  # fmt: skip
    known = base.get(page.path, {})

    def unsaid(asked: dict[str, str]) -> dict[str, str]:
        link = urlencode({**known, **asked})
        said = told(open_page(page, link, warehouse, Access()), warehouse)
        return {name: text for name, text in asked.items() if text[:40] not in said}

    behind = unsaid(written)
    assert [name for name, text in behind.items() if unsaid({name: text})] == []


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_an_option_without_a_text_is_the_usual(page: Page) -> None:
    empty = "&".join(f"{name}=%20" for name in page.options)
    assert page.view(empty, CATALOG) == page.view("", CATALOG)
