"""The newest view of each open page: a request for it cancels what is asked for the views before.

A browser names its page and counts its views. In one process this finds what a proxy hides: a
connection that the browser gave up and the proxy keeps open.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock

from queries.cancellation import Cancellation

Seen = AbstractContextManager[Cancellation]
Page = tuple[str, str]


class Newest:
    """Cancellations of the requests under way, by person and page. Nobody cancels another's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[Page, dict[Cancellation, int]] = {}

    @contextmanager
    def begin(self, person: str, view: object) -> Generator[Cancellation]:
        """While a request is answered: its cancellation. `view` is `[name of the page, number]`.

        A view that is not said cancels nothing.
        """
        mine = Cancellation()
        match view:
            case [str(page), int(number)]:
                key = (person, page)
            case _:
                yield mine
                return
        with self._lock:
            under_way = self._open.setdefault(key, {})
            under_way[mine] = number
            newest = max(under_way.values())
            left = [c for c, of in under_way.items() if of < newest]
        for cancellation in left:
            cancellation.cancel()
        try:
            yield mine
        finally:
            with self._lock:
                del under_way[mine]
                if not under_way and self._open.get(key) is under_way:
                    del self._open[key]
