"""Serves an application whose one answer takes a moment, for the test of a polite end."""

import socket
import sys
import time
from collections.abc import Callable, Iterable

from portal.listen import answer

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def application(environment: dict[str, object], start_response: StartResponse) -> Iterable[bytes]:
    if environment["PATH_INFO"] == "/slow":
        time.sleep(1.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]


if __name__ == "__main__":
    listening = socket.socket(fileno=int(sys.argv[1]))
    answer(application, listening, stopping=lambda: print("stopping", flush=True))  # noqa: T201
