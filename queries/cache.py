"""Remember reductions as Arrow bytes; compute what many ask for at once only once.

In a process one thread computes and the others wait for it; between processes one takes a lease.
"""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from threading import Event, Lock
from time import monotonic, sleep
from uuid import uuid4

import polars as pl

from queries.byte_folder import ByteFolder
from queries.cancellation import Cancellation, check, during, stopped_by

LEASE_SECONDS = 30.0
LOOK_SECONDS = 0.05
FORMAT = 2
"""What a kept frame holds: since 2, a sum over nothing known is NULL."""
MEMORY_BYTES = 64 * 2**20


class _Flight:
    """One computation, and how many wait for it: for them it is `work`, whoever's thread it is."""

    def __init__(self) -> None:
        self.work = Cancellation()
        self.done = Event()
        self.waiting = 0

    def wait(self) -> None:
        """Until it is done, or whoever waits has left."""
        while not self.done.wait(LOOK_SECONDS):
            check()


class FrameCache:
    """Frames by key: a small memory in front of a folder shared by all processes.

    Without a folder it remembers in memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = ByteFolder(folder) if folder is not None else None
        self._memory: dict[str, pl.DataFrame] = {}
        self._size = 0
        self._unread: set[str] = set()
        self._guard = Lock()
        self._flights: dict[str, _Flight] = {}

    def remember(self, key: str, compute: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, bool]:
        """The frame of `key`, and whether it was already there: one `keep` put there was not yet.

        A computation is stopped when all who wait for it have left. Raises Cancelled for those.
        """
        name = _name(key)
        while True:
            check()
            with self._guard:
                found = self._memory.get(name)
                if found is not None:
                    return found, self._was_read(name)
                flight = self._flights.get(name)
                leads = flight is None or flight.waiting == 0
                if leads:
                    flight = self._flights[name] = _Flight()
                assert flight is not None  # noqa: S101  # by the line above
                flight.waiting += 1
            with stopped_by(partial(self._leave, flight)):
                if leads:
                    return self._lead(name, flight, compute)
                flight.wait()

    def has(self, key: str) -> bool:
        """Whether the frame of `key` is kept; one that is damaged is computed when asked for."""
        name = _name(key)
        return name in self._memory or (self._folder is not None and self._folder.has(name))

    def keep(self, key: str, frame: pl.DataFrame) -> None:
        """A frame that came with the computation of another; new to whoever reads it first."""
        name = _name(key)
        with self._guard:
            self._unread.add(name)
        self._write(name, frame)
        self._keep(name, frame)

    def _was_read(self, name: str) -> bool:
        """Whether somebody had the frame before, and not only a computation that made it too."""
        was_unread = name in self._unread
        self._unread.discard(name)
        return not was_unread

    def _lead(
        self, name: str, flight: "_Flight", compute: Callable[[], pl.DataFrame]
    ) -> tuple[pl.DataFrame, bool]:
        try:
            with during(flight.work):
                return self._shared(name, compute)
        finally:
            with self._guard:
                if self._flights.get(name) is flight:
                    del self._flights[name]
            flight.done.set()

    def _leave(self, flight: "_Flight") -> None:
        with self._guard:
            flight.waiting -= 1
            is_deserted = flight.waiting == 0
        if is_deserted:
            flight.work.cancel()

    def _shared(self, name: str, compute: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, bool]:
        found = self._read(name)
        if found is None and not self._take_lease(name):
            found = self._wait(name)
        if found is not None:
            self._keep(name, found)
            with self._guard:
                return found, self._was_read(name)
        try:
            frame = compute()
            self._write(name, frame)
        finally:
            if self._folder is not None:
                self._folder.drop(f"{name}:lease")
        self._keep(name, frame)
        return frame, False

    def _take_lease(self, name: str) -> bool:
        return self._folder is None or self._folder.take(
            f"{name}:lease", uuid4().bytes, LEASE_SECONDS
        )

    def _wait(self, name: str) -> pl.DataFrame | None:
        """What the holder of the lease came to; None when it gave up or took too long."""
        until = monotonic() + LEASE_SECONDS
        while monotonic() < until:
            found = self._read(name)
            if found is not None:
                return found
            if self._folder is None or self._folder.get(f"{name}:lease") is None:
                return self._read(name)
            check()
            sleep(0.01)
        return None

    def _read(self, name: str) -> pl.DataFrame | None:
        stored = self._folder.get(name) if self._folder is not None else None
        if stored is None:
            return None
        try:
            return pl.read_ipc_stream(BytesIO(stored))
        except (pl.exceptions.PolarsError, OSError):
            return None

    def _write(self, name: str, frame: pl.DataFrame) -> None:
        if self._folder is None:
            return
        buffer = BytesIO()
        frame.write_ipc_stream(buffer, compression="lz4")
        self._folder.set(name, buffer.getvalue())

    def _keep(self, name: str, frame: pl.DataFrame) -> None:
        size = int(frame.estimated_size())
        if size > MEMORY_BYTES // 8:
            return
        with self._guard:
            if name in self._memory:
                return
            self._memory[name] = frame
            self._size += size
            while self._size > MEMORY_BYTES:
                oldest = next(iter(self._memory))
                self._size -= int(self._memory.pop(oldest).estimated_size())
                self._unread.discard(oldest)


def _name(key: str) -> str:
    return blake2b(key.encode(), digest_size=20).hexdigest()
