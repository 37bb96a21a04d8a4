"""What tiles make of an answer of a few rows: flows, and what was too little to tell."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from portal.context import Context, Extent, resolve
from portal.routing import discover
from portal.tiles.image_effects import ExploringCost, ImageEffects
from portal.tiles.searching import QueryFlows
from portal.view import View
from queries.catalog import builtin
from queries.model import Query, Result

EXTENT = Extent(date(2026, 1, 1), date(2026, 6, 30), "v1")


def context(path: str) -> Context:
    page = discover("pages")[path]
    return resolve(View(), page, builtin().dataset(page.datasets[0]), EXTENT)


def answer(query: Query, *rows: dict[str, Any]) -> Result:
    frame = pl.DataFrame(list(rows))
    return Result(
        query=query, frame=frame, total=frame.clear(), data_version="v1", source="raw",
        table="t", sql="", took_ms=1.0,
    )  # fmt: skip


def flow(query: str, title: str, searches: float, accounts: int) -> dict[str, Any]:
    ends = {"searches_succeeded__low": searches - 5, "searches_succeeded__high": searches + 5}
    return {
        "query": query, "title": title, "searches_succeeded": searches, "accounts": accounts,
        "small": "few" if accounts < 200 else None, **ends,
    }  # fmt: skip


def test_flows_are_as_large_as_they_are_and_say_so():
    here, tile = context("/search"), QueryFlows()
    (query,) = tile.questions(here)
    drawn = tile.draw(
        [
            answer(
                query,
                flow("heist", "Big Heist", 400, 320),
                flow("heist", "Small Heist", 90, 80),
                flow("the b", "Big Heist", 30, 25),
            )
        ],
        here,
    )
    content = drawn.content
    assert [n["filter"] for n in content["left"]] == ["heist", "the b"]
    assert [n["filter"] for n in content["right"]] == ["Big Heist", "Small Heist"]
    assert [(f["from"], f["to"], f["value"], f["few"]) for f in content["flows"]] == [
        (0, 0, 400, False),
        (0, 1, 90, True),
        (1, 0, 30, True),
    ]
    assert content["flows"][0]["tip"][1:] == ["95 % interval 395 to 405", "320 accounts"]


def test_queries_of_a_handful_of_accounts_are_not_even_asked_for():
    (query,) = QueryFlows().questions(context("/search"))
    first = query.thresholds[0]
    assert (first.metric, first.operation, first.value) == ("accounts", ">=", 10)


@pytest.mark.parametrize(("half", "is_said"), [(0.002, True), (0.0005, False)])
def test_an_effect_that_is_not_told_apart_says_what_it_takes(half: float, is_said: bool):
    here, tile = context("/artwork"), ImageEffects()
    effects, random = tile.questions(here)
    row = {
        f"{m.name}{end}": 0.001 + sign * half
        for m in effects.metrics
        for end, sign in (("", 0), ("__low", -1), ("__high", 1))
    }
    shown = {"seen_impressions": 10_000.0, "plays": 500.0, "take_rate": 0.05}
    notes = tile.draw([answer(effects, row), answer(random, shown)], here).notes
    assert any("Not told apart" in note for note in notes) is is_said
    if is_said:
        said = notes[-1].replace("\u2009", " ")
        assert "10.0 k images shown at random" in said
        assert "Faces against none 0.28 pt (3.19 k)" in said


@pytest.mark.parametrize(
    ("low", "high", "is_said"), [(-40.0, 60.0, True), (10.0, 60.0, False), (-60.0, -10.0, False)]
)
def test_a_regret_is_unknown_only_where_it_may_be_none(low: float, high: float, is_said: bool):
    here, tile = context("/artwork"), ExploringCost()
    weeks, random = tile.questions(here)
    name = weeks.metrics[0].name
    row = {
        here.time.name: date(2026, 6, 1),
        name: (low + high) / 2,
        f"{name}__low": low,
        f"{name}__high": high,
    }
    shown = {"seen_impressions": 10_000.0, "plays": 500.0, "take_rate": 0.05}
    notes = tile.draw([answer(weeks, row), answer(random, shown)], here).notes
    assert any("not told apart from none" in note for note in notes) is is_said
