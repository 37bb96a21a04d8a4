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
def while_connected(environ: Mapping[str, Any]) -> Generator[None]:
    """Work that is cancelled when the client of a WSGI request leaves.

    Raises Cancelled then. Where the server cannot tell, the work is done whole.
    """
    has_left = environ.get("waitress.client_disconnected")
    if has_left is None:
        yield
        return
    cancellation, done = Cancellation(), Event()
    has_left = cast("Callable[[], bool]", has_left)
    if has_left():
        # It waited for its turn, and gave up before it came.
        cancellation.cancel()
    looking = (has_left, cancellation, done)
    Thread(target=_look, args=looking, daemon=True).start()
    try:
        with during(cancellation):
            yield
    finally:
        done.set()
        if cancellation.is_cancelled:
            log.info("answer left")


def _look(has_left: Callable[[], bool], cancellation: Cancellation, done: Event) -> None:
    while not done.wait(LOOK_SECONDS):
        if has_left():
            cancellation.cancel()
            return
