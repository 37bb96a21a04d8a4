"""From a mark to the rows behind it, back, in another person's browser, and into a file."""

import csv
import re
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settled
from tests.browser.test_explore import board, download, near

pytestmark = pytest.mark.browser


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def counted(page: Page) -> int:
    """How many rows the page says there are."""
    text = page.locator(".rows-count").inner_text()
    found = re.search(r"of ([\d\u2009]+)", text)
    assert found is not None
    return int(found[1].replace("\u2009", ""))


def see_rows(page: Page, mark: Locator) -> None:
    mark.click(button="right")
    page.get_by_role("menuitem", name="See rows").click()
    page.wait_for_url(re.compile("/rows"))
    expect(page.locator(".rows-count")).to_be_visible()


def column(page: Page, name: str) -> list[str]:
    heads = page.locator("table.rows thead th").all_inner_texts()
    at = next(i for i, head in enumerate(heads) if head.split(" ")[0] == name)
    return page.locator(f"table.rows tbody td:nth-child({at + 1})").all_inner_texts()


def test_rows_of_a_bar_are_counted_as_the_bar_is_and_back_returns(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays&period=last 7 days")
    here = page.url
    bar = board(page, "Device").locator(".leader-row").first
    label = bar.get_attribute("aria-label")
    assert label is not None
    see_rows(page, bar)
    assert query(page)["device"] == ["tv"]
    assert set(column(page, "device")) == {"tv"}
    _, _, basis = label.rpartition(", n ")
    assert near(basis, counted(page))
    expect(page.locator("table.rows thead")).not_to_contain_text("account_id")
    page.go_back()
    settled(page)
    assert page.url == here


def test_a_page_on_is_in_the_url_and_another_filter_begins_anew(open_as: Open) -> None:
    page = open_as("Ada", "/rows?dataset=playback&period=last 7 days")
    first = column(page, "session_id")
    page.get_by_role("button", name="Older").click()
    page.wait_for_url(re.compile("skip=100"))
    expect(page.locator(".rows-count strong")).to_have_text("101 to 200")
    assert not set(first) & set(column(page, "session_id"))
    page.reload()
    settled(page)
    expect(page.locator(".rows-count strong")).to_have_text("101 to 200")
    page.evaluate("playhead.view.set({ country: ['BR'] })")
    settled(page)
    expect(page.locator(".rows-count strong")).to_have_text("1 to 100")
    assert "skip" not in query(page)


def test_a_link_to_rows_shows_another_person_their_own(open_as: Open) -> None:
    link = "/rows?dataset=playback&period=last 7 days"
    everything = open_as("Ada", link)
    some = open_as("Lucía", link)
    assert counted(some) < counted(everything)
    assert "US" in column(everything, "country")
    assert "US" not in column(some, "country")
    theo = open_as("Theo", link)
    expect(theo.locator("table.rows thead")).not_to_contain_text("outcome")
    expect(theo.locator(".tile-foot")).to_contain_text("Without outcome")
    assert counted(theo) == counted(everything)


def test_rows_of_a_tile_of_a_cell_and_of_a_day(open_as: Open) -> None:
    page = open_as("Ada", "/when-where?country=BR")
    cell = page.locator(".heat-cell:not(.is-none)").first
    cell.scroll_into_view_if_needed()
    see_rows(page, cell)
    assert query(page)["country"] == ["BR"]
    assert len(query(page)) == 5, "dataset, period, country and the two of the cell"
    page.go_back()
    settled(page)
    tile = page.locator(".tile:has(.tile-menu)").first
    tile.locator(".tile-menu").click()
    page.get_by_role("menuitem", name="See rows").click()
    page.wait_for_url(re.compile("/rows"))
    expect(page.locator(".rows-count")).to_be_visible()
    page.goto("/explore")
    settled(page)
    box = page.locator("#tile-1-0 .nsewdrag").first.bounding_box()
    assert box is not None
    spot = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*spot)
    page.mouse.move(spot[0] + 2, spot[1])
    expect(page.locator("#tile-1-0 .hoverlayer text").first).to_be_attached()
    page.mouse.click(spot[0] + 2, spot[1], button="right")
    page.get_by_role("menuitem", name="See rows").click()
    page.wait_for_url(re.compile("/rows"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", query(page)["period"][0])


def test_rows_are_exported_with_the_filters_of_the_page(open_as: Open) -> None:
    page = open_as("Lucía", "/rows?dataset=playback&period=last 7 days&device=phone")
    text = download(page, page.locator("#tile-0-0"), "Download CSV").read_text("utf-8-sig")
    held = list(csv.DictReader(StringIO(text)))
    assert len(held) == counted(page)
    assert {row["device"] for row in held} == {"phone"}
    assert "US" not in {row["country"] for row in held}


def test_a_mark_is_broken_down_and_copied(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=plays")
    bar = board(page, "Country").locator(".leader-row").first
    bar.click(button="right")
    page.get_by_role("menuitem", name="Copy as Python").click()
    expect(page.locator("#said")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "playhead.ask('playback', 'plays', by=['country'], where=\"country = " in copied
    bar.click(button="right")
    page.get_by_role("menuitem", name="Break down by").click()
    page.get_by_role("dialog", name="Break down by").get_by_text("Device", exact=True).click()
    page.wait_for_url(re.compile("by=device"))
    assert query(page)["metric"] == ["plays"]
    assert len(query(page)["country"]) == 1


def test_rows_can_be_read_on_a_phone(open_as: Open) -> None:
    page = open_as("Ada", "/rows?dataset=playback", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".rows-count")).to_be_visible()
