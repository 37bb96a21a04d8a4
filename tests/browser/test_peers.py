"""From a mark to its group among its peers, by mouse and by keyboard, and back."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser


def test_the_menu_of_a_mark_leads_to_its_peers_and_the_url_holds_them(open_as: Open) -> None:
    page = open_as("Ada", "/?plan.not=ads&period=last+80+days&compare=none")
    page.locator(".tile", has_text="On which device?").locator(".bar-row").first.click(
        button="right"
    )
    entry = page.get_by_role("menuitem", name="Compare with peers")
    entry.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/peers?**")
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["by"], query["plan.not"]) == (["device"], ["ads"])
    expect(page.get_by_role("heading", level=1)).to_have_text("TV among its peers")
    expect(page.locator("#tile-0-0 .number-against")).to_contain_text("peers")
    expect(page.locator("#tile-1-0 tbody tr")).to_have_count(4)
    page.reload()
    settled(page)
    expect(page.locator("#tile-0-0 .number-against")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pulse")
