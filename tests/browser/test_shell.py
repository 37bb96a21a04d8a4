"""The frame around the pages: keys, menus, schemes, and a narrow screen."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser

PATHS = ("/", "/when-where", "/rankers", "/titles", "/top10", "/explore")
MOST_COMPONENTS = 300


@pytest.mark.parametrize("path", PATHS)
def test_every_page_draws_without_an_error_and_stays_small(open_as: Open, path: str) -> None:
    page = open_as("Ada", path)
    components = page.evaluate(
        """() => {
          let count = 0;
          const walk = node => {
            if (!node || typeof node !== 'object') return;
            if (Array.isArray(node)) return node.forEach(walk);
            if (node.type && node.props) { count += 1; walk(node.props.children); }
          };
          walk(window.dash_stores[0].getState().layout);
          return count;
        }"""
    )
    assert components < MOST_COMPONENTS
    assert page.locator(".nothing.is-bug").count() == 0


def test_the_palette_goes_to_pages(open_as: Open) -> None:
    page = open_as("Ada")
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Search").fill("when, where")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("When, where, on what")


def test_keys_open_and_escape_closes_one_layer(open_as: Open) -> None:
    page = open_as("Ada")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("t")
    expect(page.get_by_role("dialog", name="Period")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home & rankers")


def test_a_tile_says_what_it_means_and_how_it_was_asked(open_as: Open) -> None:
    page = open_as("Ada")
    page.locator("#tile-1-0").hover()
    page.locator("#tile-1-0 .tile-menu").click()
    page.get_by_role("menuitem", name="Definition").click()
    expect(page.locator(".layer pre")).to_contain_text("watched_s")
    page.keyboard.press("Escape")
    page.locator("#tile-1-0 .tile-menu").click()
    page.get_by_role("menuitem", name="SQL").click()
    expect(page.locator(".layer pre")).to_contain_text("SELECT")
    page.get_by_role("button", name="Copy as playhead ask").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("playhead ask playback hours_viewed")


def test_a_tile_can_be_read_as_a_table(open_as: Open) -> None:
    page = open_as("Ada")
    page.locator("#tile-2-0").hover()
    page.locator("#tile-2-0 .tile-menu").click()
    page.get_by_role("menuitem", name="See as table").click()
    expect(page.locator("#tile-2-0 tbody tr")).to_have_count(28)


def test_a_tile_becomes_a_picture(open_as: Open, tmp_path: Path) -> None:
    page = open_as("Ada")
    page.locator("#tile-2-0").hover()
    page.locator("#tile-2-0 .tile-menu").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download PNG").click()
    file = tmp_path / "tile.png"
    download.value.save_as(file)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size > 10_000


def test_light_and_dark_change_without_asking_again(open_as: Open) -> None:
    page = open_as("Ada", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_label("Light or dark").click()
    page.wait_for_function(f"before => {ground} !== before", arg=before)
    settled(page)


def test_on_a_phone_the_pages_are_behind_a_button(open_as: Open) -> None:
    page = open_as("Ada", viewport={"width": 390, "height": 844})
    expect(page.get_by_role("link", name="Top 10")).not_to_be_in_viewport()
    page.get_by_label("Pages").first.click()
    page.get_by_role("link", name="When, where, on what").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When, where, on what")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
