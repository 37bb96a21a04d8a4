"""One writer at a time on a local lake.

A lock of the operating system, not a file that says “locked”: it ends with the process that
holds it, however that ends. An object store has no such lock: see `shared_lease`.
"""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from time import monotonic, sleep

from queries.lake.errors import LeaseHeld

PAUSE_S = 0.05


class Lease:
    """The right to write. The thread that holds it may take it again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._holder: int | None = None

    @contextmanager
    def held(self, timeout_s: float) -> Generator[bool]:
        """Hold it for the block. Gives whether it was taken now, not held already."""
        if self._holder == get_ident():
            yield False
            return
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        with Path(self._path).open("ab") as file:
            _lock(file.fileno(), timeout_s)
            self._holder = get_ident()
            try:
                yield True
            finally:
                self._holder = None

    def confirm(self) -> None:
        """Nothing to ask: the operating system takes it from nobody who lives."""


def _lock(descriptor: int, timeout_s: float) -> None:
    deadline = monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if monotonic() >= deadline:
                raise LeaseHeld(
                    "Another process is writing to the lake.",
                    "Wait until it is done and run again.",
                ) from error
            sleep(PAUSE_S)
        else:
            return
