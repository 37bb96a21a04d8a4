"""The cookie that carries a session's secret.

Over https it has the `__Host-` prefix: a browser then takes it from this very host only, over an
encrypted connection, for every path. The plain name is for development on this machine.
"""

from flask import Request
from werkzeug.wrappers import Response

from portal.settings import Settings
from portal.store.sessions import ABSOLUTE


def name(settings: Settings) -> str:
    return "__Host-playhead" if settings.is_encrypted else "playhead"


def read(request: Request, settings: Settings) -> str:
    """The secret the browser holds, empty without one."""
    return request.cookies.get(name(settings), "")


def give(response: Response, settings: Settings, secret: str) -> None:
    response.set_cookie(
        name(settings),
        secret,
        max_age=ABSOLUTE,
        secure=settings.is_encrypted,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def take_back(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        name(settings),
        secure=settings.is_encrypted,
        httponly=True,
        samesite="Lax",
        path="/",
    )
