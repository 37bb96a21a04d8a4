"""What a person waits for, in Chromium: a cold load of a page, and a click that filters it.

`first` is the first tile painted after a click, `all` the last of those in sight. Bytes are as
they came over the wire, requests all that the page made.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
PAGES = ("/", "/when-where", "/rankers", "/explore")
LOADS = 5
CLICKS = 24
PERSON = "Ada"

IN_SIGHT = """() => {
  const seen = [...document.querySelectorAll('#page .tile')]
    .map(tile => [tile, tile.getBoundingClientRect()])
    .filter(([, box]) => box.top < innerHeight && box.left < innerWidth)
    .map(([tile]) => tile);
  return seen.length && seen.every(tile => tile.getAttribute('aria-busy') === 'false');
}"""

CLICK = """async (place) => {
  const first = () => document.querySelector('#page .tile:has(.bar-row)');
  for (let steps = 0; !first() && steps < 20; steps += 1) {
    window.scrollBy(0, innerHeight / 2);
    await new Promise(resolve => setTimeout(resolve, 300));
  }
  const ranking = first();
  const rows = [...ranking.querySelectorAll('.bar-row')];
  const row = rows[place % Math.min(rows.length, 5)];
  row.scrollIntoView({ block: 'nearest' });
  await new Promise(resolve => setTimeout(resolve, 300));
  const seen = [...document.querySelectorAll('#page .tile')]
    .map(tile => [tile, tile.getBoundingClientRect()])
    .filter(([, box]) => box.top < innerHeight && box.bottom > 0)
    .map(([tile]) => tile);
  const started = performance.now();
  row.click();
  const painted = () => seen.map(tile => Number(tile.dataset.painted || 0))
    .filter(moment => moment > started);
  while (painted().length < seen.length && performance.now() - started < 10000)
    await new Promise(resolve => setTimeout(resolve, 2));
  await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const moments = painted();
  return [Math.min(...moments) - started, performance.now() - started, moments.length];
}"""


@dataclass(frozen=True, slots=True)
class Load:
    """One cold load: nothing cached in the browser."""

    bytes: int
    requests: int
    milliseconds: float


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The portal over a home, on a free port, stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "PLAYHEAD_HOME": str(home),
        "PLAYHEAD_ENV": "demo",
        "PORT": str(port),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "portal.serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/readyz")
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310  # our own server
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def sign_in(browser: Browser, url: str) -> dict[str, object]:
    """The cookies of a person who is signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name=PERSON).click()
    page.wait_for_function(IN_SIGHT)
    state = context.storage_state()
    context.close()
    return dict(state)


def load(browser: Browser, url: str, state: dict[str, object]) -> Load:
    """Open a page in a browser that has seen nothing yet."""
    context = browser.new_context(
        storage_state=state,  # pyright: ignore[reportArgumentType]
        viewport={"width": 1440, "height": 1000},
        reduced_motion="reduce",
    )
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_function(IN_SIGHT, polling=10)
    took = (time.perf_counter() - started) * 1000
    page.wait_for_timeout(300)
    context.close()
    return Load(int(sum(sizes)), len(sizes), took)


def clicks(browser: Browser, url: str, state: dict[str, object]) -> list[tuple[float, float]]:
    """First and last tile painted after each click on a bar."""
    context = browser.new_context(
        storage_state=state,  # pyright: ignore[reportArgumentType]
        viewport={"width": 1440, "height": 1000},
        reduced_motion="reduce",
    )
    page: Page = context.new_page()
    page.goto(url)
    page.wait_for_function(IN_SIGHT)
    page.wait_for_timeout(500)
    found: list[tuple[float, float]] = []
    for number in range(CLICKS):
        first, everything, _ = page.evaluate(CLICK, number // 2)
        found.append((first, everything))
        page.wait_for_timeout(120)
    context.close()
    return found


def report(home: Path, console: Console) -> None:
    """Print both tables; medians, and the 90th percentile of clicks."""
    chromium = shutil.which("chromium")
    if chromium is None:
        console.print("No Chromium: apt-get install chromium")
        return
    with serving(home) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        state = sign_in(browser, url)
        loads, filtered = (
            Table(title=f"Cold load, median of {LOADS}"),
            Table(title=f"Click on a bar to paint, {CLICKS} clicks"),
        )
        for name in ("page", "kB", "requests", "all in sight, ms"):
            loads.add_column(name, justify="left" if name == "page" else "right")
        for name in ("page", "first, ms", "first p90", "all in sight, ms", "all p90"):
            filtered.add_column(name, justify="left" if name == "page" else "right")
        for path in PAGES:
            taken = [load(browser, url + path, state) for _ in range(LOADS)]
            loads.add_row(
                path,
                f"{statistics.median(t.bytes for t in taken) / 1000:,.0f}",
                f"{statistics.median(t.requests for t in taken):.0f}",
                f"{statistics.median(t.milliseconds for t in taken):,.0f}",
            )
        for path in PAGES[:2]:
            moments = clicks(browser, url + path, state)[2:]
            firsts, lasts = sorted(m[0] for m in moments), sorted(m[1] for m in moments)
            figures = [
                statistics.median(firsts),
                _p90(firsts),
                statistics.median(lasts),
                _p90(lasts),
            ]
            filtered.add_row(path, *(f"{f:,.0f}" for f in figures))
        console.print(loads)
        console.print(filtered)
        browser.close()


def _p90(ordered: list[float]) -> float:
    return ordered[round(0.9 * (len(ordered) - 1))]
