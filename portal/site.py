"""What the callbacks need to know: the pages, the warehouse they ask, and who is looking."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.drawn import Drawings
from portal.edited import Edits
from portal.page import Page
from portal.stops import Stops
from portal.store.certificate import Certificate
from portal.store.target import Target
from queries.dataset import Access
from queries.warehouse import Warehouse


class Viewer(Protocol):
    """The person a request is answered for."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def access(self) -> Access: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Passed by hand to everything that answers requests.

    `viewer` and `unseen`, how many alerts they have not seen, are read inside a request.
    """

    pages: Mapping[str, Page]
    warehouse: Warehouse
    drawings: Drawings
    stops: Stops
    viewer: Callable[[], Viewer]
    workers: ThreadPoolExecutor
    targets: Callable[[], tuple[Target, ...]] = tuple
    certificates: Callable[[], Mapping[tuple[str, str], Certificate]] = dict
    unseen: Callable[[], int] = int
    edits: Callable[[], Edits] = dict
    saved_at: Callable[[str], datetime | None] = lambda _view_id: None
