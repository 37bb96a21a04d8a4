"""What people have stopped: the process that works on a tile finds it, whichever was told.

A browser names each of its requests. Who stops a tile of one tells any process of this machine;
the one that answers looks here while the tile takes long. On another machine the tile is worked on
to its end, seen by nobody.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from queries.byte_folder import ByteFolder

KEPT_SECONDS = 120
Stopped = Callable[[str], bool]
"""Whether a tile, by its name, has been stopped."""


class Stops:
    """Tiles that were stopped, by person and request: nobody stops another's."""

    def __init__(self, folder: Path) -> None:
        self._folder = ByteFolder(folder)

    def stop(self, person: str, request: str, tile: str) -> None:
        """Remembered for two minutes: who works on it looks four times a second."""
        self._folder.take(_key(person, request, tile), b"", KEPT_SECONDS)

    def of(self, person: str, request: object) -> Stopped:
        """What is stopped of a request; of one without a name nothing is."""
        return partial(self._has, person, request) if isinstance(request, str) else _nothing

    def _has(self, person: str, request: str, tile: str) -> bool:
        return self._folder.has(_key(person, request, tile))


def _nothing(_tile: str) -> bool:
    return False


def _key(person: str, request: str, tile: str) -> str:
    return f"{person}\n{request}\n{tile}"
