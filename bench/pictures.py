"""`python -m bench.pictures HOME`: the pictures of docs/pictures, taken of a running portal.

HOME holds a demo company and, for the page of published lists, the Top 10 files.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.browser import ARGUMENTS, IN_SIGHT, ROOT, serving, sign_in

FOLDER = ROOT / "docs" / "pictures"
PAGES = {
    "pulse": "/",
    "when-where": "/when-where",
    "rankers": "/rankers",
    "ranker-lab": "/ranker-lab",
    "search": "/search",
    "artwork": "/artwork",
    "titles": "/titles",
    "inside": "/inside",
    "greenlight": "/greenlight",
    "catalogue": "/catalogue",
    "top10": "/top10",
    "membership": "/membership",
    "value": "/value",
    "marketing": "/marketing",
    "locations": "/locations",
    "production": "/production",
    "quality": "/quality",
    "experiments": "/experiments",
    "health": "/health",
    "explore": "/explore",
    "distribution": "/distribution?dataset=playback&metric=hours_viewed",
}
PATIENCE_MS = 30_000
WIDE, NARROW = {"width": 1440, "height": 1100}, {"width": 390, "height": 844}


def take(browser: Browser, url: str, state: dict[str, object], scheme: str) -> None:
    """Every page in one scheme; in the light one also as narrow as a phone."""
    for name, path in PAGES.items():
        for size in (WIDE, NARROW) if scheme == "light" else (WIDE,):
            context = browser.new_context(
                storage_state=state,  # pyright: ignore[reportArgumentType]
                viewport=size,  # pyright: ignore[reportArgumentType]
                color_scheme=scheme,  # pyright: ignore[reportArgumentType]
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(url + path)
            page.wait_for_function(IN_SIGHT, timeout=PATIENCE_MS)
            page.wait_for_timeout(400)
            suffix = "narrow" if size is NARROW else scheme
            page.screenshot(path=FOLDER / f"{name}-{suffix}.png")
            context.close()


def main(home: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    with serving(home) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        state = sign_in(browser, url)
        for scheme in ("light", "dark"):
            take(browser, url, state, scheme)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
