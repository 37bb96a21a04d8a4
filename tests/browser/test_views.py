"""What one sees is what the URL says: clicking, brushing, comparing, going back, passing it on."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, number, settled

pytestmark = pytest.mark.browser

PULSE_TREND = "#tile-2-0"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def first_bar(page: Page):
    """The first bar of the ranking of devices."""
    return page.locator(".tile", has_text="On which device?").locator(".bar-row").first


def test_signing_in_leads_to_the_link_one_came_for(open_as: Open) -> None:
    page = open_as("Ada", "/when-where?device=tv")
    assert urlsplit(page.url).path == "/when-where"
    expect(page.locator(".chip")).to_contain_text("Device: TV")


def test_a_click_on_a_bar_filters_everything_and_a_second_one_takes_it_back(open_as: Open) -> None:
    page = open_as("Ada")
    everything = number(page)
    first_bar(page).click()
    settled(page)
    assert len(query(page)["device"]) == 1
    assert number(page) != everything
    expect(page.locator(".chip")).to_contain_text("Device:")
    assert page.locator(".bar-row.is-out").count() > 0
    page.locator(".bar-row.is-chosen").first.click()
    settled(page)
    assert query(page) == {}
    assert number(page) == everything


def test_shift_and_click_excludes(open_as: Open) -> None:
    page = open_as("Ada")
    first_bar(page).click(modifiers=["Shift"])
    settled(page)
    assert "device.not" in query(page)
    expect(page.locator(".chip.is-not")).to_be_visible()


def test_a_drag_over_time_sets_the_period(open_as: Open) -> None:
    page = open_as("Ada")
    page.locator(f"{PULSE_TREND} .nsewdrag").first.hover()
    box = page.locator(f"{PULSE_TREND} .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=8)
    page.mouse.up()
    page.wait_for_url(re.compile("period="))
    settled(page)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", query(page)["period"][0])
    expect(page.locator("#period strong")).to_have_text(query(page)["period"][0])


def test_the_comparison_can_be_changed_and_left_out(open_as: Open) -> None:
    page = open_as("Ada")
    assert page.locator("#tile-1-0 .delta").count() == 1
    page.keyboard.press("c")
    page.get_by_role("dialog", name="Comparison").get_by_role("button", name="Nothing").click()
    settled(page)
    assert query(page) == {"compare": ["none"]}
    assert page.locator("#tile-1-0 .delta").count() == 0


def test_back_forward_and_reload_show_exactly_what_was_shown(open_as: Open) -> None:
    page = open_as("Ada")
    first = number(page)
    first_bar(page).click()
    settled(page)
    second, url = number(page), page.url
    page.go_back()
    expect(page.locator("#tile-1-0 .number-value")).to_have_text(first)
    page.go_forward()
    expect(page.locator("#tile-1-0 .number-value")).to_have_text(second)
    page.reload()
    settled(page)
    assert (page.url, number(page)) == (url, second)


def test_going_to_another_page_and_back_keeps_the_view(open_as: Open) -> None:
    page = open_as("Ada", "/?device=tv")
    shown = number(page)
    page.get_by_role("link", name="Home & rankers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home & rankers")
    settled(page)
    assert query(page) == {}
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pulse")
    expect(page.locator("#tile-1-0 .number-value")).to_have_text(shown)


def test_a_copied_link_shows_another_person_the_same_view_with_their_own_rights(
    open_as: Open,
) -> None:
    mine = open_as("Ada", "/?device=tv&period=last+7+days")
    theirs = open_as("Lucía", mine.url)
    assert query(theirs) == query(mine)
    expect(theirs.locator(".chip")).to_contain_text("Device: TV")
    assert number(theirs) != number(mine)


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(open_as: Open) -> None:
    page = open_as("Ada", "/?period=whenever&hour.from=soon&nonsense=1")
    expect(page.locator(".notice")).to_have_count(2)
    expect(page.locator(".notice").first).to_contain_text("“whenever” is not a period")
    assert number(page)


def test_filters_that_leave_nothing_can_be_undone_in_place(open_as: Open) -> None:
    page = open_as("Ada", "/?country=ZZ")
    page.locator("#tile-2-0 .nothing-undo button").click()
    settled(page)
    assert query(page) == {}
    assert number(page)


def test_a_value_is_chosen_from_those_there_are(open_as: Open) -> None:
    page = open_as("Ada")
    page.get_by_role("button", name="Device", exact=True).click()
    page.get_by_role("dialog", name="Device").get_by_label("TV").check()
    settled(page)
    assert query(page) == {"device": ["tv"]}
    page.get_by_role("dialog", name="Device").get_by_label("Phone").check()
    settled(page)
    assert query(page) == {"device": ["tv", "phone"]}


def test_one_request_answers_all_tiles_in_sight(open_as: Open) -> None:
    page = open_as("Ada")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.post_data or "") if "/-/answers" in r.url else None)
    first_bar(page).click()
    settled(page)
    tiles = [json.loads(body)["tiles"] for body in asked]
    in_sight = page.evaluate(
        """() => [...document.querySelectorAll('.tile')]
          .filter(tile => tile.getBoundingClientRect().top < innerHeight).map(tile => tile.id)"""
    )
    assert set(in_sight) <= set(tiles[0])
    every = [name for names in tiles for name in names]
    assert len(every) == len(set(every))
