"""Queries: what few of them make of a change, and their spellings, which add up."""

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from portal.context import Context
from portal.open_page import ask, open_page
from portal.routing import discover
from portal.tiles.covering import Covering
from portal.tiles.near_spellings import discreet, merged
from portal.tiles.searching import Queries, QueryFlows
from portal.tiles.spellings import Spellings
from queries.analyses.cluster import Estimate
from queries.analyses.findings import Candidate
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
NEAR = "spelling=near&period=last 84 days"
COVERING = Covering("zero_result_rate", "searches_in_vain", by="query", noun="queries")


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    engine = DuckDBEngine(memory="1GB")
    return Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())


def test_spellings_add_up_to_their_query_and_none_is_of_a_handful(warehouse: Warehouse):
    opened = open_page(discover("pages")["/search"], "period=last 84 days", warehouse, Access())
    (tile,) = [t for t in opened.tiles().values() if isinstance(t, Spellings)]
    context = opened.tile_context(tile)
    (joined,) = tile.joined(ask(opened, tile, warehouse, Access()), context)
    assert joined.frame["query"].n_unique() > 1
    asked = replace(
        context.question(("rows", "accounts"), by=("query",)), compare=None, with_total=False
    )
    whole = dict(warehouse.ask(asked, Access()).frame.select("query", "rows").rows())
    for (query,), rows in joined.frame.group_by("query"):
        assert rows["rows"].sum() == whole[str(query)]
        assert rows["share"].sum() == pytest.approx(1)
        assert rows.height > 1
    typed = replace(asked, by=(*asked.by, context.dataset.dimension("typed")))
    counted = warehouse.ask(typed, Access()).frame.filter(pl.col("accounts").is_not_null())
    named = joined.frame.drop_nulls("typed")
    assert named.join(counted, on=["query", "typed"], how="anti").is_empty()
    assert (named.join(counted, on=["query", "typed"])["accounts"] >= 10).all()


def test_near_spellings_together_are_the_sum_of_their_parts_each_of_ten_accounts(
    warehouse: Warehouse,
):
    opened = open_page(discover("pages")["/search"], NEAR, warehouse, Access())
    typed = next(t for t in opened.tiles().values() if isinstance(t, Spellings))
    context = opened.tile_context(typed)
    asked = replace(
        context.question(("rows", "accounts"), by=("query",)), compare=None, with_total=False
    )
    alone = warehouse.ask(asked, Access()).frame.filter(pl.col("accounts") >= 10)
    (parts,) = typed.joined(ask(opened, typed, warehouse, Access()), context)
    assert parts.frame["query"].n_unique() > 1
    checked = parts.frame.join(alone, left_on="typed", right_on="query", suffix="_alone")
    assert checked.height == parts.frame.height
    assert (checked["rows"] == checked["rows_alone"]).all()
    tables = [t for t in opened.tiles().values() if isinstance(t, Queries) and not t.into]
    assert tables
    for tile in tables:
        results = ask(opened, tile, warehouse, Access())
        (joined,) = tile.joined(results, context)
        groups = merged(results).group_by(query="head").agg(pl.col("rows").sum(), n=pl.len())
        both = joined.frame.join(groups, on="query", suffix="_summed")
        assert both.height == joined.frame.height == tile.rows
        assert (both["rows"] == both["rows_summed"]).all()
        assert both["rows__low"].is_not_null().all()
        known = joined.frame.drop_nulls("accounts")
        assert ((known["least"] <= known["accounts"]) & (known["accounts"] <= known["most"])).all()


def test_planted_cut_off_titles_are_merged_and_those_that_fit_many_titles_are_not(
    warehouse: Warehouse,
):
    opened = open_page(discover("pages")["/search"], NEAR, warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, Spellings))
    parts = merged(ask(opened, tile, warehouse, Access()))
    slips = parts.filter(pl.col("query") != pl.col("head"))
    assert slips.height > 1
    for query, head in slips.select("query", "head").iter_rows():
        assert head.startswith(query)
        assert len(query) <= 5
    beyond = parts.filter(pl.col("query").str.starts_with("beyond "))
    assert beyond.height > 1
    assert parts.filter(pl.col("query") == "beyon")["head"].to_list() == ["beyon"]


def test_flows_of_near_spellings_are_the_sum_of_flows_that_are_shown_alone(warehouse: Warehouse):
    opened = open_page(discover("pages")["/search"], NEAR, warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, QueryFlows))
    results = ask(opened, tile, warehouse, Access())
    (joined,) = tile.joined(results, opened.tile_context(tile))
    heads = merged(results).select("query", "head")
    shown = results[2].frame.drop_nulls(["accounts", "searches_succeeded"])
    assert (shown["accounts"] >= 10).all()
    summed = (
        shown.join(heads, on="query")
        .group_by("head", "title")
        .agg(pl.col("searches_succeeded").sum(), pl.len())
    )
    both = joined.frame.join(summed, left_on=["query", "title"], right_on=["head", "title"])
    assert both.height == joined.frame.height > 0
    assert (both["searches_succeeded"] == both["searches_succeeded_right"]).all()
    assert (both["accounts"].is_null() == (both["len"] > 1)).all()


def test_accounts_of_a_group_are_open_where_those_in_several_parts_may_be_few():
    parts = pl.DataFrame(
        {"query": ["a", "b", "c", "d", "e", "f", "g", "h"],
         "head": ["a", "a", "c", "c", "e", "e", "e", "h"],
         "accounts": [100, 20, 100, 20, 100, 20, 20, 50]}
    )  # fmt: skip
    frame = pl.DataFrame(
        {"query": ["a", "c", "e", "h"], "accounts": [110, 111, 121, 50], "accounts__low": 1.0}
    )
    told = discreet(frame, parts)
    assert told["accounts"].to_list() == [110, None, None, 50]
    assert told["accounts__low"].to_list() == [1, None, None, 1]
    assert told["least"].to_list() == [100, 100, 100, 50]
    assert told["most"].to_list() == [120, 120, 140, 50]


def test_a_spelling_there_is_not_is_refused_in_words(warehouse: Warehouse):
    opened = open_page(discover("pages")["/search"], "spelling=nearly", warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, Spellings))
    with pytest.raises(InvalidQuery, match="nearly"):
        ask(opened, tile, warehouse, Access())


def test_what_a_query_makes_of_a_change_is_its_count_over_all_rows(warehouse: Warehouse):
    opened = open_page(discover("pages")["/search"], "", warehouse, Access())
    context = opened.context
    asked = context.question(("zero_result_rate", "searches_in_vain", "rows"))
    row = warehouse.ask(asked, Access()).frame.row(0, named=True)
    claim = _claim(context, row["zero_result_rate"], row["zero_result_rate__previous"])
    queries = COVERING.questions(context, claim)
    results = [warehouse.ask(q, Access()) for q in queries]
    said = COVERING.said(context, claim, results)
    named = results[0].frame.filter(pl.col("query").is_in(re.findall("“(.*?)”", said)))
    now, before = (named[c].sum() for c in ("searches_in_vain", "searches_in_vain__previous"))
    made = now / row["rows"] - before / row["rows__previous"]
    share = made / (row["zero_result_rate"] - row["zero_result_rate__previous"])
    assert 1 <= named.height <= 3
    assert share >= 0.5
    assert ("all of it" if share >= 1 else f"{share:.0%} of it") in said


def test_nothing_is_named_to_whom_accounts_are_hidden_or_of_another_metric(warehouse: Warehouse):
    opened = open_page(discover("pages")["/search"], "", warehouse, Access())
    context = opened.context
    claim = _claim(context, 0.12, 0.06)
    blind = replace(context, withheld=frozenset({"accounts"}))
    assert COVERING.questions(blind, claim) == ()
    assert COVERING.said(blind, claim, ()) == ""
    other = replace(claim, metric=context.metric("click_rate"))
    assert COVERING.questions(context, other) == ()


def _claim(context: Context, now: float, before: float) -> Candidate:
    change = now - before
    assert context.period is not None
    assert context.compare is not None
    return Candidate(
        dataset=context.dataset,
        metric=context.metric("zero_result_rate"),
        period=context.period,
        comparison=context.compare,
        dimension=None,
        value=None,
        now=now,
        before=before,
        change=Estimate(change, change - 0.01, change + 0.01),
        error=0.005,
        freedom=255,
        probability=1e-6,
        weight=1.0,
        relative=1.0,
    )
