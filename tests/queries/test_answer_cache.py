"""Answers that are remembered whole: of the same question, access and data, and of nothing else."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from queries.answer_cache import AnswerCache, key_of
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Filter
from queries.dataset import ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import AccessDenied
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query, Result
from queries.period import Period
from queries.warehouse import Warehouse
from tests.queries.small_lake import DATASET, START, plays

LATER = Period(START.replace(day=15), START.replace(day=28))
BEFORE = Period(START, START.replace(day=14))
QUERY = Query(
    dataset=DATASET,
    metrics=(DATASET.metric("rows"),),
    by=(DATASET.dimension("country"),),
    period=LATER,
    compare=Comparison("previous", BEFORE),
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    _load(lake, 2_000)
    return lake


@pytest.fixture
def warehouse(lake: Lake, duckdb_engine: DuckDBEngine) -> Warehouse:
    return Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,)))


def _load(lake: Lake, rows: int) -> None:
    made = plays(rows).with_columns(pl.col("bucket").cast(pl.Int16))
    lake.commit([Change(table="plays", rows=made, fresh=True, day="local_date")], "small")


def _rows(result: Result) -> float:
    return result.total["rows"].item()


def test_the_same_question_of_the_same_data_is_worked_out_once(warehouse: Warehouse) -> None:
    first = warehouse.ask(QUERY, Access())
    again = warehouse.ask(replace(QUERY), Access())
    assert (first.source, again.source) == ("raw", "cache")
    assert again.frame is first.frame
    assert again.paired is first.paired


def test_new_data_is_answered_anew_and_the_old_version_as_before(
    lake: Lake, warehouse: Warehouse
) -> None:
    first = warehouse.ask(QUERY, Access())
    _load(lake, 4_000)
    second = warehouse.ask(QUERY, Access())
    assert _rows(second) > _rows(first)
    assert warehouse.ask(QUERY, Access(), first.data_version).frame.equals(first.frame)


def test_nobody_reads_an_answer_given_to_another_access(warehouse: Warehouse) -> None:
    everything = warehouse.ask(QUERY, Access())
    some = warehouse.ask(QUERY, Access(rows=(("country", ("BR",)),)))
    assert some.frame["country"].to_list() == ["BR"]
    assert _rows(some) < _rows(everything)


def test_nobody_reads_numbers_hidden_from_them_in_an_answer_remembered_for_another(
    warehouse: Warehouse,
) -> None:
    told = replace(QUERY, metrics=(DATASET.metric("hours_viewed"),))
    everything = warehouse.ask(told, Access())
    less = warehouse.ask(told, Access(hidden=frozenset({ROWS})))
    for theirs, ours in ((everything.frame, less.frame), (everything.total, less.total)):
        assert theirs["hours_viewed__n"].null_count() < theirs.height
        assert ours["hours_viewed__n"].null_count() == ours.height
        assert ours["hours_viewed"].equals(theirs["hours_viewed"])
    with pytest.raises(AccessDenied):
        warehouse.ask(QUERY, Access(hidden=frozenset({ROWS})))


def test_values_that_are_equal_but_written_otherwise_have_answers_of_their_own() -> None:
    device = DATASET.dimension("device")
    keys = {
        key_of(replace(QUERY, where=Filter(device, "in", (value,))), Access(), "v1")
        for value in (1, True, 1.0)
    }
    assert len(keys) == 3


def test_an_answer_that_many_read_cannot_be_written_to(warehouse: Warehouse) -> None:
    paired = warehouse.ask(QUERY, Access()).paired
    assert paired is not None
    for cells in (*paired.now.values(), *paired.before.values()):
        with pytest.raises(ValueError, match="read-only"):
            cells[0, 0] = 1.0


def test_the_longest_unused_gives_way_and_the_memory_is_kept_to(warehouse: Warehouse) -> None:
    result = warehouse.ask(QUERY, Access())
    cache = AnswerCache(limit_bytes=400_000)
    keys = [key_of(replace(QUERY, limit=limit), Access(), "v1") for limit in range(1, 100)]
    cache.keep(keys[0], result)
    for key in keys[1:]:
        assert cache.get(keys[0]) is result
        cache.keep(key, result)
    kept = [key for key in keys if cache.get(key) is not None]
    assert 2 < len(kept) < len(keys)
    assert kept == [keys[0], *keys[len(keys) - len(kept) + 1 :]]


def test_small_answers_are_counted_with_what_they_take_besides_their_numbers(
    warehouse: Warehouse,
) -> None:
    query = replace(QUERY, by=(), compare=None, interval=False)
    result = warehouse.ask(query, Access())
    cache = AnswerCache(limit_bytes=1_000_000)
    keys = [key_of(replace(query, limit=limit), Access(), "v1") for limit in range(1, 301)]
    for key in keys:
        cache.keep(key, result)
    assert sum(cache.get(key) is not None for key in keys) < 100


def test_an_answer_that_would_push_out_all_others_is_not_kept(warehouse: Warehouse) -> None:
    cache, key = AnswerCache(limit_bytes=1_000), key_of(QUERY, Access(), "v1")
    cache.keep(key, warehouse.ask(QUERY, Access()))
    assert cache.get(key) is None
