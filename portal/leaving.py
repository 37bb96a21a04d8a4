"""Stop what is worked out for a client that has left, where nothing is sent until all is done.

A stream finds out by writing (`portal.callbacks.answer_tiles`); an answer in one piece has nothing
to write yet, so somebody looks now and then whether the connection is still there.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, cast

from portal.logs import log
from queries.cancellation import Cancellation, during

LOOK_SECONDS = 0.25


@contextmanager
def while_connected(
    environ: Mapping[str, Any], cancellation: Cancellation | None = None
) -> Generator[None]:
    """Work that is cancelled when the client of a WSGI request leaves.

    Raises Cancelled then. `cancellation` is one that others may cancel too. Where the server cannot
    tell who has left, nobody has.
    """
    cancellation, done = cancellation or Cancellation(), Event()
    has_left = cast("Callable[[], bool]", environ.get("waitress.client_disconnected", _never))
    if has_left():
        # It waited for its turn, and gave up before it came.
        cancellation.cancel()
    if has_left is not _never:
        Thread(target=_look, args=(has_left, cancellation, done), daemon=True).start()
    try:
        with during(cancellation):
            yield
    finally:
        done.set()
        if cancellation.is_cancelled:
            log.info("answer left")


def _never() -> bool:
    return False


def _look(has_left: Callable[[], bool], cancellation: Cancellation, done: Event) -> None:
    while not done.wait(LOOK_SECONDS):
        if has_left():
            cancellation.cancel()
            return
