"""Launches of the demo company: the fan of 91 days, projections, comparables, hours for views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, floor
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import numpy as np
import polars as pl
import pytest

from portal.context import Context
from portal.open_page import OpenPage, ask, open_page
from portal.page import Tile
from portal.routing import discover
from portal.tiles import launch
from portal.tiles.comparable_titles import ComparableTitles
from portal.tiles.launch import Launch
from portal.tiles.launch_comparables import LaunchComparables
from portal.tiles.launch_list import LaunchList
from portal.tiles.launch_standing import LaunchStanding
from queries.analyses.cluster import CLUSTER
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import SMALL, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.model import Result
from queries.small_cells import FEW
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
T = TypeVar("T", bound=Tile)


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    lake = Lake(demo_home / "lake")
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


def opened_at(warehouse: Warehouse, path: str, **options: str) -> OpenPage:
    return open_page(discover("pages")[path], f"?{urlencode(options)}", warehouse, Access())


def answered(
    warehouse: Warehouse, opened: OpenPage, kind: type[T]
) -> tuple[T, list[Result], Context]:
    tile = next(t for t in opened.tiles().values() if type(t) is kind)
    return tile, list(ask(opened, tile, warehouse, Access())), opened.tile_context(tile)


FIRST, LATEST = date(2026, 1, 1), date(2026, 9, 15)
MINUTES = {"film": 100, "season": 400}


@dataclass(frozen=True)
class Launched:
    kind: str
    released: date

    def is_over(self, days: int) -> bool:
        return self.released + timedelta(days - 1) <= LATEST


def world(seed: int) -> tuple[pl.DataFrame, Mapping[int, Launched]]:
    """Sixty launches every four days, with the hours of each day since its release."""
    rng = np.random.default_rng(seed)
    launches = {
        n: Launched("film" if n % 3 else "season", FIRST + timedelta(4 * n)) for n in range(1, 61)
    }
    rows = [
        {
            "title_id": n,
            "release_date": one.released,
            "days_since_release": day,
            "kind": one.kind,
            "genre": "drama",
            "title_minutes": MINUTES[one.kind],
            "hours_viewed": float(rng.gamma(4, 40)) / (1 + day),
        }
        for n, one in launches.items()
        for day in range(min(91, (LATEST - one.released).days + 1))
    ]
    return pl.DataFrame(rows), launches


def watched(days: pl.DataFrame, title: int) -> pl.DataFrame:
    """The same of one title, by accounts enough to tell every day."""
    own = days.filter(pl.col("title_id") == title).with_columns(title=pl.lit("It"))
    clusters = pl.DataFrame({CLUSTER.name: np.arange(12)})
    return own.with_columns(pl.col("hours_viewed") / 12).join(clusters, how="cross")


def by_day(days: pl.DataFrame, title: int, day: int) -> float:
    kept = days.filter((pl.col("title_id") == title) & (pl.col("days_since_release") <= day))
    return float((kept["hours_viewed"] * 60 / kept["title_minutes"]).sum())


def at_the_end(context: Context) -> Context:
    return replace(context, extent=replace(context.extent, first=FIRST, latest=LATEST))


def test_a_launch_past_28_days_lies_in_a_fan_of_91_made_of_launches_whose_91_are_over(
    warehouse: Warehouse,
):
    _, name = _young(warehouse)
    tile, results, context = answered(
        warehouse, opened_at(warehouse, "/titles", title=name), Launch
    )
    days, launches = world(1)
    old = next(n for n, o in launches.items() if o.is_over(40) and not o.is_over(91))
    young = next(n for n, o in launches.items() if not o.is_over(28))
    context = at_the_end(context)
    for title, window in ((old, 91), (young, 28)):
        told = [replace(results[0], frame=days), replace(results[1], frame=watched(days, title))]
        others, own = tile.curves(told, context)
        kind = launches[title].kind
        ids = [n for n, o in launches.items() if o.kind == kind and o.is_over(window)]
        assert sorted(others["title_id"].unique().to_list()) == ids
        assert others["day"].max() == window - 1
        drawn = tile.joined(told, context)[0].frame
        for day in (0, 20, window - 1):
            row = drawn.filter(pl.col("day") == day).row(0, named=True)
            expected = np.quantile([by_day(days, i, day) for i in ids], (0.1, 0.5, 0.9))
            assert [row["p10"], row["p50"], row["p90"]] == pytest.approx(list(expected))
        last = own.sort("day").row(-1, named=True)
        assert last["day"] == (LATEST - launches[title].released).days
        assert last["cumulative"] == pytest.approx(by_day(days, title, last["day"]))
        said = f"The fan holds {len(ids)} launches of the same kind whose {window} days are over"
        assert any(note.startswith(said) for note in tile.draw(told, context).notes)


def test_a_young_launch_is_projected_by_how_its_comparables_grew(warehouse: Warehouse):
    tile, results, context = answered(warehouse, opened_at(warehouse, "/titles"), LaunchList)
    days, launches = world(2)
    young = [n for n, o in launches.items() if not o.is_over(28)]
    listed = pl.DataFrame({
        "title_id": young,
        "title": [f"Title {n}" for n in young],
        "kind": [launches[n].kind for n in young],
        "release_date": [launches[n].released for n in young],
        "hours_viewed": [days.filter(pl.col("title_id") == n)["hours_viewed"].sum() for n in young],
        SMALL: [FEW if n == young[0] else None for n in young],
    })  # fmt: skip
    told = [replace(results[0], frame=days), replace(results[1], frame=listed)]
    context = at_the_end(context)
    frame = tile.joined(told, context)[0].frame
    assert sorted(frame["title_id"]) == young
    for row in frame.to_dicts():
        for window in (28, 91):
            kind = row["kind"]
            ids = [n for n, o in launches.items() if o.kind == kind and o.is_over(window)]
            begun = [(by_day(days, i, row["day"]), by_day(days, i, window - 1)) for i in ids]
            growth = sorted(later / early for early, later in begun if early >= 10)
            assert row[f"by_{window}"] == len(growth) >= 10
            ranks = (floor((len(growth) + 1) / 10), ceil(9 * (len(growth) + 1) / 10))
            ends = [row["value"] * growth[rank - 1] for rank in ranks]
            assert [row[f"p10_{window}"], row[f"p90_{window}"]] == pytest.approx(ends)
            assert row[f"p10_{window}"] <= row[f"p50_{window}"] <= row[f"p90_{window}"]
    drawn = tile.draw(told, context).content["tables"][0]["rows"]
    pale = {row[0]["text"]: {cell.get("few", False) for cell in row[3:]} for row in drawn}
    assert {name for name, cells in pale.items() if cells == {True}} == {f"Title {young[0]}"}
    assert all(cells in ({True}, {False}) for cells in pale.values())


def test_a_launch_that_is_left_out_is_in_no_fan_and_a_click_takes_it_back(
    warehouse: Warehouse,
):
    _, name = _young(warehouse)
    plain = opened_at(warehouse, "/titles", title=name)
    tile, results, context = answered(warehouse, plain, LaunchComparables)
    frame = tile.joined(results, context)[0].frame
    common = frame["common"].list.len().to_list()
    assert common == sorted(common, reverse=True)
    assert name not in frame["title"]
    first = tile.draw(results, context).content["tables"][0]["rows"][0][0]
    (left_out,) = (int(i) for i in first["set"]["without"].split(","))
    assert frame["title_id"][0] == left_out
    bare = opened_at(warehouse, "/titles", title=name, without=str(left_out))
    tile, results, context = answered(warehouse, bare, LaunchComparables)
    rows = tile.draw(results, context).content["tables"][0]["rows"]
    assert (rows[0][0]["text"], rows[0][1]["text"]) == (first["text"], "left out")
    assert rows[0][0]["set"] == {"without": ""}
    assert {row[1]["text"] for row in rows[1:]} == {"yes"}
    counts: list[set[int]] = []
    for opened in (plain, bare):
        fan, answers, context = answered(warehouse, opened, Launch)
        counts.append(set(fan.others(answers, context, 28)["title_id"]))
    assert counts[0] - counts[1] == {left_out}
    assert counts[1] < counts[0]


def test_ids_that_are_none_are_said_and_leave_nothing_out(warehouse: Warehouse):
    _, name = _young(warehouse)
    tile, results, context = answered(
        warehouse, opened_at(warehouse, "/titles", title=name, without="x,1e3"), Launch
    )
    assert launch.left_out(context) == ()
    assert "“x, 1e3” in without= are no ids of launches." in tile.draw(results, context).notes


def test_a_launch_without_a_runtime_is_held_by_its_hours_and_that_is_said(warehouse: Warehouse):
    title, name = _young(warehouse)
    opened = opened_at(warehouse, "/titles", title=name)
    for kind in (Launch, LaunchStanding):
        tile, results, context = answered(warehouse, opened, kind)
        blind = _without_runtime(results, title)
        drawn = tile.draw(blind, context)
        said = f"The runtime of {name} is not known: hours in place of views."
        assert said in drawn.notes
        assert said not in tile.draw(results, context).notes
        own = tile.own(blind, context).sort("day").row(-1, named=True)
        mine = results[0].frame.filter(
            (pl.col("title_id") == title) & (pl.col("days_since_release") <= own["day"])
        )
        assert own["cumulative"] == pytest.approx(mine["hours_viewed"].sum())
        others = tile.others(blind, context, 28).filter(pl.col("day") == 27)
        row = others.row(0, named=True)
        whole = results[0].frame.filter(
            (pl.col("title_id") == row["title_id"]) & (pl.col("days_since_release") < 28)
        )
        assert row["cumulative"] == pytest.approx(whole["hours_viewed"].sum())
    scores = drawn.content["scores"]
    assert scores[0]["unit"] == "h"


def test_the_list_names_the_launches_that_have_no_views(warehouse: Warehouse):
    title, name = _young(warehouse)
    tile, results, context = answered(warehouse, opened_at(warehouse, "/titles"), LaunchList)
    blind = _without_runtime(results, title)
    assert f"Without a known runtime, so without views: {name}." in tile.draw(blind, context).notes
    assert title not in tile.joined(blind, context)[0].frame["title_id"]
    assert not any("runtime" in note for note in tile.draw(results, context).notes)


def test_the_list_names_the_launches_that_nothing_is_known_to_be_like(warehouse: Warehouse):
    title, name = _young(warehouse)
    tile, results, context = answered(warehouse, opened_at(warehouse, "/titles"), LaunchList)

    def of_kind(kind: str | None) -> list[Result]:
        known = pl.when(pl.col("title_id") != title).then("kind").otherwise(pl.lit(kind))
        frame = results[1].frame.with_columns(kind=known)
        return [results[0], replace(results[1], frame=frame)]

    for kind, why in ((None, "Of a kind that is not known"), ("opera", "Without any launch")):
        (said,) = (n for n in tile.draw(of_kind(kind), context).notes if name in n)
        assert said.startswith(why)
        alone = (
            results[1]
            .frame.filter(pl.col("title_id") == title)
            .with_columns(kind=pl.lit(kind, pl.String))
        )
        nothing = tile.draw([results[0], replace(results[1], frame=alone)], context)
        assert (nothing.kind, name in nothing.content["hint"]) == ("empty", True)
    assert not any("kind to be" in note for note in tile.draw(results, context).notes)


def test_the_titles_most_like_one_come_with_their_reasons_and_open_by_a_click(
    warehouse: Warehouse,
):
    any_one = opened_at(warehouse, "/inside", title=_young(warehouse)[1])
    _, results, _ = answered(warehouse, any_one, ComparableTitles)
    name = results[0].frame.sort("plays", descending=True, nulls_last=True)["title"][0]
    opened = opened_at(warehouse, "/inside", title=name, episode="2", scene="10-20")
    tile, results, context = answered(warehouse, opened, ComparableTitles)
    frame = tile.joined(results, context)[0].frame
    assert frame["title"][0] == name
    likeness = frame["likeness"].to_list()[1:]
    assert likeness == sorted(likeness, reverse=True)
    assert 0 < likeness[-1] <= likeness[0] <= 1
    traits = dict(zip(*(results[0].frame[c] for c in ("title", "kind")), strict=True))
    for row in frame.to_dicts()[1:]:
        same = traits[row["title"]] == traits[name]
        assert ("Season" in row["reasons"] or "Film" in row["reasons"]) is same
        assert row["early_drop_rate__low"] <= row["early_drop_rate"] <= row["early_drop_rate__high"]
    rows = tile.draw(results, context).content["tables"][0]["rows"]
    assert "set" not in rows[0][0]
    opens = {"title": frame["title"][1], "episode": None, "scene": None}
    assert rows[1][0]["set"] == opens


def test_of_two_titles_there_are_no_comparables(warehouse: Warehouse):
    tile, results, context = answered(warehouse, opened_at(warehouse, "/titles"), LaunchList)
    first, second = tile.joined(results, context)[0].frame["title"][:2]
    page = discover("pages")["/inside"]
    search = f"?{urlencode([('title', first), ('title', second)])}"
    opened = open_page(page, search, warehouse, Access())
    tile, results, context = answered(warehouse, opened, ComparableTitles)
    assert tile.draw(results, context).content["message"] == "More than one title is open."


def _young(warehouse: Warehouse) -> tuple[int, str]:
    """The launch of the last four weeks that was watched most."""
    tile, results, context = answered(warehouse, opened_at(warehouse, "/titles"), LaunchList)
    frame = tile.joined(results, context)[0].frame
    title, name = frame.sort("value", descending=True).select("title_id", "title").row(0)
    return int(title), str(name)


def _without_runtime(results: Sequence[Result], title: int) -> list[Result]:
    runs = pl.when(pl.col("title_id") != title).then("title_minutes").alias("title_minutes")
    return [replace(results[0], frame=results[0].frame.with_columns(runs)), *results[1:]]
