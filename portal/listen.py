"""One process that answers requests, until it is told to stop.

Waitress reads a request whole before a thread sees it, so a hundred clients that dribble their
bodies cost a hundred sockets and no thread. On SIGTERM it takes no new connections, finishes
what it has begun, and goes.
"""

import signal
from collections.abc import Callable
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from socket import socket
from threading import Event
from time import monotonic
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

DRAIN_SECONDS = 25
#: The router in front keeps idle connections for 90 s; ours live a little longer than that.
IDLE_SECONDS = 95
LARGEST_HEAD = 32_768
MOST_CONNECTIONS = 8_000
SPARE_FILES = 200

Application = Callable[..., Any]


def answer(
    application: Application,
    listening: socket,
    *,
    threads: int = 8,
    largest_body: int = 16 << 20,
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve `application` on a bound socket until SIGTERM or SIGINT, then drain and return.

    `stopping` is called once, first thing, so that the state of health can say so.
    """
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sockets: dict[int, Any] = {}
    server: Any = create_server(
        application,
        map=sockets,
        sockets=[listening],
        threads=threads,
        ident=None,
        connection_limit=_connections(),
        channel_timeout=IDLE_SECONDS,
        max_request_body_size=largest_body,
        max_request_header_size=LARGEST_HEAD,
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=True,
        # A connection with a request under way is still read, or nobody would see it close.
        channel_request_lookahead=1,
    )
    while not stop.is_set():
        _turn(sockets)
    stopping()
    _drain(server, sockets)


def _turn(sockets: dict[int, Any]) -> None:
    wasyncore.loop(timeout=0.5, use_poll=True, map=sockets, count=1)


def _drain(server: Any, sockets: dict[int, Any]) -> None:  # noqa: ANN401  # waitress has no types
    wasyncore.dispatcher.close(server)
    deadline = monotonic() + DRAIN_SECONDS
    while monotonic() < deadline and any(_is_busy(c) for c in server.active_channels.values()):
        _turn(sockets)
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)


def _is_busy(channel: Any) -> bool:  # noqa: ANN401  # as above
    return bool(channel.requests) or channel.total_outbufs_len > 0


def _connections() -> int:
    """As many as the process may have files open, less some for the lake.

    The limit a process is born with is often a thousand; it may raise it to the hard one itself.
    """
    soft, hard = getrlimit(RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    if soft != RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == RLIM_INFINITY else min(wanted, hard)
        setrlimit(RLIMIT_NOFILE, (soft, hard))
    return (
        MOST_CONNECTIONS
        if soft == RLIM_INFINITY
        else max(100, min(MOST_CONNECTIONS, soft - SPARE_FILES))
    )
