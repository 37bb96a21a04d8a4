"""Events and notes in the browser: marks on the axis of time, notes written, seen, taken back."""

import re
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser

TREND = "#tile-2-0"


def unique(text: str) -> str:
    return f"{text} {uuid4().hex[:8]}"


def marks(page: Page) -> Locator:
    page.locator(TREND).scroll_into_view_if_needed()
    found = page.locator(f"{TREND} .event-mark")
    expect(found.first).to_be_visible()
    return found


def choose(page: Page, entry: str, tile: str = TREND) -> None:
    page.locator(f"{tile} .tile-menu").click()
    page.get_by_role("menuitem", name=entry).click()


def write(page: Page, text: str, audience: str = "Only me") -> None:
    choose(page, "Write a note")
    dialog = page.get_by_role("dialog", name="Write a note")
    dialog.get_by_label("Note", exact=True).fill(text)
    dialog.get_by_label(audience).check()
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)


def listed(page: Page) -> Locator:
    """The list of events and notes, opened by its key."""
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Events and notes")
    expect(dialog.get_by_role("button", name="Write a note")).to_be_visible()
    return dialog


def test_events_are_marked_once_the_numbers_are_there(open_as: Open) -> None:
    page = open_as("Ada")
    found = marks(page)
    assert 1 <= found.count() <= 7
    found.first.hover()
    expect(page.locator(".tip.is-shown")).to_be_visible()
    found.first.focus()
    page.keyboard.press("Enter")
    menu = page.locator(".popover")
    expect(menu.locator(".event-said")).to_be_visible()
    box = menu.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 1000
    menu.get_by_role("menuitem", name="Two weeks before and after").click()
    settled(page)
    assert " to " in parse_qs(urlsplit(page.url).query)["compare"][0]


def test_which_kinds_are_marked_is_in_the_url_and_asks_no_tile_again(open_as: Open) -> None:
    page = open_as("Ada")
    marks(page)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(urlsplit(r.url).path))
    dialog = listed(page)
    dialog.get_by_label("Outages").uncheck()
    expect(dialog.locator(".event-row.is-outage")).to_have_count(0)
    assert "outage" not in parse_qs(urlsplit(page.url).query)["events"][0].split(",")
    assert "/-/answers" not in asked
    page.reload()
    settled(page)
    marks(page)
    expect(page.locator(f"{TREND} .event-mark.is-outage")).to_have_count(0)


def test_a_note_of_a_unit_is_seen_in_it_and_not_outside_and_its_deletion_is_undone(
    open_as: Open,
) -> None:
    text = unique("The app was pulled from a store")
    author, colleague, outsider = open_as("Ada"), open_as("Kenji"), open_as("Jonas")
    marks(author)
    write(author, text, "My unit, platform")
    expect(author.locator(f"{TREND} .event-mark.is-note")).to_have_count(1)
    for page, seen in ((colleague, 1), (outsider, 0)):
        page.reload()
        settled(page)
        marks(page)
        expect(listed(page).locator(".event-row", has_text=text)).to_have_count(seen)
    row = colleague.locator(".event-row", has_text=text)
    expect(row).to_contain_text("Ada Novak")
    expect(row.get_by_role("button")).to_have_count(0)
    mine = listed(author).locator(".event-row", has_text=text)
    mine.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)
    author.locator("#toast").get_by_role("button", name="Undo").click()
    expect(mine).to_have_count(1)
    mine.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)


def test_a_note_is_text_and_nothing_else_and_can_be_changed(open_as: Open) -> None:
    page, text = open_as("Priya"), unique("<img src=x onerror=alert(1)><b>bold</b>")
    marks(page)
    write(page, text)
    row = listed(page).locator(".event-row", has_text=text)
    expect(row.locator(".note-text")).to_have_text(text)
    assert row.locator("img, b").count() == 0
    row.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name="Change the note")
    dialog.get_by_label("Note", exact=True).fill(f"{text}, changed")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    row = listed(page).locator(".event-row", has_text=f"{text}, changed")
    expect(row).to_contain_text("Yours")
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/quality", "What fails?"),
        ("/health", "Plays there by midnight, day by day"),
    ],
)
def test_a_note_of_another_page_is_on_its_axes_for_everybody_until_it_is_deleted(
    open_as: Open, path: str, title: str
) -> None:
    text = unique("The delivery network was changed")
    author = open_as("Ada", path)
    tile = author.locator(f".tile[data-title^='{title}']").first
    tile.scroll_into_view_if_needed()
    expect(tile).to_have_attribute("aria-busy", "false")
    name = tile.get_attribute("id")
    choose(author, "Write a note", f"#{name}")
    dialog = author.get_by_role("dialog", name="Write a note")
    dialog.get_by_label("Note", exact=True).fill(text)
    dialog.get_by_label("Everybody").check()
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    reader = open_as("Amara", path)
    other = reader.locator(f"#{name}")
    other.scroll_into_view_if_needed()
    expect(other.locator(".event-mark.is-note").first).to_be_visible()
    row = listed(reader).locator(".event-row", has_text=text)
    expect(row).to_contain_text("Ada Novak")
    mine = listed(author).locator(".event-row", has_text=text)
    mine.get_by_role("button", name="Change").click()
    dialog = author.get_by_role("dialog", name="Change the note")
    dialog.get_by_label("Note", exact=True).fill(f"{text}, twice")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    reader.reload()
    settled(reader)
    row = listed(reader).locator(".event-row", has_text=f"{text}, twice")
    expect(row).to_have_count(1)
    mine = listed(author).locator(".event-row", has_text=f"{text}, twice")
    mine.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)
    reader.reload()
    settled(reader)
    expect(listed(reader).locator(".event-row", has_text=text)).to_have_count(0)


def test_on_a_page_without_a_period_a_note_begins_at_the_last_day_of_the_data(
    open_as: Open,
) -> None:
    page = open_as("Ada", "/experiments?experiment=pvr_v2_homepage")
    text = unique("The page was made faster for both arms")
    choose(page, "Write a note", "#tile-1-0")
    dialog = page.get_by_role("dialog", name="Write a note")
    first = dialog.get_by_label("First day").input_value()
    assert first
    assert first == dialog.get_by_label("Last day").input_value()
    dialog.get_by_label("Note", exact=True).fill(text)
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    expect(listed(page).locator(".event-row", has_text=text)).to_have_count(1)


def test_a_viewer_is_offered_only_what_they_may_do(open_as: Open) -> None:
    page = open_as("Kenji")
    choose(page, "Write a note")
    dialog = page.get_by_role("dialog", name="Write a note")
    expect(dialog.get_by_label("Everybody")).to_be_disabled()
    expect(dialog.get_by_label("Only me")).to_be_checked()


def test_a_phone_has_room_for_marks_and_their_list(open_as: Open) -> None:
    page = open_as("Ada", "/", viewport={"width": 390, "height": 844})
    # At one go: a mark that is drawn anew between two readings has no box.
    found: list[float] = marks(page).evaluate_all(
        "all => all.map(m => m.getBoundingClientRect().x)"
    )
    assert len(found) > 1
    assert all(right - left >= 16 for left, right in pairwise(sorted(found)))
    choose(page, "Events and notes")
    expect(page.get_by_role("dialog", name=re.compile("Events"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
