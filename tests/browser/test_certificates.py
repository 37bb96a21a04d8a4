"""A metric is certified in the catalogue, and its tiles say so."""

import pytest
from playwright.sync_api import Page, expect

from portal.components.format import day
from portal.store.store import utc_now
from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser

NAME = "playback.recommendation_share"
LABEL = "Share of hours from recommendations"


def catalogue(page: Page) -> None:
    settled(page)
    page.locator(".tile").last.scroll_into_view_if_needed()
    page.locator(".catalog-metric").first.wait_for()


def test_what_is_certified_in_the_catalogue_bears_its_mark_on_the_tile(open_as: Open) -> None:
    editor, reader = open_as("Priya", "/health?find=recommendations"), open_as("Kenji", "/rankers")
    catalogue(editor)
    row = editor.locator(f'[data-metric="{NAME}"]')
    row.locator("summary").focus()
    editor.keyboard.press("Enter")
    row.get_by_role("button", name="Certify this definition").click()
    expect(row.locator(".certified-mark")).to_have_text(" ✓ certified")
    find = editor.get_by_label("Find a metric")
    find.fill("nothing of this name")
    expect(editor.locator(".catalog-none")).to_contain_text("No metric has")
    find.fill("recommendations")
    reader.reload()
    settled(reader)
    tile = reader.locator(".tile", has=reader.get_by_role("heading", name=LABEL)).first
    mark = tile.locator(".certified-mark")
    expect(mark).to_have_attribute("title", f"Certified by Priya Raman on {day(utc_now().date())}")
    tile.locator(".tile-menu").click()
    reader.get_by_role("menuitem", name="Definition").click()
    expect(reader.locator(".certified-line")).to_contain_text("Certified by Priya Raman")
    row.get_by_role("button", name="Take the certificate back").click()
    expect(row.locator(".certified-mark")).to_have_count(0)
