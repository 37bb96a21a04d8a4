"""Cancellation: work that nobody waits for any more is stopped, wherever it is by then.

Whoever asks works `during` a cancellation of theirs; what takes long says how it can be stopped.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from queries.errors import Cancelled

Stop = Callable[[], None]


class Cancellation:
    """Whether the asker has left. Cancelled once and for all, by any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stops: dict[int, Stop] = {}
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        return self._is_cancelled

    def cancel(self) -> None:
        """Stop all that runs for it, and refuse what would be begun."""
        with self._lock:
            if self._is_cancelled:
                return
            self._is_cancelled = True
            for stop in self._stops.values():
                stop()

    def check(self) -> None:
        """Raise Cancelled where there is no point in going on."""
        if self._is_cancelled:
            raise Cancelled("Nobody waits for this answer any more.", "Ask again.")

    @contextmanager
    def stopping(self, stop: Stop) -> Generator[None]:
        """Call `stop` if it is cancelled, before or meanwhile; never after the block was left."""
        with self._lock:
            if self._is_cancelled:
                stop()
                self.check()
            self._stops[id(stop)] = stop
        try:
            yield
        finally:
            with self._lock:
                self._stops.pop(id(stop))


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def current() -> Cancellation | None:
    """Whose cancellation this thread works under; None where nobody can leave."""
    return _current.get()


@contextmanager
def during(cancellation: Cancellation) -> Generator[None]:
    """Work under a cancellation, in this thread."""
    token = _current.set(cancellation)
    try:
        yield
    finally:
        _current.reset(token)


def begin(cancellation: Cancellation) -> None:
    """Work under a cancellation in this thread from now on: what a pool begins its threads with."""
    _current.set(cancellation)


def check() -> None:
    """Raise Cancelled where whoever asked has left."""
    found = current()
    if found is not None:
        found.check()


@contextmanager
def stopped_by(stop: Stop) -> Generator[None]:
    """Something that takes long, and how it is stopped. Raises Cancelled where it is too late."""
    found = current()
    if found is None:
        yield
        return
    with found.stopping(stop):
        yield
