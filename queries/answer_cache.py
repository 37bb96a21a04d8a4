"""Remember whole answers: the same question of the same data is worked out once a process.

The key is all that decides an answer: the question, who asks, the data version. What is kept is
small answers in a bounded memory, the longest unused given up first; reductions, which many answers
share and processes too, are `queries.cache`'s.
"""

from collections import OrderedDict
from threading import Lock

from queries.dataset import Access
from queries.model import Query, Result

MEMORY_BYTES = 64 * 2**20
OTHERWISE_BYTES = 10_000
"""What an answer takes besides its numbers: its question, two frames, notes. Measured 8,800."""

Key = tuple[Query, str, Access, str]


def key_of(query: Query, access: Access, data_version: str) -> Key:
    """Values that are equal and differ, such as 1 and true, are told apart as they are written."""
    return query, repr(query.where), access, data_version


class AnswerCache:
    """Answers by key, in memory only."""

    def __init__(self, limit_bytes: int = MEMORY_BYTES) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[Key, tuple[Result, int]] = OrderedDict()
        self._size = 0
        self._guard = Lock()

    def get(self, key: Key) -> Result | None:
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: Key, result: Result) -> None:
        """Until it is the longest unused. One that takes an eighth of the memory is not kept."""
        size = _sealed(result)
        if size > self._limit // 8:
            return
        with self._guard:
            _, before = self._kept.pop(key, (result, 0))
            self._kept[key] = result, size
            self._size += size - before
            while self._size > self._limit:
                _, (_, freed) = self._kept.popitem(last=False)
                self._size -= freed


def _sealed(result: Result) -> int:
    """The bytes of an answer, whose arrays nobody may write to any more: many read them."""
    sides = (result.paired.now, result.paired.before) if result.paired is not None else ()
    arrays = {id(array): array for side in sides for array in side.values()}
    for array in arrays.values():
        array.setflags(write=False)
    frames = (result.frame, result.total)
    numbers = sum(a.nbytes for a in arrays.values()) + sum(int(f.estimated_size()) for f in frames)
    return OTHERWISE_BYTES + len(result.sql) + numbers
