"""Why a number changed: the page whose URL is its state, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pages.explain import PAGE
from portal.cli.run import run
from portal.explore.explained import explained
from portal.open_page import OpenPage, ask, open_page, shown
from portal.parts import open_warehouse
from portal.settings import Settings
from queries.dataset import Access
from queries.errors import QueryError
from queries.question import Question
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
REASONS, PARTS = "tile-0-1", "tile-1-0"
FOUR_WEEKS = "?dataset=playback&period=last 28 days"


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    environment = {"PLAYHEAD_HOME": str(demo_home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    return open_warehouse(Settings.from_environment(environment))


def opened(warehouse: Warehouse, search: str) -> OpenPage:
    return open_page(PAGE, search, warehouse, Access())


def drawn(warehouse: Warehouse, search: str, name: str = PARTS) -> dict[str, Any]:
    page = opened(warehouse, search)
    tile = page.tiles()[name]
    results = ask(page, tile, warehouse, Access())
    return dict(tile.draw(results, page.tile_context(tile)).content)


def test_a_link_names_the_metric_the_dimension_and_the_filters(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=minutes_per_play&by=device&country=US"
    page = opened(warehouse, search)
    assert page.page.title == "Why did minutes per play change?"
    content = drawn(warehouse, search)
    assert content["dimension"] == "Device"
    assert content["rows"][0]["label"] == "TV"
    assert content["total"]["mix"]["text"]


def test_the_parts_add_up_to_the_change_of_the_headline(warehouse: Warehouse):
    for metric in ("hours_viewed", "minutes_per_play"):
        content = drawn(warehouse, f"{FOUR_WEEKS}&metric={metric}&by=source")
        parts = sum(row["value"] for row in content["rows"])
        assert parts == pytest.approx(content["total"]["value"], abs=1e-9 * 1e5)
        page = opened(warehouse, f"{FOUR_WEEKS}&metric={metric}")
        headline = page.tiles()["tile-0-0"]
        (result,) = ask(page, headline, warehouse, Access())
        row = result.total.row(0, named=True)
        assert content["total"]["value"] == pytest.approx(row[f"{metric}__delta"])
        assert content["total"]["low"] == pytest.approx(row[f"{metric}__delta_low"])


def test_dimensions_come_in_the_order_of_what_they_explain(warehouse: Warehouse):
    content = drawn(warehouse, f"{FOUR_WEEKS}&metric=good_play_rate", REASONS)
    shares = [row["share"] for row in content["rows"]]
    assert shares == sorted(shares, reverse=True)
    assert content["rows"][0]["is_chosen"]
    assert content["rows"][0]["label"] == "Device"


def test_a_release_that_starts_slowly_on_tv_is_told_by_the_parts(warehouse: Warehouse):
    content = drawn(warehouse, f"{FOUR_WEEKS}&metric=good_play_rate&by=device")
    first = content["rows"][0]
    assert first["label"] == "TV"
    assert first["tone"] == "bad"
    assert float(first["of_change"].rstrip("%")) > 80


def test_accounts_by_device_are_refused_with_the_change_of_each(warehouse: Warehouse):
    content = drawn(warehouse, f"{FOUR_WEEKS}&metric=accounts&by=device")
    assert "may be in several" in content["banner"]["text"]
    assert content["total"] is None
    assert len(content["rows"]) == 4
    by_country = drawn(warehouse, f"{FOUR_WEEKS}&metric=accounts&by=country")
    assert by_country["total"]["text"]


def test_a_quantile_is_refused_with_the_change_of_each(warehouse: Warehouse):
    content = drawn(warehouse, f"{FOUR_WEEKS}&metric=startup_seconds&by=device")
    assert "quantile" in content["banner"]["text"]
    assert content["rows"][0]["text"]


def test_nothing_compared_is_said(warehouse: Warehouse):
    content = drawn(warehouse, f"{FOUR_WEEKS}&metric=hours_viewed&by=device&compare=none")
    assert "Nothing is compared" in content["message"]
    far = drawn(warehouse, "?dataset=playback&metric=hours_viewed&by=device&period=all")
    assert "no data before" in far["message"]


def test_names_that_do_not_exist_are_said(warehouse: Warehouse):
    page = opened(warehouse, "?dataset=playback&metric=hour_viewed")
    assert "Did you mean “hours_viewed”" in page.page.notices[0]


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"compare": "none"}, "invalid_query", "Nothing is compared"),
        ({"compare": "2019-01-01 to 2019-01-28"}, "invalid_query", "Compare with a period"),
        ({"metrics": ("accounts",)}, "adds_distinct", "--by device --compare previous has"),
        ({"metrics": ("startup_seconds",)}, "adds_distinct", "playhead ask playback"),
        ({"where": "title = 'nothing like it'"}, "invalid_query", "have rows"),
    ],
)
def test_every_refusal_keeps_its_own_code_and_hint(
    warehouse: Warehouse, asked: dict[str, Any], code: str, said: str
):
    question = Question(
        dataset="playback",
        metrics=("good_play_rate",),
        period="last 28 days",
        compare="previous",
    )
    with pytest.raises(QueryError) as refused:
        explained(replace(question, **asked), "device", warehouse, Access())
    assert refused.value.code == code
    assert said in f"{refused.value.message} {refused.value.hint}"


def test_the_command_says_the_parts_and_what_explains_most(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PLAYHEAD_HOME", str(demo_home))
    assert run(["explain", "playback", "good_play_rate", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["by"] == "device"
    assert found["parts"][0]["value"] == "tv"
    parts = sum(part["part"]["value"] for part in found["parts"])
    assert parts == pytest.approx(found["now"] - found["before"], abs=1e-12)
    assert run(["explain", "playback", "hours_viewed", "--by", "device"]) == 0
    assert "All together" in capsys.readouterr().out
    assert run(["explain", "playback", "accounts", "--by", "device"]) == 2
    assert "may be in several" in capsys.readouterr().err


def test_a_change_of_what_a_membership_is_worth_is_that_of_those_who_joined(
    warehouse: Warehouse,
):
    search = "?dataset=cohorts&metric=membership_value_usd&period=last 8 months&by=plan"
    page = opened(warehouse, search)
    assert page.assumed == ()
    headline = page.tiles()["tile-0-0"]
    results = ask(page, headline, warehouse, Access())
    assert headline.draw(results, page.tile_context(headline)).kind == "number"
    content = drawn(warehouse, search, "tile-2-0")
    assert "no total and no ratio of totals" in content["banner"]["text"]
    assert {row["label"] for row in content["rows"]} == {"Ads", "Basic", "Standard", "Premium"}
    plain = opened(warehouse, "?dataset=cohorts&metric=cohort_survival&period=last 8 months")
    assert [choice.name for choice in plain.assumed] == ["months_since"]


def test_a_value_of_too_few_months_is_said_to_have_too_little_behind_it(warehouse: Warehouse):
    search = "?dataset=cohorts&metric=membership_value_usd&period=last 12 weeks"
    assert "do not say enough" in drawn(warehouse, search, "tile-0-0")["message"]


def test_the_change_of_a_value_is_split_into_pay_and_months(warehouse: Warehouse):
    search = "?dataset=cohorts&metric=membership_value_usd&period=last 8 months"
    page = opened(warehouse, search)
    (headline,) = ask(page, page.tiles()["tile-0-0"], warehouse, Access())
    moved = page.tiles()["tile-1-0"]
    (table,) = shown(page, moved, ask(page, moved, warehouse, Access()))
    change, pay, months = table.frame["value"]
    row = headline.total.row(0, named=True)
    assert change == pytest.approx(row["membership_value_usd__delta"], rel=1e-4)
    ends = [row[f"membership_value_usd__delta_{end}"] for end in ("low", "high")]
    assert table.frame.row(0)[2:] == pytest.approx(ends, rel=1e-3)
    assert pay + months == pytest.approx(change, rel=1e-9)
    scores = drawn(warehouse, search, "tile-1-0")["scores"]
    assert [score["value"][0] in "+−±" for score in scores] == [True] * 3
    assert "tile-2-0" not in opened(warehouse, f"{FOUR_WEEKS}&metric=plays").tiles()
    assert (
        "Nothing is compared" in drawn(warehouse, f"{search}&compare=none", "tile-1-0")["message"]
    )
