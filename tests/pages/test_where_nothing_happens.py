"""Every page whose analyses state something, loaded in worlds in which nothing happens."""

import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module

import polars as pl
import pytest

from portal import tiles
from portal.context import Extent
from portal.open_page import OpenPage
from portal.page import Asking, Stating, Tile, dataset_name
from portal.routing import discover
from portal.statement import Statement
from portal.store.target import Target
from portal.tiles import Findings
from portal.tiles.findings import claimed
from portal.tiles.off_target import OffTarget
from queries.analyses.findings import find
from queries.catalog import builtin
from queries.distribution import Distribution
from queries.model import Query, Result
from queries.share_split import ShareSplit
from tests.pages.quiet_company import Company
from tests.pages.quiet_titles import LAST, Frames
from tests.pages.quiet_worlds import AIM, SEEDS, WORLDS, on_target

PAGES = discover("pages")
LEVEL = 0.1
DIMENSIONS = 4
COMPANIES = 2 * SEEDS
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


def asked(page: OpenPage, tile: Tile, frames: Frames) -> list[Query | Distribution | ShareSplit]:
    """What a tile asks, and then goes on to ask."""
    context = page.tile_context(tile)
    first = tile.questions(context)
    if not isinstance(tile, Asking):
        return [*first]
    return [*first, *tile.following(answers(first, frames), context)]


def answers(queries: Sequence[Query | Distribution | ShareSplit], frames: Frames) -> list[Result]:
    """The frames of a world as answers, as far as both go."""
    return [
        Result(
            query=query.query if isinstance(query, ShareSplit) else query, frame=frame,
            total=frame.clear(1), data_version="v1", source="raw", table="world", sql="",
            took_ms=0, complete_through=LAST,
        )
        for query, frame in zip(queries, frames, strict=False)
        if not isinstance(query, Distribution)
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


def test_a_number_on_target_is_seldom_said_to_miss_it_and_one_that_misses_it_always_is():
    target = Target(
        id="1", dataset="playback", metric="good_play_rate", value=AIM, direction="at least",
        days=None, scope="", valid_from=date(2025, 1, 1), unit="platform", set_by="Ann",
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    page = replace(opened("/quality", ""), targets=(target,))
    found = findings(page)
    assert found is not None
    (tile,) = (t for t in found.gathered if isinstance(t, OffTarget))
    assert not any(isinstance(t, OffTarget) for t in findings_of("/quality").gathered)
    context = page.tile_context(tile)
    queries = tile.questions(context)
    stated = [tile.statements(answers(queries, on_target(s)), context) for s in range(SEEDS)]
    called = [bool(claimed(s, find((), beside=[one.probability for one in s]))) for s in stated]
    # A target that is met is never said, so that half of one in ten are left.
    assert 0 < sum(called) <= LEVEL / 2 * SEEDS
    missed = [frame.with_columns(pl.col(pl.Float64) - 0.02) for frame in on_target(0)]
    (said,) = tile.statements(answers(queries, tuple(missed)), context)
    assert said.is_sure
    assert said.probability < 1e-9
    assert (said.subject, said.tone) == ("Good plays", "bad")


def findings_of(path: str) -> Findings:
    found = findings(opened(path, ""))
    assert found is not None
    return found


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
    for seed in range(COMPANIES):
        company, beside = Company(seed), stated[seed % SEEDS]
        found = find(
            [company.answer(query) for query in queries], beside=[s.probability for s in beside]
        )
        claiming += bool(found.claims or claimed(beside, found))
        tested += found.tested
    assert tested >= 10 * COMPANIES
    assert claiming <= LEVEL * COMPANIES
