"""Launches among those of their kind: the share that had less, with Wilson's interval."""

from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

import polars as pl
import pytest

from portal.open_page import ask, open_page
from portal.routing import discover
from portal.tiles.launch import Launch
from portal.tiles.launch_comparables import LaunchComparables
from portal.tiles.launch_list import LaunchList
from portal.tiles.launch_standing import LaunchStanding
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery
from queries.interval import wilson
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo


def test_a_young_launch_is_held_against_those_of_its_kind_by_the_same_day(demo_home: Path):
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    opened = open_page(discover("pages")["/titles"], "", warehouse, Access())
    (tile,) = [t for t in opened.tiles().values() if isinstance(t, LaunchList)]
    context = opened.tile_context(tile)
    results = ask(opened, tile, warehouse, Access())
    (shown,) = tile.joined(results, context)
    first, latest = context.extent.first, context.extent.latest
    assert first is not None
    assert latest is not None
    assert shown.frame.height
    days = (
        results[0]
        .frame.drop_nulls("release_date")
        .with_columns(views=pl.col("hours_viewed") * 60 / pl.col("title_minutes"))
    )
    for row in shown.frame.to_dicts():
        assert latest - timedelta(27) <= row["release_date"] <= latest
        others = days.filter(
            (pl.col("kind") == row["kind"])
            & pl.col("release_date").is_between(first, latest - timedelta(27))
        )
        ids = others["title_id"].unique()
        until = others.filter(pl.col("days_since_release") <= row["day"])
        sums = until.group_by("title_id").agg(pl.col("views").sum())
        had = dict(sums.select("title_id", "views").rows())
        values = [had.get(i, 0.0) for i in ids]
        below = sum(v < row["value"] - 1e-9 for v in values)
        equal = sum(abs(v - row["value"]) <= 1e-9 for v in values)
        assert row["launches"] == len(ids)
        assert row["share"] == pytest.approx((below + equal / 2) / len(ids))
        ends = wilson(
            pl.Series([below + equal / 2]).to_numpy(), pl.Series([1.0 * len(ids)]).to_numpy()
        )
        assert (row["low"], row["high"]) == pytest.approx((ends.low[0], ends.high[0]))


def test_a_launch_that_nothing_can_be_compared_with_is_told_by_its_comparables(demo_home: Path):
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    page = discover("pages")["/titles"]
    opened = open_page(page, "", warehouse, Access())
    (tile,) = [t for t in opened.tiles().values() if isinstance(t, LaunchList)]
    context = opened.tile_context(tile)
    (shown,) = tile.joined(ask(opened, tile, warehouse, Access()), context)
    row = shown.frame.sort("value", descending=True).row(0, named=True)
    one = open_page(page, f"?{urlencode({'title': row['title']})}", warehouse, Access())
    (own,) = [t for t in one.tiles().values() if isinstance(t, LaunchStanding)]
    (said,) = own.statements(ask(one, own, warehouse, Access()), one.tile_context(own))
    assert not said.is_sure
    assert said.evidence == "forecast"
    assert said.silence.startswith(f"Day {row['day']} since its release: ")
    assert f"of {row['launches']} launches of the same kind (95 % " in said.silence


def test_the_list_is_drawn_with_the_newest_first(demo_home: Path):
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    opened = open_page(discover("pages")["/titles"], "", warehouse, Access())
    (tile,) = [t for t in opened.tiles().values() if isinstance(t, LaunchList)]
    context = opened.tile_context(tile)
    (shown,) = tile.joined(ask(opened, tile, warehouse, Access()), context)
    dates: list[date] = shown.frame["release_date"].to_list()
    assert dates == sorted(dates, reverse=True)


def test_a_list_of_launches_of_a_handful_says_that_they_are_withheld(demo_home: Path):
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    filters = "?country=KR&device=web"
    opened = open_page(discover("pages")["/titles"], filters, warehouse, Access())
    (tile,) = [t for t in opened.tiles().values() if isinstance(t, LaunchList)]
    results = ask(opened, tile, warehouse, Access())
    assert results[1].frame.height
    assert results[1].frame["hours_viewed"].null_count() == results[1].frame.height
    drawn = tile.draw(results, opened.tile_context(tile))
    assert "withheld" in drawn.content["message"]


def test_comparables_that_there_are_none_of_are_refused_by_every_tile(demo_home: Path):
    lake, engine = Lake(demo_home / "lake"), DuckDBEngine(memory="1GB")
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin())
    opened = open_page(discover("pages")["/titles"], "?title=A&against=x", warehouse, Access())
    tiles = [t for t in opened.tiles().values() if isinstance(t, Launch | LaunchComparables)]
    assert len(tiles) > len({LaunchStanding, LaunchComparables})
    for tile in tiles:
        with pytest.raises(InvalidQuery, match="against can be"):
            ask(opened, tile, warehouse, Access())
