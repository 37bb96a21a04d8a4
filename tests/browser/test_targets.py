"""A target in the browser: set by who answers for the metric, read by everybody."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser

HEADLINE = "#tile-1-3"


def target(page: Page) -> None:
    page.locator(f"{HEADLINE} .tile-menu").click()
    page.get_by_role("menuitem", name="Target").click()


def test_a_target_is_set_by_who_may_and_shown_to_all(open_as: Open) -> None:
    admin, reader = open_as("Ada"), open_as("Kenji")
    target(admin)
    dialog = admin.get_by_role("dialog", name="Target of Good plays")
    dialog.get_by_label("Value, %").fill("99")
    dialog.get_by_role("button", name="Set").click()
    said = admin.locator(f"{HEADLINE} .number-against")
    expect(said).to_contain_text("at least 99.0%")
    expect(said).to_contain_text("below it with 95 % confidence")
    reader.reload()
    settled(reader)
    expect(reader.locator(f"{HEADLINE} .number-against")).to_contain_text("at least 99.0%")
    target(reader)
    dialog = reader.get_by_role("dialog", name="Target of Good plays")
    expect(dialog).to_contain_text("Editors of the unit platform set it")
    expect(dialog.get_by_role("button", name="Set")).to_have_count(0)
    filtered = open_as("Ada", "/?country=US")
    expect(filtered.locator(f"{HEADLINE} .number-value")).to_be_visible()
    expect(filtered.locator(f"{HEADLINE} .number-against")).to_have_count(0)
    target(filtered)
    dialog = filtered.get_by_role("dialog", name="Target of Good plays")
    expect(dialog).to_contain_text("Only where Country is US")
    dialog.get_by_label("Value, %").fill("98")
    dialog.get_by_role("button", name="Set").click()
    expect(filtered.locator(f"{HEADLINE} .number-against")).to_contain_text("at least 98.0%")
    reader.reload()
    expect(reader.locator(f"{HEADLINE} .number-against")).to_contain_text("at least 99.0%")
