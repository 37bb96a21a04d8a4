"""What was drawn once is not worked out again, and is never shown where it would not be true."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import polars as pl
import pytest

from portal.ahead import draw_ahead
from portal.context import Context
from portal.drawing import Drawing
from portal.drawn import Drawings, key_of
from portal.open_page import OpenPage, open_page
from portal.page import Page, Place, Section, Tile
from portal.store.target import Target
from portal.tiles import Headline, Ranking
from queries.byte_folder import ByteFolder
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import NotLoaded, QueryError, QueryTimeout
from queries.lake.lake import Change, Lake
from queries.model import Query, Result
from queries.warehouse import Warehouse
from tests.portal.broken_tile import Broken
from tests.portal.small_warehouse import small_warehouse
from tests.queries.small_lake import DATASET, plays

METRIC = "hours_viewed"


PAGE = Page(
    path="/small",
    title="Small",
    question="What?",
    datasets=(DATASET.name,),
    sections=(Section(tiles=(Headline(metric=METRIC), Ranking(metric=METRIC, by="country"))),),
)
PLAIN = orjson.OPT_SERIALIZE_NUMPY


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return small_warehouse(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> ByteFolder:
    return ByteFolder(tmp_path / "drawn")


def reopened(home: Path) -> Warehouse:
    """The same lake, with nothing remembered."""
    lake = Lake(home / "lake")
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), Catalog((DATASET,)))


def without_files(home: Path) -> Warehouse:
    """The same lake after its rows are gone: only what was kept can still be shown."""
    warehouse = reopened(home)
    for table in ("plays", "programmes"):
        for file in (home / "lake").rglob(f"{table}/**/*.parquet"):
            file.unlink()
    return warehouse


def draw(warehouse: Warehouse, folder: ByteFolder, query: str = "") -> dict[str, dict]:
    opened = open_page(PAGE, query, warehouse, Access())
    drawings = Drawings(warehouse, folder, kept_ms=0)
    return {name: drawings.draw(opened, name, tile) for name, tile in opened.tiles().items()}


def test_what_was_drawn_is_shown_again_although_the_rows_are_gone(
    warehouse: Warehouse, folder: ByteFolder, tmp_path: Path
) -> None:
    first = draw(warehouse, folder)
    again = draw(without_files(tmp_path), folder)
    assert [again[name]["drawing"]["kind"] for name in first] == ["number", "ranking"]
    for name, answer in first.items():
        assert orjson.dumps(again[name]["drawing"]) == orjson.dumps(answer["drawing"], option=PLAIN)
        assert again[name]["foot"]["source"] == "cache"
        assert answer["foot"]["source"] == "raw"


def test_a_drawing_that_was_soon_done_is_not_kept(warehouse: Warehouse, folder: ByteFolder) -> None:
    opened = open_page(PAGE, "", warehouse, Access())
    drawings = Drawings(warehouse, folder, kept_ms=1e9)
    ((name, tile), _) = opened.tiles().items()
    for _ in range(2):
        assert drawings.draw(opened, name, tile)["foot"]["source"] in ("raw", "cache")
    assert folder.get(key_of(opened, name)) is None


def test_a_drawing_whose_answers_were_remembered_is_kept_all_the_same(
    warehouse: Warehouse, folder: ByteFolder
) -> None:
    opened = open_page(PAGE, "", warehouse, Access())
    drawings = Drawings(warehouse, folder, kept_ms=1e9, remembered_ms=0)
    ((name, tile), _) = opened.tiles().items()
    first = drawings.draw(opened, name, tile)
    assert (first["foot"]["source"], folder.get(key_of(opened, name))) == ("raw", None)
    again = drawings.draw(opened, name, tile)
    assert again["foot"]["source"] == "cache"
    kept = folder.get(key_of(opened, name))
    assert kept is not None
    drawn = orjson.dumps(first["drawing"], option=PLAIN)
    assert orjson.loads(kept)["drawing"] == orjson.loads(drawn)


def test_what_is_no_drawing_is_drawn_anew(warehouse: Warehouse, folder: ByteFolder) -> None:
    opened = open_page(PAGE, "", warehouse, Access())
    for name in opened.tiles():
        folder.set(key_of(opened, name), b'{"drawing": ')
    assert [a["drawing"]["kind"] for a in draw(warehouse, folder).values()] == ["number", "ranking"]


def test_new_rows_are_drawn_anew(warehouse: Warehouse, folder: ByteFolder, tmp_path: Path) -> None:
    before = draw(warehouse, folder)
    more = plays(8_000).with_columns(pl.col("bucket").cast(pl.Int16))
    Lake(tmp_path / "lake").commit([Change(table="plays", rows=more, day="local_date")], "more")
    after = draw(reopened(tmp_path), folder)
    for name, answer in after.items():
        assert answer["foot"]["version"] != before[name]["foot"]["version"]
        assert answer["drawing"]["content"] != before[name]["drawing"]["content"]


def test_a_refusal_is_not_kept(warehouse: Warehouse, folder: ByteFolder) -> None:
    hidden = frozenset(DATASET.metric(METRIC).formula.aggregates())
    opened = open_page(PAGE, "", warehouse, Access(hidden=hidden))
    drawings = Drawings(warehouse, folder, kept_ms=0)
    for name, tile in opened.tiles().items():
        assert drawings.draw(opened, name, tile)["drawing"]["kind"] == "empty"
        assert folder.get(key_of(opened, name)) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timid:
    """A tile whose answer does not come the first times it is asked for."""

    place: Place = field(default_factory=lambda: Place(title="Timid"))
    metrics: tuple[str, ...] = (METRIC,)
    failures: list[QueryError] = field(default_factory=list[QueryError])

    def questions(self, context: Context) -> tuple[Query, ...]:
        if self.failures:
            raise self.failures.pop()
        return (context.question(self.metrics),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        return Drawing(kind="number", content={"of": context.dataset.name, "n": len(results)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Timid):
    """A tile that also reads what a timid one was answered."""

    gathered: tuple[Tile, ...] = ()


@pytest.mark.parametrize(
    ("failure", "is_kept"),
    [(QueryTimeout("It took too long."), False), (NotLoaded("It is not there."), True)],
)
def test_a_drawing_that_lacks_an_answer_which_may_still_come_is_not_kept(
    warehouse: Warehouse, folder: ByteFolder, failure: QueryError, is_kept: bool
) -> None:
    tile = Reading(gathered=(Timid(failures=[failure]),))
    opened = open_page(PAGE, "", warehouse, Access())
    drawings = Drawings(warehouse, folder, kept_ms=0)
    assert drawings.draw(opened, "t", tile)["drawing"]["content"]["n"] == 1
    again = drawings.draw(opened, "t", tile)["drawing"]["content"]["n"]
    assert again == (1 if is_kept else 2)


def aimed(opened: OpenPage, value: float) -> OpenPage:
    """With a target of all rows."""
    target = Target(
        id="t",
        dataset=DATASET.name,
        metric=METRIC,
        value=value,
        valid_from=date(2026, 1, 1),
        direction="at least",
        days=None,
        scope="",
        set_by="Ada",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        unit="product",
    )
    return replace(opened, targets=(target,))


def test_whatever_a_drawing_follows_from_is_in_its_key(warehouse: Warehouse) -> None:
    opened = open_page(PAGE, "", warehouse, Access())
    filtered = open_page(PAGE, "country=US", warehouse, Access())
    ruled = Access(rows=(("country", ("US",)),))
    hiding = Access(hidden=frozenset(DATASET.metric(METRIC).formula.aggregates()))
    name, other = opened.tiles()
    keys = [
        key_of(opened, name),
        key_of(opened, other),
        key_of(opened, name, as_table=True),
        key_of(filtered, name),
        key_of(replace(opened, access=ruled), name),
        key_of(replace(opened, access=hiding), name),
        key_of(replace(opened, data_version="v9"), name),
        key_of(aimed(opened, 5), name),
        key_of(aimed(opened, 6), name),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(open_page(PAGE, "", warehouse, Access()), name) == keys[0]


def test_pages_drawn_ahead_are_there_for_each_kind_of_reader(
    warehouse: Warehouse, folder: ByteFolder, tmp_path: Path
) -> None:
    ruled = Access(rows=(("country", ("US",)),))
    kept = Drawings(warehouse, folder, kept_ms=0)
    done = list(draw_ahead({PAGE.path: PAGE}, warehouse, kept, (Access(), ruled)))
    assert done == [(PAGE, 2), (PAGE, 2)]
    empty = without_files(tmp_path)
    for access in (Access(), ruled):
        opened = open_page(PAGE, "", empty, access)
        for name, tile in opened.tiles().items():
            answer = Drawings(empty, folder).draw(opened, name, tile)
            assert answer["foot"]["source"] == "cache"


def test_a_tile_with_a_bug_stops_no_other(
    warehouse: Warehouse,
    folder: ByteFolder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = replace(PAGE, sections=(Section(tiles=(Broken(), Headline(metric=METRIC))),))
    pages = {"/broken": replace(broken, path="/broken"), PAGE.path: PAGE}
    kept = Drawings(warehouse, folder, kept_ms=0)
    assert [count for _, count in draw_ahead(pages, warehouse, kept, (Access(),))] == [2, 2]
    assert "a bug in" in caplog.text
