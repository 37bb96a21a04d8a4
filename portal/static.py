"""The scripts and styles that every page loads: squeezed once, remembered, cached by browsers.

Dash reads a script from its package and would squeeze it anew for every request; here the gate
decides first, then the squeezed bytes are at hand. They are kept by the hash of their content
below the cache folder, so a restart does not squeeze again, and in memory.

Where set-up has built a slimmer plotly.js of exactly the installed version, it is served at the
address of the full one.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock

import brotli
import plotly
from flask import Flask, make_response, request
from werkzeug.wrappers import Response

from portal import compression
from portal.compression import ENCODINGS, HARD, Encoding

PREFIXES = ("/_dash-component-suites/", "/assets/")
PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
FINGERPRINT = re.compile(r"@[^/]+\.v[^/]+m\d+")
PLOTLY_VERSION = re.compile(rb"plotly\.js v(\d+\.\d+\.\d+)")
FOREVER = "private, max-age=31536000, immutable"
#: Addresses without a fingerprint: asked for again each hour, answered “unchanged” as a rule.
HOUR = "private, max-age=3600"
MOST_KEPT = 400

Address = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is kept: squeezed, and never plain, which nobody asks for."""

    tag: str
    content_type: str
    bodies: Mapping[Encoding, bytes]


@dataclass(slots=True)
class Shelf:
    """The files of one process. The lock keeps two requests from squeezing the same file."""

    folder: Path
    files: dict[Address, File] = field(default_factory=dict[Address, File])
    lock: Lock = field(default_factory=Lock)


def register(server: Flask, folder: Path, slim_plotly: Path | None = None) -> None:
    """Serve scripts from the shelf. Comes after the gate, and before Dash is put on `server`."""
    shelf = Shelf(folder)

    @server.before_request
    def serve() -> Response | None:
        if not request.path.startswith(PREFIXES) or request.method != "GET":
            return None
        kept = shelf.files.get(_address())
        if kept is not None:
            return _answer(kept)
        if request.path == PLOTLY and slim_plotly is not None:
            body = slim_plotly.read_bytes()
            return _answer(_put(shelf, body, "text/javascript; charset=utf-8"))
        return None

    @server.after_request
    def keep(response: Response) -> Response:
        if not request.path.startswith(PREFIXES) or response.status_code not in (200, 304):
            return response
        _set_lifetime(response)
        is_new = response.status_code == 200 and "Content-Encoding" not in response.headers  # noqa: PLR2004
        if request.method != "GET" or not is_new or not compression.is_text(response):
            return response
        response.direct_passthrough = False
        kept = _put(shelf, response.get_data(), response.headers["Content-Type"])
        response.close()
        return _answer(kept)


def find_slim_plotly(prefix: Path | None = None) -> Path | None:
    """The slimmer plotly.js that fits the installed one, if set-up has built it."""
    full = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    with full.open("rb") as file:
        found = PLOTLY_VERSION.search(file.read(2_000))
    if found is None:
        return None
    name = f"plotly-{found[1].decode()}.min.js"
    slim = (prefix or Path(sys.prefix)) / "share" / "playhead" / name
    return slim if slim.is_file() else None


def _address() -> Address:
    return request.path, request.query_string[:100]


def _put(shelf: Shelf, body: bytes, content_type: str) -> File:
    with shelf.lock:
        kept = shelf.files.get(_address())
        if kept is None:
            tag = sha256(body).hexdigest()[:32]
            bodies: dict[Encoding, bytes] = {
                e: _squeezed(shelf.folder / f"{tag}.{e}", body, e) for e in ENCODINGS
            }
            kept = File(tag, content_type, bodies)
            if len(shelf.files) < MOST_KEPT:
                shelf.files[_address()] = kept
    return kept


def _squeezed(path: Path, body: bytes, encoding: Encoding) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        squeezed = compression.compress(body, encoding, HARD)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(squeezed)
    draft.replace(path)
    return squeezed


def _answer(file: File) -> Response:
    encoding = compression.chosen(request)
    if encoding is None:
        response = make_response(brotli.decompress(file.bodies["br"]))
    else:
        response = make_response(file.bodies[encoding])
        response.headers["Content-Encoding"] = encoding
    response.headers["Content-Type"] = file.content_type
    response.set_etag(f"{file.tag}-{encoding or 'plain'}")
    response.vary.add("Accept-Encoding")
    _set_lifetime(response)
    return response.make_conditional(request)


def _set_lifetime(response: Response) -> None:
    is_fingerprinted = FINGERPRINT.search(request.path) or b"m=" in request.query_string
    response.headers["Cache-Control"] = FOREVER if is_fingerprinted else HOUR
