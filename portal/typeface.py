"""The typeface, where set-up could fetch it: served from here, named in the style sheet.

Without it the font stack of `portal.theme` goes on to what the reader's system has.
"""

import sys
from pathlib import Path

from flask import Flask, Response, send_file

FAMILY = "Inter Variable"
PATH = "/-/typeface"
_A_YEAR_S = 365 * 86_400
#: Which letters each file holds, so that a browser fetches only what a page needs.
_RANGES = {
    "inter-latin": "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2000-206F,"
    "U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    "inter-latin-ext": "U+0100-02BA,U+1E00-1E9F,U+1EF2-1EFF,U+20A0-20AB,U+20AD-20C0",
}


def find(prefix: Path | None = None) -> dict[str, Path]:
    """The files that set-up left, by name."""
    folder = (prefix or Path(sys.prefix)) / "share" / "playhead"
    files = {name: folder / f"{name}.woff2" for name in _RANGES}
    return {name: file for name, file in files.items() if file.is_file()}


def rules(prefix: Path | None = None) -> str:
    """The `@font-face` rules; empty where there is nothing to serve."""
    return "".join(
        f"@font-face{{font-family:'{FAMILY}';font-weight:100 900;font-display:swap;"
        f"src:url({PATH}/{name}.woff2) format('woff2');unicode-range:{_RANGES[name]}}}"
        for name in find(prefix)
    )


def register(server: Flask, prefix: Path | None = None) -> None:
    """Add a route for each file."""
    for name, file in find(prefix).items():

        def typeface(file: Path = file) -> Response:
            response = send_file(file, mimetype="font/woff2", max_age=_A_YEAR_S)
            response.headers["Cache-Control"] = f"private, max-age={_A_YEAR_S}, immutable"
            return response

        server.add_url_rule(f"{PATH}/{name}.woff2", f"typeface_{name}", typeface)
