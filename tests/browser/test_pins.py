"""Headlines pinned to the top of Pulse; the URL holds them, and nothing else does."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser


def choose(page: Page, title: str, entry: str) -> None:
    page.get_by_role("button", name=f"What to do with “{title}”").first.click()
    page.get_by_role("menuitem", name=entry).click()


def test_a_pin_survives_reload_and_back_and_is_unpinned_by_the_same_menu(open_as: Open) -> None:
    page = open_as("Ada", "/?compare=none")
    settled(page)
    pinned = page.locator(".section", has=page.get_by_role("heading", name="Pinned"))
    choose(page, "Good plays", "Pin to the top of Pulse")
    page.wait_for_url("**pin=playback.good_play_rate**")
    expect(pinned.locator(".number-value")).to_have_count(1)
    page.reload()
    settled(page)
    expect(pinned.locator(".number-value")).to_have_count(1)
    assert "compare=none" in page.url
    page.go_back()
    expect(pinned).to_have_count(0)
    page.go_forward()
    expect(pinned.locator(".number-value")).to_have_count(1)
    choose(page, "Good plays", "Unpin")
    expect(pinned).to_have_count(0)
    assert "pin=" not in page.url


def test_a_sparkline_is_pinned_as_a_number(open_as: Open) -> None:
    page = open_as("Ada", "/")
    settled(page)
    page.get_by_role("button", name="What to do with “Search”").scroll_into_view_if_needed()
    expect(page.locator(".sparkline", has_text="Search success")).to_be_visible()
    choose(page, "Search", "Pin to the top of Pulse")
    page.wait_for_url("**pin=searches.search_success_rate")
    pinned = page.locator(".section", has=page.get_by_role("heading", name="Pinned"))
    pinned.scroll_into_view_if_needed()
    expect(pinned.locator(".number-value")).to_have_count(1)


def test_a_number_of_another_page_is_pinned_beside_those_there_were(open_as: Open) -> None:
    page = open_as("Kenji", "/?pin=playback.plays")
    page.get_by_role("link", name="Playback quality").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Playback quality")
    settled(page)
    choose(page, "Bitrate", "Pin to the top of Pulse")
    page.wait_for_url("**pin=playback.plays&pin=playback.bitrate_kbps**")
    settled(page)
    pinned = page.locator(".section", has=page.get_by_role("heading", name="Pinned"))
    expect(pinned.locator("h3")).to_have_text(["Plays", "Bitrate"])
    page.reload()
    settled(page)
    expect(pinned.locator(".number-value")).to_have_count(2)
