"""Remember reductions as Arrow bytes; compute what many ask for at once only once.

In a process one thread computes and the others wait for it; between processes one takes a lease.
"""

from collections.abc import Callable
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from uuid import uuid4

import polars as pl

from queries.byte_folder import ByteFolder

LEASE_SECONDS = 30.0
FORMAT = 2
"""What a kept frame holds: since 2, a sum over nothing known is NULL."""
MEMORY_BYTES = 64 * 2**20


class FrameCache:
    """Frames by key: a small memory in front of a folder shared by all processes.

    Without a folder it remembers in memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = ByteFolder(folder) if folder is not None else None
        self._memory: dict[str, pl.DataFrame] = {}
        self._size = 0
        self._guard = Lock()
        self._computing: dict[str, Lock] = {}

    def remember(self, key: str, compute: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, bool]:
        """The frame of `key`, and whether it was already there."""
        name = blake2b(f"{FORMAT} {key}".encode(), digest_size=20).hexdigest()
        found = self._memory.get(name)
        if found is not None:
            return found, True
        with self._lock(name):
            try:
                found = self._memory.get(name)
                if found is not None:
                    return found, True
                return self._shared(name, compute)
            finally:
                with self._guard:
                    self._computing.pop(name, None)

    def _lock(self, name: str) -> Lock:
        with self._guard:
            return self._computing.setdefault(name, Lock())

    def _shared(self, name: str, compute: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, bool]:
        found = self._read(name)
        if found is None and not self._take_lease(name):
            found = self._wait(name)
        if found is not None:
            self._keep(name, found)
            return found, True
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
            self._memory[name] = frame
            self._size += size
            while self._size > MEMORY_BYTES:
                oldest = next(iter(self._memory))
                self._size -= int(self._memory.pop(oldest).estimated_size())
