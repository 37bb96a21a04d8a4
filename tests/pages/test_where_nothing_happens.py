"""Every page whose analyses state something, loaded in worlds in which nothing happens."""

import pkgutil
from collections.abc import Iterator, Sequence
from datetime import date
from importlib import import_module

import pytest

from portal import tiles
from portal.context import Extent
from portal.open_page import OpenPage
from portal.page import Asking, Stating, Tile, dataset_name
from portal.routing import discover
from portal.statement import Statement
from portal.tiles import Findings
from portal.tiles.findings import claimed
from queries.analyses.findings import find
from queries.catalog import builtin
from queries.distribution import Distribution
from queries.model import Query, Result
from tests.pages.quiet_company import Company
from tests.pages.quiet_titles import LAST, Frames
from tests.pages.quiet_worlds import SEEDS, WORLDS

PAGES = discover("pages")
LEVEL = 0.1
DIMENSIONS = 4
ARRANGED = ("", "title=A", "experiment=A")


def opened(path: str, search: str) -> OpenPage:
    """A page as it opens on a lake of two years, without the lake."""
    page, catalog = PAGES[path], builtin()
    view = page.view(search, catalog)
    asked = {dataset_name(page, tile) for tile in page.tiles(catalog, view).values()}
    return OpenPage(
        page=page,
        view=view,
        catalog=catalog,
        data_version="v1",
        extents={name: Extent(date(2024, 11, 1), LAST, "v1") for name in {*page.datasets, *asked}},
    )


def findings(page: OpenPage) -> Findings | None:
    return next((t for t in page.tiles().values() if isinstance(t, Findings)), None)


def stating() -> Iterator[tuple[str, str]]:
    """Every page and arrangement of it on which some analysis states something."""
    for path in PAGES:
        seen: list[set[type]] = []
        for search in ARRANGED:
            found = findings(opened(path, search))
            gathered = found.gathered if found else ()
            kinds: set[type] = {type(t) for t in gathered if isinstance(t, Stating)}
            if kinds and kinds not in seen:
                seen.append(kinds)
                yield path, search


LOADED = tuple(stating())


def asked(page: OpenPage, tile: Tile, frames: Frames) -> list[Query | Distribution]:
    """What a tile asks, and then goes on to ask."""
    context = page.tile_context(tile)
    first = tile.questions(context)
    if not isinstance(tile, Asking):
        return [*first]
    return [*first, *tile.following(answers(first, frames), context)]


def answers(queries: Sequence[Query | Distribution], frames: Frames) -> list[Result]:
    """The frames of a world as answers, as far as both go."""
    return [
        Result(
            query=query, frame=frame, total=frame.clear(1), data_version="v1", source="raw",
            table="world", sql="", took_ms=0, complete_through=LAST,
        )
        for query, frame in zip(queries, frames, strict=False)
        if isinstance(query, Query)
    ]  # fmt: skip


def loads(path: str, search: str) -> Iterator[list[Statement]]:
    """What one load of the page after the other states, claimed or not."""
    page = opened(path, search)
    found = findings(page)
    tiles = [t for t in found.gathered if isinstance(t, Stating)] if found else []
    context = {id(tile): page.tile_context(tile) for tile in tiles}
    queries = {id(tile): asked(page, tile, WORLDS[type(tile)](0)) for tile in tiles}
    for seed in range(SEEDS):
        yield [
            statement
            for tile in tiles
            for statement in tile.statements(
                answers(queries[id(tile)], WORLDS[type(tile)](seed)), context[id(tile)]
            )
        ]


def test_every_tile_that_states_something_has_a_quiet_world():
    modules = [
        import_module(f"portal.tiles.{m.name}") for m in pkgutil.iter_modules(tiles.__path__)
    ]
    known = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    assert {one for one in known if hasattr(one, "statements") and one is not Stating} == {*WORLDS}


@pytest.mark.parametrize(("path", "search"), LOADED)
def test_at_most_one_load_in_ten_claims_anything(path: str, search: str):
    loaded = list(loads(path, search))
    assert any(loaded)
    claiming = sum(
        bool(claimed(stated, find((), beside=[s.probability for s in stated]))) for stated in loaded
    )
    assert claiming <= LEVEL * SEEDS


@pytest.mark.parametrize("path", ["/membership", "/search", "/value"])
def test_changes_and_analyses_together_claim_as_seldom(path: str):
    """Of the page's main dataset: members of the last day, shares, revenue; by three dimensions."""
    page = opened(path, "")
    tile = findings(page)
    assert tile is not None
    asked = [
        q for q in tile.questions(page.tile_context(tile)) if q.dataset == page.context.dataset
    ]
    queries = [q for q in asked if q.compare == asked[0].compare][:DIMENSIONS]
    stated = list(loads(path, ""))
    claiming, tested = 0, 0
    for seed in range(SEEDS):
        company = Company(seed)
        chances = [s.probability for s in stated[seed]]
        found = find([company.answer(query) for query in queries], beside=chances)
        claiming += bool(found.claims or claimed(stated[seed], found))
        tested += found.tested
    assert tested >= 10 * SEEDS
    assert claiming <= LEVEL * SEEDS
