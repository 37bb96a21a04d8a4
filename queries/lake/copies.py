"""Copies of an object store's data files on local disk, for engines that read files.

A data file is written once under its name, so a copy is never stale. A copy is whole or not there:
it is fetched beside its place and renamed. Many processes may share the folder.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

import fcntl
import os
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from time import time
from uuid import uuid4

import pyarrow.fs as arrow_fs

from queries.lake.errors import LakeUnreachable

LIMIT_BYTES = 10 << 30
IN_USE_S = 900.0
"""A copy that was handed out so lately may still be read: it stays, whatever the limit."""
AT_ONCE = 8
CHUNK = 4 << 20
UNFINISHED = ".part"


class Copies:
    """A folder of copies, bounded: the least recently used go first.

    The bound gives way only to what was handed out in the last `in_use_s` seconds.
    """

    def __init__(
        self, folder: Path, *, limit_bytes: int = LIMIT_BYTES, in_use_s: float = IN_USE_S
    ) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._in_use_s = in_use_s
        self._guard = Lock()
        self._fetching: dict[str, Lock] = {}

    def place(self, path: str) -> Path:
        """Where the copy of a path of the lake lies, or is to be written before it is stored."""
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def files(self, store: arrow_fs.FileSystem, sizes: Mapping[str, int]) -> tuple[str, ...]:
        """Local files of these paths of the lake, whose sizes in bytes are known.

        Fetches what is not there. Raises LakeUnreachable where a file comes in another size.
        """
        places = {path: self.place(path) for path in sizes}
        with self._held(fcntl.LOCK_SH):
            missing = [p for p in sizes if not _touched(places[p], sizes[p])]
        if missing:
            with ThreadPoolExecutor(min(AT_ONCE, len(missing))) as pool:
                list(pool.map(lambda p: self._fetch(store, p, sizes[p]), missing))
            self.trim()
        return tuple(str(place) for place in places.values())

    def trim(self) -> None:
        """Let the least recently used go until the rest fits."""
        with self._held(fcntl.LOCK_EX):
            now = time()
            found = sorted(_listed(self._folder))
            total = sum(size for _, size, _ in found)
            for used, size, path in found:
                if total <= self._limit or now - used < self._in_use_s:
                    break
                path.unlink(missing_ok=True)
                total -= size

    def _fetch(self, store: arrow_fs.FileSystem, path: str, size: int) -> None:
        with self._guard:
            turn = self._fetching.setdefault(path, Lock())
        with turn:
            place = self.place(path)
            if not _touched(place, size):
                _download(store, path, place, size)
        with self._guard:
            self._fetching.pop(path, None)

    @contextmanager
    def _held(self, kind: int) -> Generator[None]:
        """Nobody trims while somebody looks what is there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("ab") as file:
            fcntl.flock(file.fileno(), kind)
            yield


def _touched(place: Path, size: int) -> bool:
    """Whether the whole copy is there; it is in use from now on."""
    try:
        os.utime(place)
        return place.stat().st_size == size
    except FileNotFoundError:
        return False


def _download(store: arrow_fs.FileSystem, path: str, place: Path, size: int) -> None:
    part = place.with_name(f"{place.name}.{uuid4().hex[:12]}{UNFINISHED}")
    try:
        with store.open_input_file(path) as source, part.open("wb") as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)
            got = target.tell()
        if got != size:
            raise LakeUnreachable(
                f"The store gave {got} bytes of a file of {size}.", "Ask again; then see the store."
            )
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _listed(folder: Path) -> Generator[tuple[float, int, Path]]:
    """When each copy was used last, its size and place; the unfinished of dead processes too."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            with suppress(FileNotFoundError):
                found = path.stat()
                if name != "lock":
                    yield found.st_mtime, found.st_size, path
