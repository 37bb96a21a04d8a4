# pyright: basic
"""A folder of bytes shared by all processes: diskcache without its pickles.

diskcache unpickles what it finds (CVE-2025-69872, unfixed in 5.6.3), so its disk is replaced by
one that stores and accepts bytes only. A folder that cannot be read or written behaves as if it
were empty.
"""

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Error as SqliteError
from threading import Lock
from typing import Any

from diskcache import UNKNOWN, Cache, Disk, Timeout

SIZE_LIMIT = 2 * 2**30
_BYTES_MODES = (1, 2)


class BytesDisk(Disk):
    """Stores text keys and byte values; refuses everything else, on the way in and out."""

    def put(self, key: object) -> tuple[str, bool]:
        if not isinstance(key, str):
            raise TypeError("keys are text")
        return key, True

    def get(self, key: str, raw: bool) -> str:
        if not raw:
            raise ValueError("a key that is not text")
        return key

    def store(self, value: object, read: bool, key: Any = UNKNOWN) -> tuple[Any, ...]:  # noqa: ANN401
        if not isinstance(value, bytes) or read:
            raise TypeError("values are bytes")
        return super().store(value, read, key=key)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> object:
        if mode not in _BYTES_MODES:
            raise ValueError("a value that is not bytes")
        return super().fetch(mode, filename, value, read)


class ByteFolder:
    """Get, set and take leases by key. Opened on first use, so that a server may fork before it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: Cache | None = None
        self._opening = Lock()

    def get(self, key: str) -> bytes | None:
        found = self._quietly(lambda cache: cache.get(key))
        return found if isinstance(found, bytes) else None

    def has(self, key: str) -> bool:
        """Whether there are bytes of `key` that have not expired, without reading them."""
        return self._quietly(lambda cache: key in cache) is True

    def set(self, key: str, value: bytes) -> None:
        self._quietly(lambda cache: cache.set(key, value))

    def take(self, key: str, token: bytes, seconds: float) -> bool:
        """Whether the lease `key` is ours now; so it is when the folder is out of order."""
        return self._quietly(lambda cache: cache.add(key, token, expire=seconds)) is not False

    def drop(self, key: str) -> None:
        self._quietly(lambda cache: cache.delete(key))

    def _quietly(self, action: Callable[[Cache], object]) -> object:
        try:
            return action(self._open())
        except (OSError, SqliteError, Timeout, ValueError, TypeError):
            return None

    def _open(self) -> Cache:
        with self._opening:
            if self._cache is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._cache = Cache(str(self._folder), disk=BytesDisk, size_limit=SIZE_LIMIT)
            return self._cache
