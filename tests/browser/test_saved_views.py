"""Saved views in the browser: name one, share it, lose it, get it back, meet somebody faster."""

import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.browser


def unique(name: str) -> str:
    """The server lives longer than one test, and so do its views."""
    return f"{name} {uuid4().hex[:8]}"


def save(page: Page, name: str, audience: str = "Only me", *, pin: bool = False) -> None:
    page.get_by_role("button", name=re.compile("Save view|Save as new")).click()
    dialog = page.get_by_role("dialog", name="Save view")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label(audience).check()
    if pin:
        dialog.get_by_label("Keep these numbers").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".opened-name strong")).to_have_text(name)


def item(page: Page, name: str) -> Locator:
    return page.locator(".saved-item", has_text=name)


def listed(page: Page, path: str = "/views") -> Page:
    page.goto(path)
    expect(page.locator(".saved-item, .saved-none").first).to_be_visible()
    return page


def test_a_view_is_saved_changed_and_updated_without_a_reload(open_as: Open) -> None:
    page, name = open_as("Ada", "/?country=US"), unique("American pulse")
    page.evaluate("window.stayed = true")
    save(page, name)
    assert "saved" in parse_qs(urlsplit(page.url).query)
    page.locator(".bar-row").first.click()
    expect(page.locator(".opened-name small")).to_have_text("changed")
    page.get_by_role("button", name="Update", exact=True).click()
    expect(page.locator(".opened-name small")).not_to_have_text("changed")
    assert page.evaluate("window.stayed")
    listed(page).get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(r"/\?.*saved="))
    settled(page)
    expect(page.locator(".opened-name strong")).to_have_text(name)
    expect(page.locator(".chip").first).to_be_visible()


def test_a_view_of_everybody_opens_with_the_openers_own_rights(open_as: Open) -> None:
    name = unique("Hours by country")
    page = open_as("Priya", "/explore?metric=hours_viewed&by=country")
    save(page, name, "Everybody")
    other = listed(open_as("Lucía"), "/views?of=everyone")
    expect(item(other, name)).to_contain_text("Priya Raman")
    expect(item(other, name).get_by_role("button", name="Delete")).to_have_count(0)
    item(other, name).get_by_role("link", name=name).click()
    other.wait_for_url(re.compile("/explore"))
    settled(other)
    labels = other.locator(".tile[data-title='Country'] .leader-label").all_inner_texts()
    assert "Brazil" in labels
    assert "United States" not in labels
    expect(other.locator("#own-rows")).to_have_text("You see only Argentina, Bolivia and 10 more")
    expect(page.locator("#own-rows")).to_be_hidden()
    other.locator(".tile[data-title='Country'] .leader-row").first.click()
    expect(other.locator(".opened-name small")).to_have_text("changed")
    expect(other.get_by_role("button", name="Update", exact=True)).to_have_count(0)
    other.locator(".opened-name").click()
    expect(other.get_by_role("menuitem")).to_have_text(["Back to what was saved", "Copy link"])
    other.keyboard.press("Escape")
    mine = f"{name}, mine"
    save(other, mine)
    other.reload()
    settled(other)
    expect(other.locator(".opened-name strong")).to_have_text(mine)
    expect(other.locator(".chip")).to_contain_text(["Country"])
    expect(item(listed(page), mine)).to_have_count(0)


def test_a_link_opens_a_view_until_it_is_taken_back(open_as: Open) -> None:
    page, name = open_as("Kenji", "/?device=tv"), unique("By link")
    page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save view")
    expect(dialog.get_by_label("Everybody")).to_be_disabled()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Whoever has the link").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    box = page.get_by_role("dialog", name=f"Link to “{name}”")
    link = box.get_by_label("Link").input_value()
    box.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == link
    other = open_as("Jonas", link)
    expect(other.locator(".chip")).to_contain_text("Device: TV")
    expect(item(listed(other), name)).to_have_count(0)
    listed(page)
    item(page, name).get_by_role("button", name="Share").click()
    sharing = page.get_by_role("dialog", name=f"Share “{name}”")
    sharing.get_by_label("Only me").check()
    sharing.get_by_role("button", name="Share", exact=True).click()
    expect(item(page, name)).to_contain_text("Only me")
    assert other.request.get(link, headers={"Accept": "text/html"}).status == 404


def test_deleting_can_be_undone_at_once_or_later(open_as: Open) -> None:
    page, name = open_as("Ada"), unique("To be deleted")
    save(page, name)
    listed(page)
    item(page, name).get_by_role("button", name="Delete").click()
    expect(item(page, name)).to_have_count(0)
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(item(page, name)).to_have_count(1)
    item(page, name).get_by_role("button", name="Delete").click()
    expect(item(page, name)).to_have_count(0)
    page.get_by_role("group", name="Whose").get_by_role("button", name="Deleted").click()
    item(page, name).get_by_role("button", name="Bring back").click()
    expect(item(page, name)).to_have_count(0)
    page.get_by_role("group", name="Whose").get_by_role("button", name="Mine").click()
    expect(item(page, name)).to_have_count(1)


def test_a_conflict_shows_both_versions_and_overwrites_only_when_told(
    open_as: Open, expected: list[str]
) -> None:
    expected.append("409")
    first, name = open_as("Amara"), unique("Contested")
    save(first, name)
    second = listed(open_as("Amara"))
    listed(first)
    rename(first, name, f"{name}, hers")
    expect(item(first, f"{name}, hers")).to_have_count(1)
    rename(second, name, f"{name}, mine")
    conflict = second.get_by_role("dialog", name="Somebody was faster")
    expect(conflict).to_contain_text("Amara Okafor saved")
    expect(conflict.locator(".side").first).to_contain_text(f"{name}, hers")
    expect(conflict.locator(".side").last).to_contain_text(f"{name}, mine")
    conflict.get_by_role("button", name="Write mine over it").click()
    expect(item(second, f"{name}, mine")).to_have_count(1)
    expect(item(listed(second), f"{name}, hers")).to_have_count(0)


def rename(page: Page, name: str, new: str) -> None:
    item(page, name).get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog", name="Rename")
    dialog.get_by_label("Name").fill(new)
    dialog.get_by_role("button", name="Save", exact=True).click()


def test_the_list_is_searched_as_one_types(open_as: Open) -> None:
    page, name = open_as("Jonas"), unique("Needle")
    save(page, name)
    listed(page)
    page.get_by_label("Find a saved view").fill(name)
    page.wait_for_url(re.compile("words="))
    expect(page.locator(".saved-item")).to_have_count(1)
    page.get_by_label("Find a saved view").fill("no such thing at all")
    expect(page.locator(".saved-none")).to_contain_text("No saved view matches")
    page.reload()
    expect(page.get_by_label("Find a saved view")).to_have_value("no such thing at all")


def test_a_pinned_view_names_its_data_version(open_as: Open) -> None:
    page, name = open_as("Ada"), unique("Pinned")
    save(page, name, pin=True)
    version = parse_qs(urlsplit(page.url).query)["v"][0]
    expect(item(listed(page), name)).to_contain_text(f"data {version}")
    page.get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(f"v={version}"))


def test_it_all_works_from_the_keyboard(open_as: Open) -> None:
    page, name = open_as("Ada"), unique("By keyboard")
    page.get_by_role("button", name="Save view").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Save view").get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(".opened-name strong")).to_have_text(name)
    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    expect(page.get_by_role("option", name=re.compile(name))).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("saved="))


@pytest.mark.parametrize("path", ["/", "/views"])
def test_a_phone_has_room_for_it(open_as: Open, path: str) -> None:
    page = open_as("Ada", "/", viewport={"width": 390, "height": 844})
    page.goto(path)
    expect(page.locator(".save-view, .saved-item, .saved-none").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
