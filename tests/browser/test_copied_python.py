"""What is copied as Python is a file that runs, and prints the number that stands on the page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Open

pytestmark = pytest.mark.browser


def run(command: list[str], **environment: str) -> str:
    named = os.environ | environment
    ran = subprocess.run(command, cwd=ROOT, env=named, check=True, capture_output=True, text=True)
    return ran.stdout


@pytest.fixture(scope="module")
def token(base_url: str, home: Path) -> str:
    """As the copied text says; the server has made the store."""
    assert base_url
    add = [sys.executable, "-m", "portal.cli", "token", "add", "ada@demo.playhead.example"]
    said = run(add, PLAYHEAD_HOME=str(home), PLAYHEAD_ENV="demo")
    return next(word for word in said.split() if word.startswith("playhead_"))


def copied(page: Page) -> str:
    page.get_by_role("menuitem", name="Copy as Python").click()
    expect(page.locator("#said")).to_have_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("/#Hours viewed", "hours_viewed"),
        ("/membership#Paid memberships", "members"),
        ("/quality#Startup time, median", "startup_seconds"),
        ("/search?country=BR#Search success", "search_success_rate"),
    ],
)
def test_a_number_is_what_its_copied_python_prints(
    open_as: Open, token: str, tmp_path: Path, path: str, column: str
) -> None:
    path, _, title = path.partition("#")
    page = open_as("Ada", path)
    tile = page.locator(".tile", has=page.get_by_role("heading", name=title, exact=True)).first
    exact = tile.locator(".number-value").get_attribute("title") or ""
    tile.locator(".tile-menu").click()
    file = tmp_path / "copied.py"
    file.write_text(copied(page) + f"print('is', *answer['{column}'])\n")
    _, _, printed = run([sys.executable, str(file)], PLAYHEAD_TOKEN=token).rpartition("is ")
    found = re.match(r"[\d\u2009]+(\.\d+)?", exact)
    assert found
    value = float(printed) * (100 if "%" in exact else 1)
    last_digit = 10.0 ** (1 - len(found[1] or "."))
    assert abs(float(found[0].replace("\u2009", "")) - value) <= 0.51 * last_digit, exact


def test_a_bar_is_what_its_copied_python_prints(open_as: Open, token: str, tmp_path: Path) -> None:
    page = open_as("Ada", "/?period=last 14 days")
    bar = page.locator("#tile-2-1 .bar-row").nth(1)
    _, exact, *_ = (bar.get_attribute("aria-label") or "").split(", ")
    bar.click(button="right")
    file = tmp_path / "copied.py"
    file.write_text(
        copied(page) + "(hours,), (device,) = answer['hours_viewed'], answer['device']\n"
        "print('is', hours, device)\n"
    )
    _, _, printed = run([sys.executable, str(file)], PLAYHEAD_TOKEN=token).rpartition("is ")
    hours, device = printed.split()
    assert device == "web"
    assert exact.endswith(" h")
    shown = float(exact.removesuffix(" h").replace("\u2009", ""))
    assert float(hours) == pytest.approx(shown, rel=1e-3)
