"""Queries: what few of them make of a change, and their spellings, which add up."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from portal.context import Context
from portal.open_page import ask, open_page
from portal.routing import discover
from portal.tiles.covering import Covering
from portal.tiles.searching import Spellings
from queries.analyses.cluster import Estimate
from queries.analyses.findings import Candidate
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
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


def test_what_a_query_makes_of_a_change_is_its_count_over_all_rows(warehouse: Warehouse):
    opened = open_page(discover("pages")["/search"], "country=KR", warehouse, Access())
    context = opened.context
    asked = context.question(("zero_result_rate", "searches_in_vain", "rows"))
    row = warehouse.ask(asked, Access()).frame.row(0, named=True)
    claim = _claim(context, row["zero_result_rate"], row["zero_result_rate__previous"])
    queries = COVERING.questions(context, claim)
    results = [warehouse.ask(q, Access()) for q in queries]
    said = COVERING.said(context, claim, results)
    first = results[0].frame.row(0, named=True)
    made = first["searches_in_vain"] / row["rows"]
    made -= first["searches_in_vain__previous"] / row["rows__previous"]
    share = made / (row["zero_result_rate"] - row["zero_result_rate__previous"])
    assert share > 0.7
    much = "all" if share >= 0.995 else f"{share:.0%}"
    assert said == f"“{first['query']}” makes {much} of it."


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
