"""What a finger does: a tap, a long press, a swipe; and what a narrow screen shows of it."""

from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Open, settled

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def _touch(wire: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """One step of a finger, as the browser gets it from the screen."""
    at = [{"x": x, "y": y} for x, y in points]
    wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})


def _middle(page: Page, css: str) -> tuple[float, float]:
    box = page.locator(css).first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _first(page: Page, css: str) -> None:
    """Scroll until there is one, and to it."""
    for _ in range(20):
        if page.locator(css).count():
            break
        page.evaluate("scrollBy(0, innerHeight / 2)")
        settled(page)
    page.locator(css).first.evaluate("element => element.scrollIntoView({ block: 'center' })")
    settled(page)


def test_a_tap_says_what_a_mouse_is_told_beside_a_mark(open_as: Open) -> None:
    page = open_as("Ada", "/", **PHONE)
    _first(page, ".bar-row")
    page.locator(".bar-row").first.tap()
    expect(page.locator(".tip.is-shown")).to_contain_text("95 % interval")
    page.evaluate("scrollBy(0, 40)")
    expect(page.locator(".tip.is-shown")).to_have_count(0)


def test_a_long_press_opens_the_menu_of_a_mark_and_filters_nothing(open_as: Open) -> None:
    page = open_as("Ada", "/", **PHONE)
    _first(page, ".bar-row")
    finger = page.context.new_cdp_session(page)
    _touch(finger, "touchStart", _middle(page, ".bar-row"))
    expect(page.get_by_role("menuitem", name="See rows")).to_be_visible()
    _touch(finger, "touchEnd")
    expect(page.get_by_role("menuitem", name="Copy value")).to_be_visible()
    assert "?" not in page.url
    page.get_by_role("menuitem", name="See rows").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rows of")


def test_a_finger_drawn_over_a_figure_scrolls_the_page(open_as: Open) -> None:
    page = open_as("Ada", "/", **PHONE)
    _first(page, ".plot .nsewdrag")
    before = page.evaluate("scrollY")
    x, y = _middle(page, ".plot")
    finger = page.context.new_cdp_session(page)
    _touch(finger, "touchStart", (x, y))
    for step in range(1, 12):
        _touch(finger, "touchMove", (x, y - 15 * step))
    _touch(finger, "touchEnd")
    page.wait_for_function("before => scrollY > before + 60", arg=before)


def test_a_filter_is_chosen_without_a_keyboard_over_its_values(open_as: Open) -> None:
    page = open_as("Ada", "/", **PHONE)
    page.locator("[data-filter=country]").tap()
    expect(page.get_by_placeholder("Find country")).not_to_be_focused()
    page.get_by_role("dialog", name="Country").get_by_text("Brazil").tap()
    expect(page.locator(".chip")).to_contain_text("Brazil")


def test_explore_shows_its_dataset_and_its_metric_side_by_side(open_as: Open) -> None:
    page = open_as("Ada", "/explore", **PHONE)
    expect(page.locator(".chooser-dataset")).to_be_in_viewport(ratio=1)
    expect(page.locator(".metric.is-main")).to_be_in_viewport(ratio=1)


def test_no_line_ends_between_a_number_and_its_unit(open_as: Open) -> None:
    page = open_as("Ada", "/", **PHONE)
    said = page.locator(".number-basis").first.inner_text()
    assert said.startswith("95\N{NO-BREAK SPACE}% ")
