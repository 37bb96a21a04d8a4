"""Fewer bytes for the browser: Brotli where it is understood, else gzip.

Answers made for one person are squeezed lightly, each time; files that everybody gets are
squeezed hard, once (`portal.static`).
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal

import brotli
from flask import Flask, request
from werkzeug.wrappers import Request, Response

Encoding = Literal["br", "gzip"]
ENCODINGS: tuple[Encoding, ...] = ("br", "gzip")

LIGHT: dict[Encoding, int] = {"br": 2, "gzip": 2}
HARD: dict[Encoding, int] = {"br": 9, "gzip": 6}
SMALLEST = 1_400
GZIP_FRAME = 31
LINES = "application/x-ndjson"
TYPES = (
    "application/json",
    "application/javascript",
    "text/javascript",
    "text/html",
    "text/css",
    "text/csv",
    "image/svg+xml",
)


def register(server: Flask) -> None:
    """Squeeze what `server` answers, unless it is small, a file or squeezed already."""

    @server.after_request
    def squeeze(response: Response) -> Response:
        encoding = chosen(request)
        if encoding is None or not _is_worth_it(response):
            return response
        if response.is_streamed:
            response.response = _pieces(response.response, encoding)
        else:
            response.set_data(compress(response.get_data(), encoding, LIGHT))
        response.headers["Content-Encoding"] = encoding
        response.vary.add("Accept-Encoding")
        return response


def chosen(asking: Request) -> Encoding | None:
    """The best encoding that the browser understands, None for plain bytes."""
    accepted = asking.accept_encodings
    return next((e for e in ENCODINGS if accepted.quality(e) > 0), None)


def compress(body: bytes, encoding: Encoding, levels: dict[Encoding, int]) -> bytes:
    if encoding == "br":
        return brotli.compress(body, quality=levels["br"])
    return gzip.compress(body, levels["gzip"], mtime=0)


def is_text(response: Response) -> bool:
    return response.mimetype in TYPES


def _is_worth_it(response: Response) -> bool:
    if response.status_code != 200 or "Content-Encoding" in response.headers:  # noqa: PLR2004
        return False
    if response.direct_passthrough:
        return False
    if response.is_streamed:
        return response.mimetype == LINES
    return is_text(response) and (response.content_length or 0) >= SMALLEST


def _pieces(parts: Iterable[str | bytes], encoding: Encoding) -> Iterator[bytes]:
    """Squeeze each part on its own way out, so that the browser has it at once."""
    if encoding == "br":
        squeezer = brotli.Compressor(quality=LIGHT["br"])
        squeeze, flush, finish = squeezer.process, squeezer.flush, squeezer.finish
    else:
        squeezer = zlib.compressobj(LIGHT["gzip"], wbits=GZIP_FRAME)
        squeeze, finish = squeezer.compress, squeezer.flush
        flush = partial(squeezer.flush, zlib.Z_SYNC_FLUSH)
    for part in parts:
        yield squeeze(part.encode() if isinstance(part, str) else part) + flush()
    yield finish()
