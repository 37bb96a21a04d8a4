"""Explore in the browser: choosing, filtering, excluding, pivoting, exporting, going back."""

import csv
import re
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def board(page: Page, label: str) -> Locator:
    return page.locator(f".tile[data-title='{label}']")


def metric(page: Page, name: str) -> Locator:
    return page.locator(f".metric[data-metric='{name}']")


def value(page: Page, name: str) -> str:
    return metric(page, name).locator(".metric-value").inner_text()


def sheet(page: Page, title: str) -> Locator:
    """A table of the page, once it is painted."""
    tile = page.locator(f".tile[data-title^='{title}']")
    tile.scroll_into_view_if_needed()
    expect(tile).to_have_attribute("aria-busy", "false")
    return tile


def download(page: Page, tile: Locator, entry: str) -> Path:
    tile.scroll_into_view_if_needed()
    tile.locator(".tile-menu").click()
    with page.expect_download() as coming:
        page.get_by_role("menuitem", name=entry).click()
    return coming.value.path()


def test_a_click_on_a_leaderboard_filters_everything_and_again_takes_it_back(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    everything = value(page, "hours_viewed")
    first = board(page, "Country").locator(".leader-row").first
    label = first.locator(".leader-label").inner_text()
    first.click()
    settled(page)
    expect(page.locator(".chip", has_text=label)).to_be_visible()
    assert value(page, "hours_viewed") != everything
    assert board(page, "Country").locator(".leader").count() > 1
    board(page, "Country").locator(".leader.is-chosen .leader-row").click()
    settled(page)
    assert "country" not in query(page)
    assert value(page, "hours_viewed") == everything


def test_the_minus_of_a_row_excludes_it(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    first = board(page, "Device").locator(".leader").first
    label = first.locator(".leader-label").inner_text()
    first.hover()
    first.locator(".leader-not").click()
    settled(page)
    assert "device.not" in query(page)
    expect(page.locator(".chip.is-not", has_text=label)).to_be_visible()


def test_choosing_a_metric_and_adding_another(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    metric(page, "plays").locator(".metric-choose").click()
    settled(page)
    assert query(page)["metric"] == ["plays"]
    expect(board(page, "Plays by day").locator("h3")).to_have_text("Plays by day")
    metric(page, "accounts").hover()
    metric(page, "accounts").locator(".metric-add").click()
    settled(page)
    assert query(page)["metric"] == ["plays", "accounts"]
    expect(page.locator("#tile-1-0 h3")).to_have_text("Plays · Accounts by day")


def test_a_drag_over_any_of_the_charts_sets_the_period(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays&metric=accounts")
    lower = page.locator("#tile-1-0 .nsewdrag").last
    box = lower.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    page.wait_for_url(re.compile("period="))
    settled(page)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", query(page)["period"][0])


def test_a_dimension_is_opened_searched_and_closed(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    board(page, "Country").locator(".leaders-more").click()
    opened = sheet(page, "All of Country")
    rows = opened.locator("tbody tr:not(.is-total)")
    many = rows.count()
    opened.get_by_label("Find a value").fill("BR")
    page.wait_for_url(re.compile("find=BR"))
    expect(rows).to_have_count(1)
    assert many > 1
    expect(opened.get_by_label("Find a value")).to_be_focused()
    opened.get_by_role("button", name="Close").click()
    assert "open" not in query(page)
    expect(page.locator(".tile[data-title='All values']")).to_be_hidden()


def test_the_whole_table_of_a_dimension_is_reached_and_sorted_by_change(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays&open=title&limit=100")
    opened = sheet(page, "All of Title")
    rows = opened.locator("tbody tr:not(.is-total) th")
    total = opened.locator("tr.is-total").inner_text()
    seen: list[str] = []
    while True:
        seen += rows.all_inner_texts()
        onward = opened.get_by_role("button", name="Next 100")
        if not onward.count():
            break
        onward.click()
        page.wait_for_url(re.compile(f"skip={len(seen)}"))
        settled(page)
        expect(opened.locator(".sheet-more")).to_contain_text(f"{len(seen) + 1} to ")
        assert opened.locator("tr.is-total").inner_text() == total
    assert len(seen) > 300
    opened.get_by_role("button", name="Change").first.click()
    page.wait_for_url(re.compile("order=plays__relative"))
    settled(page)
    assert "skip" not in query(page)
    expect(opened.locator("th[aria-sort]")).to_contain_text("Change")


def test_pivot_totals_are_those_of_the_breakdown(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=accounts&by=country")
    plain = sheet(page, "Breakdown").locator("tr.is-total td").first.inner_text()
    page.get_by_role("button", name="+ Across").click()
    page.get_by_role("button", name="Device", exact=True).last.click()
    pivot = sheet(page, "Breakdown by Country × Device")
    expect(pivot.locator("table.pivot")).to_be_visible()
    assert query(page)["pivot"] == ["device"]
    exact = int(re.sub(r"\D", "", plain.split("\n")[0]))
    shown = pivot.locator("tr.is-total td").first.inner_text().split("\n")[0]
    assert near(shown, exact)
    heads = pivot.locator("tr.is-total td").all_inner_texts()[1:]
    assert sum(_amount(head.split("\n")[0]) for head in heads) > exact


def test_sorting_is_in_the_url_and_the_order_on_the_screen(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays&metric=startup_seconds&by=device")
    tile = sheet(page, "Breakdown")
    tile.locator("button.sort", has_text="Startup time").click()
    page.wait_for_url(re.compile("order=startup_seconds"))
    settled(page)
    expect(tile.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    column = (
        tile.locator("thead th")
        .all_inner_texts()
        .index(
            next(t for t in tile.locator("thead th").all_inner_texts() if t.startswith("Startup"))
        )
    )
    cells = tile.locator(f"tbody tr:not(.is-total) > :nth-child({column + 1}) .cell-text")
    seconds = [float(text.split()[0]) for text in cells.all_inner_texts()]
    assert seconds == sorted(seconds, reverse=True)


def test_back_and_reload_restore_every_choice(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    metric(page, "plays").locator(".metric-choose").click()
    settled(page)
    board(page, "Device").locator(".leader-row").first.click()
    settled(page)
    here, shown = page.url, value(page, "plays")
    page.go_back()
    settled(page)
    assert query(page) == {"metric": ["plays"]}
    assert value(page, "plays") != shown
    page.go_forward()
    settled(page)
    page.reload()
    settled(page)
    assert page.url == here
    assert value(page, "plays") == shown
    expect(metric(page, "plays")).to_have_class(re.compile("is-main"))


def test_a_copied_link_shows_another_person_their_own_rows(open_as: Open) -> None:
    link = "/explore?metric=hours_viewed&by=country"
    everything = open_as("Ada", link)
    some = open_as("Lucía", link)
    assert value(everything, "hours_viewed") != value(some, "hours_viewed")
    labels = board(some, "Country").locator(".leader-label").all_inner_texts()
    assert "United States" not in labels
    assert "Brazil" in labels


def test_hidden_numbers_are_not_listed_and_said_to_be_hidden_when_asked_for(open_as: Open) -> None:
    page = open_as("Theo", "/explore?metric=hours_viewed")
    expect(metric(page, "accounts")).to_have_count(0)
    assert value(page, "hours_viewed")
    page.goto("/explore?metric=accounts")
    settled(page)
    expect(page.locator("#tile-1-0")).to_contain_text("You do not have access to Accounts")
    page.locator("#tile-1-0").get_by_role("button", name="Show Hours viewed").click()
    settled(page)
    assert query(page)["metric"] == ["hours_viewed"]


def test_datasets_that_are_not_loaded_are_listed_with_how_to_load_them(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    page.locator(".chooser-dataset").click()
    top10 = page.locator(".dataset", has_text="playhead ingest netflix-top10")
    expect(top10).to_have_class(re.compile("is-greyed"))
    page.locator(".dataset", has_text="Searches").click()
    page.wait_for_url(re.compile("dataset=searches"))
    expect(page.locator(".chooser-dataset strong")).to_have_text("Searches")
    settled(page)
    assert page.locator(".leader-row").count() > 0
    page.go_back()
    expect(page.locator(".chooser-dataset strong")).to_have_text("Playback")


def test_a_metric_that_waits_for_a_parameter_offers_those_the_data_knows(open_as: Open) -> None:
    page = open_as("Ada", "/explore?dataset=impressions")
    page.locator(".metric-find").fill("ips_value")
    row = page.locator(".metric[data-metric='ips_value']")
    row.scroll_into_view_if_needed()
    row.locator(".metric-choose").click()
    options = page.get_by_role("dialog", name="policy").locator(".option")
    options.filter(has_text=re.compile("pvr", re.IGNORECASE)).first.click()
    page.wait_for_url(re.compile(r"with\.policy="))
    expect(page.locator(".metric[data-metric='ips_value'] .metric-value")).to_be_visible()


def test_on_a_screen_that_shows_everything_at_once_everything_is_answered(open_as: Open) -> None:
    page = open_as("Ada", "/explore")
    page.set_viewport_size({"width": 1440, "height": 6000})
    page.reload()
    expect(page.locator("#page .tile").nth(60)).to_be_attached()
    expect(page.locator("#page .tile[aria-busy='true']")).to_have_count(0, timeout=60_000)


def test_an_unknown_name_in_a_link_is_said_and_the_page_stands(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=hours&by=contry&country=US")
    expect(page.locator("#notices")).to_contain_text("There is no metric called “hours”")
    expect(page.locator("#notices")).to_contain_text("Did you mean “country”?")
    assert value(page, "hours_viewed")


def test_a_csv_holds_the_rows_of_the_screen_in_their_order(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=hours_viewed&metric=plays&by=country&device=tv")
    tile = sheet(page, "Breakdown")
    rows = tile.locator("tbody tr:not(.is-total)")
    seen = [text.split("\t") for text in rows.all_inner_texts()]
    file = download(page, tile, "Download CSV").read_text(encoding="utf-8-sig")
    held = list(csv.DictReader(StringIO(file)))
    assert len(held) == len(seen)
    labels = [cells[0].strip() for cells in seen]
    codes = [row["Country"] for row in held]
    assert len(set(codes)) == len(codes)
    assert [page.evaluate("c => playhead.facts().countries[c] ?? c", c) for c in codes] == labels
    told = [
        (c, float(r["Hours viewed"])) for c, r in zip(seen, held, strict=True) if r["Hours viewed"]
    ]
    hours = [hour for _, hour in told]
    assert len(hours) > 1
    assert hours == sorted(hours, reverse=True)
    assert all(near(cells[1].strip().split("\n")[0], hour) for cells, hour in told)


def test_a_pivot_is_exported_as_one_table(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays&by=country&pivot=device")
    tile = sheet(page, "Breakdown")
    heads = [head.strip() for head in tile.locator("thead th").all_inner_texts()]
    file = download(page, tile, "Download CSV").read_text(encoding="utf-8-sig")
    first, *rows = list(csv.reader(StringIO(file)))
    assert first[2:] == heads[2:]
    assert len(rows) == tile.locator("tbody tr:not(.is-total)").count()


def test_the_question_of_a_tile_can_be_copied_as_a_command(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays&by=device&country=US")
    tile = sheet(page, "Breakdown")
    tile.locator(".tile-menu").click()
    page.get_by_role("menuitem", name="Copy as playhead ask").click()
    expect(page.locator("#said")).to_have_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()")
    assert command.startswith("playhead ask playback plays --by device --where ")


def test_a_phone_shows_it_all_without_scrolling_sideways(open_as: Open) -> None:
    page = open_as("Ada", "/explore", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    board(page, "Country").locator(".leader-row").first.click()
    settled(page)
    assert "country" in query(page)


def _amount(text: str) -> float:
    """A number as the page writes it: `1.25 k`."""
    digits = text.strip().replace("\u2009", " ").split(" ")
    scale = {"k": 1e3, "M": 1e6, "B": 1e9}.get(digits[-1], 1.0)
    return float("".join(part for part in digits if part[0].isdigit())) * scale


def near(text: str, exact: float) -> bool:
    return abs(_amount(text) - exact) <= max(0.51, abs(exact) * 0.006)
