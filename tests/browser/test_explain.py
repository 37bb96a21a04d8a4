"""From a number that changed to why: a click, a menu, a link that opens the same again."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settled


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_click_on_a_change_explains_it_and_the_link_opens_it_again(open_as: Open) -> None:
    page = open_as("Ada")
    page.locator("#tile-1-0 .delta-why").click()
    page.wait_for_url(re.compile("/explain"))
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Why did hours viewed change?")
    expect(page.locator(".part.is-total")).to_have_count(1)
    page.locator(".reason", has_text="Device").click()
    settled(page)
    assert query(page)["by"] == ["device"]
    shown = page.locator(".parts").inner_text()
    assert "TV" in shown
    page.reload()
    settled(page)
    assert page.locator(".parts").inner_text() == shown


def test_the_menus_of_a_tile_and_of_a_mark_lead_there(open_as: Open) -> None:
    page = open_as("Ada")
    tile = page.locator("#tile-2-1")
    tile.hover()
    tile.locator(".tile-menu").click()
    page.get_by_role("menuitem", name="Explain this change").click()
    page.wait_for_url(re.compile("/explain"))
    settled(page)
    assert query(page)["metric"] == ["hours_viewed"]
    page.go_back()
    settled(page)
    tile.locator(".bar-row").first.click(button="right")
    page.get_by_role("menuitem", name="Explain this change").click()
    settled(page)
    assert query(page)["device"] == ["tv"]


def test_a_finding_is_read_first_and_leads_to_its_parts(open_as: Open) -> None:
    page = open_as("Ada")
    finding = page.locator(".finding", has_text="Good plays").filter(has_text="fell")
    expect(finding).to_contain_text("TV")
    finding.locator(".finding-open").click()
    settled(page)
    assert query(page)["metric"] == ["good_play_rate"]
    expect(page.locator(".part.is-total")).to_contain_text("pt")
