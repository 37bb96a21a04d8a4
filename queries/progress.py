"""How far the engine is with what somebody waits for, readable from another thread.

An engine says of each scan how its fraction is read; what waits for another's scan has none.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from math import isfinite
from threading import Lock

Percent = Callable[[], float]


class Progress:
    """The scans of one piece of work: how many were begun, and how far the last one is."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._percent: Percent | None = None
        self._begun = 0

    @property
    def scans(self) -> int:
        """How many scans were begun so far."""
        return self._begun

    @property
    def percent(self) -> float | None:
        """0 to 100 of the scan in hand; None between scans, or where the engine cannot tell yet."""
        with self._lock:
            found = self._percent() if self._percent is not None else -1.0
        return min(found, 100.0) if isfinite(found) and found >= 0 else None

    @contextmanager
    def of_scan(self, percent: Percent) -> Generator[None]:
        """Read the fraction of a scan while the block runs, never after it."""
        with self._lock:
            self._percent, self._begun = percent, self._begun + 1
        try:
            yield
        finally:
            with self._lock:
                self._percent = None


_current: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def followed_by(progress: Progress) -> Generator[None]:
    """Work that `progress` follows, in this thread."""
    token = _current.set(progress)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def scanning(percent: Percent) -> Generator[None]:
    """A scan, and how its percentage is read."""
    found = _current.get()
    if found is None:
        yield
        return
    with found.of_scan(percent):
        yield
