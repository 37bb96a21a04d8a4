"""Fewer bytes for the browser: Brotli where it is understood, else gzip.

Answers made for one person are squeezed lightly, each time; files that everybody gets are
squeezed hard, once (`portal.static`).
"""

import gzip
from typing import Literal

import brotli
from flask import Flask, request
from werkzeug.wrappers import Request, Response

Encoding = Literal["br", "gzip"]
ENCODINGS: tuple[Encoding, ...] = ("br", "gzip")

LIGHT: dict[Encoding, int] = {"br": 2, "gzip": 2}
HARD: dict[Encoding, int] = {"br": 9, "gzip": 6}
SMALLEST = 1_400
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
    """Squeeze what `server` answers, unless it is small, streamed or squeezed already."""

    @server.after_request
    def squeeze(response: Response) -> Response:
        encoding = chosen(request)
        if encoding is None or not _is_worth_it(response):
            return response
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
    return (
        response.status_code == 200  # noqa: PLR2004
        and "Content-Encoding" not in response.headers
        and not response.is_streamed
        and not response.direct_passthrough
        and is_text(response)
        and (response.content_length or 0) >= SMALLEST
    )
