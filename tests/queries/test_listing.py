"""Rows behind a number: the same as the number counts, and no way around an access."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog, builtin
from queries.condition import Dimension, Filter
from queries.dataset import ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.errors import AccessDenied, InvalidQuery
from queries.formula import parse
from queries.lake.lake import Lake
from queries.listing import Listing, plan_rows
from queries.model import Query
from queries.period import Period
from queries.reduction import Engine
from queries.row_question import RowQuestion, flat, list_rows, plain_rows
from queries.warehouse import Warehouse
from tests.queries.small_lake import DATASET, Files
from tests.queries.strategies import questions

WEEK = Period(date(2026, 1, 5), date(2026, 1, 11))
COUNTRY = DATASET.dimension("country")
BRAZIL = Filter(COUNTRY, "in", ("BR",))


def hiding(*formulas: str) -> Access:
    return Access(hidden=frozenset().union(*(parse(f).aggregates() for f in formulas)))


@pytest.fixture
def asked(lake: Lake, engine: Engine) -> Warehouse:
    """The warehouse with either engine."""
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))


def test_rows_are_those_that_the_number_counts(asked: Warehouse):
    listing = Listing(dataset=DATASET, where=BRAZIL, period=WEEK, limit=10_000)
    rows = asked.rows(listing, Access())
    metric = DATASET.metric("rows")
    query = Query(dataset=DATASET, metrics=(metric,), where=BRAZIL, period=WEEK)
    counted = asked.ask(query, Access()).total["rows"].item()
    assert rows.count == rows.frame.height == counted > 0
    assert set(rows.frame["country"]) == {"BR"}
    assert rows.frame["local_date"].is_between(WEEK.start, WEEK.end).all()


def test_the_newest_come_first_and_pages_neither_overlap_nor_leave_out(asked: Warehouse):
    whole = asked.rows(Listing(dataset=DATASET, period=WEEK, limit=10_000), Access()).frame
    assert whole["local_date"].is_sorted(descending=True)
    pages = [
        asked.rows(Listing(dataset=DATASET, period=WEEK, limit=700, skip=skip), Access()).frame
        for skip in range(0, whole.height, 700)
    ]
    assert_frame_equal(pl.concat(pages), whole)


@given(query=questions())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_engines_list_the_same_rows(query: Query, duckdb_engine: DuckDBEngine, files: Files):
    polars = PolarsEngine()
    listing = Listing(dataset=DATASET, where=query.where, period=query.period, limit=50, skip=3)
    planned = plan_rows(listing, Access(), duckdb_engine.columns("plays", files))
    answers = [engine.select(planned.selection, files) for engine in (duckdb_engine, polars)]
    assert_frame_equal(*answers, check_dtypes=False)


def test_engines_know_the_same_columns(duckdb_engine: DuckDBEngine, files: Files):
    assert duckdb_engine.columns("plays", files) == PolarsEngine().columns("plays", files)


def test_row_rules_narrow_rows_and_their_count(asked: Warehouse):
    listing = Listing(dataset=DATASET, period=WEEK, limit=10_000)
    everything = asked.rows(listing, Access())
    some = asked.rows(listing, Access(rows=(("country", ("BR",)),)))
    assert set(some.frame["country"]) == {"BR"}
    assert some.count == everything.frame.filter(pl.col("country") == "BR").height


def test_a_row_rule_that_cannot_be_applied_closes_the_rows(asked: Warehouse):
    with pytest.raises(AccessDenied):
        asked.rows(Listing(dataset=DATASET), Access(rows=(("studio", ("A",)),)))


def test_what_a_hidden_number_is_made_of_is_withheld(asked: Warehouse):
    access = hiding("sum(watched_s) filter (where device = 'tv')")
    rows = asked.rows(Listing(dataset=DATASET, period=WEEK), access)
    assert rows.withheld == ("device", "watched_s")
    assert not {"watched_s", "device"} & set(rows.frame.columns)
    assert not {"watched_s", "device"} & {c.name for c in rows.columns}
    assert "watched_s" not in rows.sql


def test_withheld_columns_cannot_be_filtered_by(asked: Warehouse):
    tv = Filter(DATASET.dimension("device"), "in", ("tv",))
    with pytest.raises(AccessDenied, match="Device"):
        asked.rows(
            Listing(dataset=DATASET, where=tv), hiding("count(*) filter (where device = 'tv')")
        )
    with pytest.raises(AccessDenied, match="Genre"):
        asked.rows(
            Listing(dataset=DATASET, where=Filter(DATASET.dimension("genre"), "missing")),
            hiding("count(distinct genre)"),
        )


def test_a_row_rule_by_a_withheld_column_still_holds(asked: Warehouse):
    access = replace(hiding("count(distinct country)"), rows=(("country", ("BR",)),))
    rows = asked.rows(Listing(dataset=DATASET, period=WEEK, limit=10_000), access)
    every = asked.rows(Listing(dataset=DATASET, where=BRAZIL, period=WEEK), Access())
    assert "country" not in rows.frame.columns
    assert rows.count == every.count


def test_whose_a_row_is_is_shown_to_nobody(asked: Warehouse):
    rows = asked.rows(Listing(dataset=DATASET), Access())
    assert rows.personal == ("account_id",)
    assert not {"account_id", "bucket"} & set(rows.frame.columns)
    account = Dimension("account", "Account", '"account_id"', "number")
    with pytest.raises(AccessDenied, match="whose"):
        asked.rows(Listing(dataset=DATASET, where=Filter(account, "in", (7,))), Access())


@pytest.mark.demo
def test_what_ties_rows_of_one_account_together_is_shown_to_nobody(demo_home: Path):
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    ties = {"visit_id", "request_id", "search_id", "prev_search_id"}
    for name in ("playback", "visits", "searches", "impressions", "page_requests", "page_tops"):
        dataset = warehouse.dataset(name)
        rows = warehouse.rows(Listing(dataset=dataset, limit=3), Access())
        assert rows.count
        assert not ties & set(rows.frame.columns), name
        assert ties & set(rows.personal), name
        assert not ties & set(rows.withheld), name
    request = Filter(warehouse.dataset("page_tops").dimension("request"), "not missing")
    with pytest.raises(AccessDenied, match="whose"):
        warehouse.rows(Listing(dataset=warehouse.dataset("page_tops"), where=request), Access())
    engine.close()


def test_without_the_number_of_rows_there_is_no_listing(asked: Warehouse):
    with pytest.raises(AccessDenied):
        asked.rows(Listing(dataset=DATASET), Access(hidden=frozenset({ROWS})))


def test_rows_below_the_deepest_are_refused():
    with pytest.raises(InvalidQuery, match="100,000th"):
        Listing(dataset=DATASET, skip=200_000)
    with pytest.raises(InvalidQuery):
        Listing(dataset=DATASET, limit=0)


def test_a_question_for_rows_is_read_like_any_other(warehouse: Warehouse):
    question = RowQuestion(
        dataset="plays", where="country = 'BR'", period="2026-01-05 to 2026-01-11", limit=5
    )
    rows = list_rows(question, warehouse, Access())
    assert rows.listing.period == WEEK
    assert rows.frame.height == 5
    said = plain_rows(rows)
    assert said["where"] == "Country is BR"
    assert [c["name"] for c in said["columns"]] == rows.frame.columns
    assert len(said["rows"]) == 5
    with pytest.raises(InvalidQuery, match="A row has no"):
        list_rows(replace(question, where="hours_viewed >= 3"), warehouse, Access())


def test_lists_and_structures_are_written_as_json():
    frame = pl.DataFrame({"x": [[{"kind": "pause", "at": 3}], [], None], "y": [1, 2, 3]})
    assert flat(frame)["x"].to_list() == ['[{"kind": "pause", "at": 3}]', "[]", None]
    assert flat(frame)["y"].to_list() == [1, 2, 3]
