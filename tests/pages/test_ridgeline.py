"""Ridges over the hours of the day: heights, peaks, order, and what they are ridges of."""

import re
from pathlib import Path

import pytest

from pages.when_where import PAGE
from portal.context import Context
from portal.open_page import open_page
from portal.tiles.ridgeline import Ridgeline
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery
from queries.lake.lake import Lake
from queries.model import Result
from queries.warehouse import Warehouse


@pytest.fixture(scope="module")
def demo_warehouse(demo_home: Path) -> Warehouse:
    lake = Lake(demo_home / "lake")
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


TILE = next(t for s in PAGE.sections for t in s.tiles if isinstance(t, Ridgeline))


def _asked(search: str, warehouse: Warehouse) -> tuple[Context, tuple[Result, ...]]:
    context = open_page(PAGE, search, warehouse, Access()).tile_context(TILE)
    return context, tuple(warehouse.ask(q, Access()) for q in TILE.questions(context))


@pytest.mark.parametrize("search", ["", "clock=utc"])
def test_ridges_are_shares_on_one_scale_from_the_earliest_peak_to_the_latest(
    search: str, demo_warehouse: Warehouse
) -> None:
    context, results = _asked(search, demo_warehouse)
    content = TILE.draw(results, context).content
    told = TILE.joined(results, context)[0].frame
    few = set(results[1].frame.filter(results[1].frame["small"] == "few")["country"])
    lines = [trace for trace in content["data"] if "customdata" in trace]
    axis = content["layout"]["yaxis"]
    scales: list[float] = []
    order: list[tuple[bool, int]] = []
    for trace, said, at in zip(lines, axis["ticktext"], axis["tickvals"], strict=True):
        group = trace["customdata"][0][0]
        shares = {
            row["value"]: row["share"]
            for row in told.drop_nulls("share").iter_rows(named=True)
            if row["group"] == group
        }
        peak = max(shares, key=lambda hour: shares[hour])
        assert f"peak {int(peak):02d}:00, <b>{shares[peak]:.1%}</b>" in said
        order.append((group in few, (int(peak) - 5) % 24))
        scales += [
            (trace["y"][int(hour)] - (at - 0.3)) / share
            for hour, share in shares.items()
            if share > 0.02
        ]
    assert order == sorted(order)
    assert len({is_few for is_few, _ in order}) > 1
    assert scales == pytest.approx([scales[0]] * len(scales), rel=0.01)


def test_where_one_country_is_kept_the_ridges_are_of_its_regions(
    demo_warehouse: Warehouse,
) -> None:
    context, results = _asked("country=US", demo_warehouse)
    drawing = TILE.draw(results, context)
    assert drawing.filters == "region"
    groups = {t["customdata"][0][0] for t in drawing.content["data"] if "customdata" in t}
    assert len(groups) > 1
    assert all(re.match("US", group) for group in groups)


def test_the_index_asks_the_same_and_another_text_is_refused(demo_warehouse: Warehouse) -> None:
    context, results = _asked("hours=index", demo_warehouse)
    assert [r.query for r in results] == [_asked("", demo_warehouse)[1][0].query]
    assert TILE.draw(results, context).kind == "heat"
    with pytest.raises(InvalidQuery, match="hours can be"):
        _asked("hours=backwards", demo_warehouse)
