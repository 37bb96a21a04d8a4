"""How a metric is spread: the page whose URL is its state."""

import json
from pathlib import Path
from typing import Any

import pytest

from pages.distribution import PAGE
from portal.cli.run import run
from portal.drawing import Drawing
from portal.open_page import OpenPage, ask, open_page, shown
from portal.parts import open_warehouse
from portal.settings import Settings
from queries.dataset import Access
from queries.errors import UnsafeQuestion
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
CONTROLS, SAID, SHARES, BARS, NUMBERS = "tile-0-0", "tile-1-1", "tile-2-0", "tile-2-1", "tile-3-0"
FOUR_WEEKS = "?dataset=playback&period=last 28 days"


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    environment = {"PLAYHEAD_HOME": str(demo_home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    return open_warehouse(Settings.from_environment(environment))


def opened(warehouse: Warehouse, search: str) -> OpenPage:
    return open_page(PAGE, search, warehouse, Access())


def drawn(warehouse: Warehouse, search: str, name: str) -> Drawing:
    page = opened(warehouse, search)
    tile = page.tiles()[name]
    return tile.draw(ask(page, tile, warehouse, Access()), page.tile_context(tile))


def file(warehouse: Warehouse, search: str, name: str) -> list[dict[str, Any]]:
    page = opened(warehouse, search)
    tile = page.tiles()[name]
    (result,) = shown(page, tile, ask(page, tile, warehouse, Access()))
    return result.frame.to_dicts()


def test_two_periods_are_held_apart_where_the_url_names_no_groups(warehouse: Warehouse):
    content = drawn(warehouse, f"{FOUR_WEEKS}&metric=hours_viewed", SAID).content
    assert "Kolmogorov-Smirnov distance" in content["sentence"]
    found = drawn(warehouse, f"{FOUR_WEEKS}&metric=hours_viewed", SHARES).content
    assert found["layout"]["xaxis"]["title"]["text"] == "Hours viewed per account, h"
    assert len([t for t in found["data"] if t.get("name")]) == 2


def test_a_figure_that_is_not_known_is_a_dash(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=hours_viewed&device=tv"
    (table,) = drawn(warehouse, search, NUMBERS).content["tables"]
    texts = {row[0]["text"]: [cell["text"] for cell in row[1:]] for row in table["rows"]}
    assert texts["Share of exactly 0"] == ["–", "", "–", "", "–", ""]
    assert not [text for row in texts.values() for text in row if "nan" in text]


def test_nothing_compared_is_one_side(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=hours_viewed&compare=none"
    content = drawn(warehouse, search, SAID).content
    assert content["sentence"].startswith("Half of the ")
    assert {row["side"] for row in file(warehouse, search, NUMBERS)} != {"difference"}


def test_the_larger_group_is_looked_at_against_all_others(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=startup_seconds&by=device"
    controls = drawn(warehouse, search, CONTROLS).content["options"]
    assert [o["name"] for o in controls] == ["over", "by", "group", "against"]
    assert controls[2]["choices"][0]["value"] == "tv"
    sentence = drawn(warehouse, search, SAID).content["sentence"]
    assert "of TV and" in sentence
    assert "of all others" in sentence


def test_the_mean_of_rows_is_the_metric_that_averages_them(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=mean_startup_seconds&compare=none"
    rows = file(warehouse, search, NUMBERS)
    mean = next(row["value"] for row in rows if row["statistic"] == "Mean")
    page = opened(warehouse, search)
    (result,) = ask(page, page.tiles()["tile-1-0"], warehouse, Access())
    assert mean == pytest.approx(result.total["mean_startup_seconds"].item())


def test_bars_and_function_tell_the_same(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=startup_seconds&compare=none"
    bars, shares = file(warehouse, search, BARS), file(warehouse, search, SHARES)
    whole = sum(row["share"] for row in bars if row["share"] is not None)
    assert 0.95 < whole <= 1
    edge = bars[len(bars) // 4]["to"]
    below = sum(row["share"] or 0 for row in bars if row["to"] <= edge)
    nearest = min(shares, key=lambda row: abs(row["value"] - edge))
    assert below == pytest.approx(nearest["share"], abs=0.03)


def test_values_that_are_few_whole_numbers_are_all_on_the_axis(warehouse: Warehouse):
    search = "?dataset=churn&metric=members&period=last 3 months&compare=none"
    steps = [t for t in drawn(warehouse, search, SHARES).content["data"] if t.get("name")]
    assert [t["x"] for t in steps] == [[0.0, 1.0]]
    assert steps[0]["y"][-1] == 1
    drawing = drawn(warehouse, search, BARS)
    axis = drawing.content["layout"]["xaxis"]
    assert (axis["dtick"], axis["tickformat"]) == (1, ",~g"), "no 500 thousandths of an account"
    assert not drawing.notes, "nothing is beyond the picture"
    sentence = drawn(warehouse, search, SAID).content["sentence"]
    assert "one in ten 1 or more" in sentence


def test_a_metric_without_a_distribution_says_why(warehouse: Warehouse):
    search = f"{FOUR_WEEKS}&metric=accounts"
    assert len(opened(warehouse, search).tiles()) == 2
    with pytest.raises(UnsafeQuestion, match="counts each of its accounts once"):
        drawn(warehouse, search, "tile-0-1")


def test_an_unknown_value_or_metric_is_said_and_not_fatal(warehouse: Warehouse):
    page = opened(warehouse, f"{FOUR_WEEKS}&metric=nonsense")
    assert "Showing" in page.page.notices[0]
    search = f"{FOUR_WEEKS}&metric=hours_viewed&by=device&group=nonsense"
    assert drawn(warehouse, search, SHARES).kind == "empty"


def test_the_command_says_what_the_page_does(
    demo_home: Path,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("PLAYHEAD_HOME", str(demo_home))
    command = ["distribution", "playback", "hours_viewed", "--compare", "previous"]
    assert run([*command, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = file(warehouse, f"{FOUR_WEEKS}&metric=hours_viewed", NUMBERS)
    of_page = [(row["value"], row["low"]) for row in rows if row["statistic"] == "Median"]
    medians = [*(side["statistics"]["p50"] for side in found["sides"]), found["difference"]["p50"]]
    assert [(m["value"], m["low"]) for m in medians] == [pytest.approx(one) for one in of_page]
    assert run(command) == 0
    printed = capsys.readouterr().out
    assert (
        drawn(warehouse, f"{FOUR_WEEKS}&metric=hours_viewed", SAID).content["sentence"] in printed
    )
    assert run([*command, "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 1
    assert run(["distribution", "playback", "accounts"]) == 2
    assert "counts each of its accounts once" in capsys.readouterr().err
