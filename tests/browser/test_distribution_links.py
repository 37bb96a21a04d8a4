"""From a number to how it is spread: by the menus of a tile and of a mark, and apart by groups."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settled


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_menu_of_a_tile_leads_to_its_distribution_and_groups_are_held_apart(
    open_as: Open,
) -> None:
    page = open_as("Ada")
    tile = page.locator("#tile-2-1")
    tile.hover()
    tile.locator(".tile-menu").click()
    page.get_by_role("menuitem", name="See the distribution").click()
    page.wait_for_url(re.compile("/distribution"))
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Distribution of hours viewed")
    expect(page.locator(".verdict-sentence")).to_contain_text("Kolmogorov-Smirnov distance")
    page.locator("select[data-option=by]").select_option("device")
    settled(page)
    assert query(page)["by"] == ["device"]
    expect(page.locator(".verdict-sentence")).to_contain_text("of all others")


def test_the_menu_of_a_mark_keeps_the_mark(open_as: Open) -> None:
    page = open_as("Ada")
    page.locator("#tile-2-1 .bar-row").first.click(button="right")
    page.get_by_role("menuitem", name="See the distribution").click()
    page.wait_for_url(re.compile("/distribution"))
    settled(page)
    assert query(page)["device"] == ["tv"]
    assert query(page)["metric"] == ["hours_viewed"]
