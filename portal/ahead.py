"""Draw every page's first paint ahead, so that its first reader does not wait for it.

What a page shows before anybody filters it follows from the data version and from what its reader
may see: it is drawn once for each kind of reader and kept (`portal.drawn`).
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from portal.drawn import Drawings
from portal.open_page import OpenPage, open_page
from portal.page import Gathering, Page
from portal.store.target import Target
from queries.dataset import Access
from queries.errors import Cancelled, QueryError
from queries.warehouse import Warehouse

logger = logging.getLogger(__name__)


def draw_ahead(
    pages: Mapping[str, Page],
    warehouse: Warehouse,
    kept: Drawings,
    readers: Iterable[Access],
    targets: Collection[Target] = (),
) -> Iterator[tuple[Page, int]]:
    """Draw the first paint of all pages for everybody with one of these accesses, page by page.

    Yields each page with its number of tiles; none where it cannot be opened. Raises Cancelled.
    """
    for access in readers:
        for page in pages.values():
            try:
                opened = replace(open_page(page, "", warehouse, access), targets=tuple(targets))
            except Cancelled:
                raise
            except QueryError:
                yield page, 0
            else:
                yield page, _draw_page(opened, kept)


def _draw_page(opened: OpenPage, kept: Drawings) -> int:
    """How many tiles there are. Those that others read come first; one with a bug stops none."""
    tiles = sorted(opened.tiles().items(), key=lambda named: isinstance(named[1], Gathering))
    for name, tile in tiles:
        try:
            kept.draw(opened, name, tile)
        except Cancelled:
            raise
        except Exception:
            logger.exception("tile failed", extra={"path": opened.page.path, "tile": name})
    return len(tiles)
