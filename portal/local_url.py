"""Addresses within this site: the one function that decides where a person may be sent.

Whatever a browser might read as another host is refused, not repaired.
"""

from urllib.parse import unquote, urlsplit

MAX_LENGTH = 8_000


def local_url(text: str | None, default: str = "/") -> str:
    """Give back `text` if it is a path of this site, with or without a query, else `default`.

    Browsers drop tabs and line breaks and take a backslash for a slash, and a proxy may decode
    once more than we do, so each reading has to be harmless.
    """
    if not text or len(text) > MAX_LENGTH:
        return default
    return text if all(_is_local(reading) for reading in (text, unquote(text))) else default


def _is_local(text: str) -> bool:
    path = text.partition("?")[0].partition("#")[0]
    if not text.isprintable() or "\\" in path:
        return False
    if not path.startswith("/") or path.startswith(("//", "/@")):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
