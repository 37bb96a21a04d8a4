"""Explore by dragging: what a drop does is said, stands in the URL, and can be called off."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settled
from tests.browser.test_explore import board, metric, query, sheet

pytestmark = pytest.mark.browser


def drag(page: Page, source: Locator, target: Locator) -> None:
    """Up to the target, the button still held."""
    page.mouse.move(*_inside(source))
    page.mouse.down()
    page.mouse.move(*_inside(target), steps=5)


def drop(page: Page) -> None:
    page.mouse.up()
    settled(page)


def test_a_metric_and_a_dimension_are_dragged_in_and_reload_keeps_them(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=hours_viewed&by=country")
    chart = page.locator("#tile-1-0")
    drag(page, metric(page, "plays"), chart)
    expect(chart).to_have_attribute("data-drop", "Add Plays")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".drag-ghost")).to_have_count(0)
    assert query(page)["metric"] == ["hours_viewed"]

    drag(page, metric(page, "plays"), chart)
    drop(page)
    assert query(page)["metric"] == ["hours_viewed", "plays"]
    drag(page, board(page, "Device").locator(".tile-heading"), chart)
    zone = page.locator(".drag-zone[data-drop='Rows: Country, then Device']")
    page.mouse.move(*_inside(zone), steps=4)
    drop(page)
    assert query(page)["by"] == ["country", "device"]
    tile = sheet(page, "Breakdown")
    shown = tile.locator("table").inner_text()
    assert all(word in shown for word in ("Country", "Device", "Hours viewed", "Plays"))
    page.reload()
    settled(page)
    assert sheet(page, "Breakdown").locator("table").inner_text() == shown


def test_what_is_chosen_is_moved_reordered_refused_and_dragged_off(open_as: Open) -> None:
    page = open_as("Ada", "/explore?metric=hours_viewed&metric=plays&by=country&by=device")
    tile = sheet(page, "Breakdown")
    page.mouse.move(700, 500)
    page.locator(".others").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.others').scrollIntoView({ block: 'center' })")
    settled(page)
    ghost = page.locator(".drag-ghost")
    drag(page, page.get_by_role("button", name="Title id"), _shelf(page, "by", ".sheet-side"))
    expect(ghost).to_contain_text("Rows hold 2: drop Title id onto one of them")
    drop(page)
    assert query(page)["by"] == ["country", "device"]

    drag(page, _shelf(page, "by", ".chip").last, _shelf(page, "pivot", ".sheet-side"))
    expect(ghost).to_contain_text("Columns: Device")
    drop(page)
    expect(tile.locator("table.pivot")).to_be_visible()
    metrics = _shelf(page, "metric", ".chip")
    drag(page, metrics.last, metrics.first)
    expect(ghost).to_contain_text("Plays before Hours viewed")
    drop(page)
    expect(tile).to_contain_text("Plays. Every total is recomputed")
    chosen = {"metric": ["plays", "hours_viewed"], "by": ["country"], "pivot": ["device"]}
    assert query(page) == chosen

    drag(page, _shelf(page, "pivot", ".chip"), page.locator(".chooser-about"))
    expect(ghost).to_contain_text("Remove Device")
    drop(page)
    assert "pivot" not in query(page)
    page.go_back()
    settled(page)
    assert query(page) == chosen


def _shelf(page: Page, name: str, part: str) -> Locator:
    return page.locator(f".shelf[data-shelf={name}] {part}")


def _inside(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + min(box["width"] / 2, 40), box["y"] + min(box["height"] / 2, 40)
