"""Findings on the demo company: what was planted is named, in words that claim no cause."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

import polars as pl
import pytest

from pages import explain, pulse, rankers, titles, when_where
from portal.components import sentence
from portal.open_page import ask, open_page
from portal.page import Page, Section
from portal.parts import open_warehouse
from portal.settings import Settings
from portal.tiles import Breakdown, Findings, Headline
from portal.tiles.findings import comparisons
from queries.analyses.findings import Evidence
from queries.catalog import builtin
from queries.dataset import Access
from queries.period import Period
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
TILE = "tile-0-0"
PAGES = {p.path: p for p in (pulse.PAGE, rankers.PAGE, titles.PAGE, when_where.PAGE)}


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    environment = {"PLAYHEAD_HOME": str(demo_home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    return open_warehouse(Settings.from_environment(environment))


def page_of(*metrics: str, by: tuple[str, ...]) -> Page:
    """A page about playback with nothing but findings."""
    tile = Findings(only=metrics, by=by)
    section = Section(tiles=(tile,))
    plain = replace(pulse.PAGE, arrange=None, arranged_by=(), become=None)
    return replace(plain, sections=(section,), datasets=("playback",))


def drawn(
    warehouse: Warehouse, page: Page, search: str = "", access: Access | None = None
) -> dict[str, Any]:
    access = access or Access()
    opened = open_page(page, search, warehouse, access)
    tile = opened.tiles()[TILE]
    results = ask(opened, tile, warehouse, access)
    return dict(tile.draw(results, opened.tile_context(tile)).content)


def said(claim: dict[str, Any]) -> str:
    parts = ("subject", "verb", "size", "interval", "against", "reason", "caution")
    return " ".join(str(claim[part]) for part in parts)


def test_pulse_names_the_release_that_starts_slowly_on_tv(warehouse: Warehouse):
    content = drawn(warehouse, pulse.PAGE)
    claim = next(c for c in content["claims"] if c["subject"].startswith("Good plays"))
    assert "TV" in said(claim)
    assert claim["verb"] == "fell"
    assert claim["tone"] == "bad"
    assert claim["evidence"] == "descriptive"
    assert ["metric", "good_play_rate"] in [list(pair) for pair in claim["explain"]]


def test_the_outage_is_claimed_in_its_days_on_its_network(warehouse: Warehouse):
    truths = pl.read_parquet(list(warehouse.snapshot().files("truths")))
    (period,) = truths.filter(pl.col("name") == "outage")["period"]
    page = page_of("start_failure_rate", by=("country", "cdn"))
    (claim,) = drawn(warehouse, page, f"?period={period}&cdn=edge_b")["claims"]
    assert claim["subject"].startswith("Failed starts")
    assert (claim["verb"], claim["tone"]) == ("rose", "bad")
    start, _, _ = period.partition(" to ")
    before = date.fromisoformat(start) - timedelta(7)
    assert f"{before.day}" in claim["against"]


def test_a_value_of_several_plain_words_stands_in_quotes():
    dataset = builtin().dataset("playback")
    said = {
        name: sentence.slice_of(dataset.dimension(name), value)
        for name, value in (("tenure", "over a year"), ("plan", "ads"), ("country", "BR"))
    }
    assert said == {
        "tenure": "for tenure “over a year”",
        "plan": "for plan Ads",
        "country": "in Brazil",
    }


def test_pages_that_nothing_was_planted_in_say_so(warehouse: Warehouse):
    content = drawn(warehouse, rankers.PAGE)
    assert not content["claims"]
    assert content["silence"].startswith("Nothing moved beyond noise; the largest change is ")
    assert "95 %" in content["silence"]
    assert content["basis"].split()[0].isdigit()


def test_data_that_does_not_reach_back_is_compared_with_nothing(warehouse: Warehouse):
    content = drawn(warehouse, titles.PAGE)
    assert content["silence"] == "Nothing can be compared here."
    assert content["basis"] == ""


def test_a_chosen_comparison_is_the_only_one(warehouse: Warehouse):
    opened = open_page(pulse.PAGE, "?period=last 14 days", warehouse, Access())
    context = opened.context
    assert [c.kind for c in comparisons(context)] == ["previous"]
    chosen = "?period=last 14 days&compare=2026-10-01 to 2026-10-14"
    context = open_page(pulse.PAGE, chosen, warehouse, Access()).context
    assert [c.kind for c in comparisons(context)] == ["custom"]


def test_whole_months_are_held_against_whole_months_where_the_view_is_cut_by_months(
    warehouse: Warehouse,
):
    search = "?period=2026-10-01 to 2026-10-31&grain="

    def earlier(grain: str) -> Period:
        context = open_page(pulse.PAGE, search + grain, warehouse, Access()).context
        long_known = replace(context.extent, first=date(2026, 1, 1))
        return comparisons(replace(context, extent=long_known))[0].period

    months, days = earlier("month"), earlier("day")
    assert (months.start, months.end) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (days.start, days.end) == (date(2026, 8, 27), date(2026, 9, 26))


def test_weekdays_are_held_against_the_same_weekdays(warehouse: Warehouse):
    search = "?period=2026-11-01 to 2026-11-10"
    context = open_page(pulse.PAGE, search, warehouse, Access()).context
    (compare,) = comparisons(context)
    assert context.period is not None
    assert (context.period.start - compare.period.start).days == 14
    assert compare.period.days == context.period.days


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_what_was_only_seen_is_never_said_to_be_caused(warehouse: Warehouse, page: Page):
    content = drawn(warehouse, page)
    texts = [said(claim) for claim in content["claims"]] + [content["silence"]]
    words = " ".join(texts).lower()
    assert not [word for word in sentence.CAUSAL if word in words]


def test_the_word_lists_of_what_is_seen_and_of_what_is_caused_are_apart():
    for evidence, words in sentence.WORDS.items():
        is_causal = any(w in sentence.CAUSAL for w in (words.rose, words.fell, words.makes))
        assert is_causal == (evidence in ("randomised", "quasi-experiment"))
    assert set(get_args(Evidence)) == set(sentence.WORDS)


def test_numbers_hidden_from_a_person_are_not_candidates(warehouse: Warehouse):
    hidden = Access(
        hidden=warehouse.dataset("playback").metric("hours_viewed").formula.aggregates()
    )
    everything, less = drawn(warehouse, pulse.PAGE), drawn(warehouse, pulse.PAGE, access=hidden)
    assert int(less["basis"].split()[0]) < int(everything["basis"].split()[0])
    assert not [c for c in less["claims"] if "Hours" in c["subject"]]


def test_a_finding_leads_to_its_explanation_with_the_same_dates(warehouse: Warehouse):
    claim = drawn(warehouse, pulse.PAGE)["claims"][0]
    link = dict(claim["explain"])
    opened = open_page(explain.PAGE, "?" + urlencode(claim["explain"]), warehouse, Access())
    assert str(opened.context.period) == link["period"]
    assert opened.context.compare is not None
    assert str(opened.context.compare.period) == link["compare"]
    assert not opened.all_notices()


def test_it_speaks_of_the_headlines_and_without_any_of_the_first_tile(warehouse: Warehouse):
    contexts = {"playback": open_page(pulse.PAGE, "", warehouse, Access()).context}
    table, headline = Breakdown(metrics=("plays", "views"), by="title"), Headline(metric="plays")
    of_table = Findings().within((table,), ("country",), contexts)
    assert of_table.asked == (("playback", "plays"), ("playback", "views"))
    assert of_table.by == ("country",)
    assert Findings().within((table, headline), (), contexts).asked == (("playback", "plays"),)
    named = Findings(only=("playback.views",), by=("plan",))
    assert named.within((headline,), ("country",), contexts).asked == (("playback", "views"),)
