"""Chromium before a real server over the small demo company.

A test fails on any console error and on any request that leaves the site.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
PATIENCE_S = 60

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its people and what they keep."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def base_url(demo_home: Path, home: Path) -> Iterator[str]:
    """A server of its own on a free port, stopped at the end."""
    with served(home, PLAYHEAD_LAKE=str(demo_home / "lake")) as url:
        yield url


@contextmanager
def served(home: Path, **environment: str) -> Iterator[str]:
    """The address of a server over this home, which stops at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = home / "log"
    named = {"PLAYHEAD_HOME": str(home), "PLAYHEAD_ENV": "demo", "PORT": str(port)}
    with log.open("w") as output:
        server = subprocess.Popen(  # our own server
            [sys.executable, "-m", "portal.serve"],
            cwd=ROOT,
            env=os.environ | named | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/readyz", server, log)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(PATIENCE_S * 10):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310  # our own server
                return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = which("chromium") or which("google-chrome")
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def expected() -> list[str]:
    """What a test provokes on purpose: parts of console errors that do not fail it."""
    return []


@pytest.fixture
def open_as(browser: Browser, base_url: str, expected: list[str]) -> Iterator[Open]:
    """`open_as("Ada", "/path")`: a browser of a person's own, signed in, at a path."""
    problems: list[str] = []
    contexts = []

    def opened(name: str, path: str = "/", **options: object) -> Page:
        context = browser.new_context(
            **{  # pyright: ignore[reportArgumentType]
                "base_url": base_url,
                "viewport": {"width": 1440, "height": 1000},
                "reduced_motion": "reduce",
                "accept_downloads": True,
                "permissions": ["clipboard-read", "clipboard-write"],
                **options,
            }
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda m: (
                problems.append(f"{m.text} {m.location['url']}") if m.type == "error" else None
            ),
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: problems.append(r.url) if _leaves(r.url, base_url) else None)
        page.goto(path)
        page.get_by_role("button", name=name).click()
        settled(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [p for p in problems if not any(part in p for part in expected)] == []


def _leaves(url: str, base_url: str) -> bool:
    return not url.startswith((base_url, "data:", "blob:"))


def settled(page: Page) -> None:
    """Wait until every tile in sight is painted."""
    page.wait_for_function(
        """() => {
          const seen = [...document.querySelectorAll('.tile')]
            .filter(tile => {
              const { top, bottom, left, right } = tile.getBoundingClientRect();
              return top < innerHeight && bottom > 0 && left < innerWidth && right > 0;
            });
          return seen.length && seen.every(tile => tile.getAttribute('aria-busy') === 'false');
        }"""
    )


def number(page: Page, tile: str = "tile-1-0") -> str:
    return page.locator(f"#{tile} .number-value").inner_text()
