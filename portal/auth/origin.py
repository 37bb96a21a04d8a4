"""Where a write comes from: only our own pages may make a browser write.

A browser says so itself in `Sec-Fetch-Site`, or in `Origin` where it is older or the connection
is not encrypted. What says neither is not a browser: it may write only without a cookie, because
then it has no standing that somebody else could borrow.
"""

from urllib.parse import urlsplit

from flask import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_own(request: Request, public_url: str, has_cookie: bool) -> bool:
    """Whether the request may change something, as far as its origin goes."""
    if request.method in SAFE_METHODS:
        return True
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == (public_url or _origin(request.host_url))
    return not has_cookie


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
