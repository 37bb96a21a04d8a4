"""A tile that takes long says how far it is, and is stopped alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, served, settled
from tests.portal.slow_readings import PAIRS, ROWS, load

pytestmark = pytest.mark.browser

STOPPED = "You stopped this."


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("slow")
    load(str(home / "lake"), rows=20_000_000)
    with served(home) as url:
        yield url


def test_stopping_a_tile_leaves_the_others_at_work_and_it_can_be_asked_again(open_as: Open) -> None:
    page = open_as("Ada", f"/explore{ROWS}")
    page.goto(f"/explore{PAIRS}")
    working = page.locator(".tile:has(.tile-working)").first
    name = working.get_attribute("id")
    slow = page.locator(f"#{name} .tile-working")
    assert " s" in slow.inner_text()
    slow.get_by_role("button", name="Stop").click()
    stopped = page.locator(".tile", has_text=STOPPED)
    expect(stopped).to_have_count(1)
    expect(stopped).to_have_attribute("id", str(name))
    settled(page)
    expect(stopped).to_have_count(1)
    stopped.get_by_role("button", name="Try again").click()
    settled(page)
    expect(stopped).to_have_count(0)
    expect(page.locator(f"#{name} table, #{name} svg, #{name} .leader-row").first).to_be_visible()
