"""Export a tile: its answers as a file, asked again as whoever downloads it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock

from flask import Flask, Response, abort, request, send_file

from portal.export import FORMS, File, Form, download
from portal.export_rows import MOST_ROWS, rows_file
from portal.leaving import while_connected
from portal.open_page import OpenPage, ask, list_rows, open_page, shown
from portal.page import Lists, Tile
from portal.site import Site
from queries.dataset import Access
from queries.warehouse import Warehouse

PATH = "/export"
AT_ONCE = 2


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""
    turns = Turns()

    @server.get(PATH)
    def export_tile() -> Response:
        page = site.pages.get(request.args.get("path", ""))
        form = FORMS.get(request.args.get("format", ""))
        viewer, search = site.viewer(), request.args.get("search", "")
        opened = open_page(page, search, site.warehouse, viewer.access) if page else None
        tile = opened.tiles().get(request.args.get("tile", "")) if opened else None
        if opened is None or tile is None or form is None:
            abort(404, "There is nothing to export.")
        with turns.taken(viewer.id), while_connected(request.environ):
            file = _file(opened, tile, site.warehouse, viewer.access, form)
        sent = send_file(
            BytesIO(file.content),
            mimetype=file.mimetype,
            as_attachment=True,
            download_name=file.name,
        )
        sent.headers["Cache-Control"] = "no-store"
        return sent


def _file(opened: OpenPage, tile: Tile, warehouse: Warehouse, access: Access, form: Form) -> File:
    if isinstance(tile, Lists):
        return rows_file(list_rows(opened, tile, warehouse, access, MOST_ROWS), form)
    results = ask(opened, tile, warehouse, access)
    if not results:
        abort(404, "There is nothing to export.")
    return download(shown(opened, tile, results), form)


class Turns:
    """Exports that are under way, by a person's id: two at once, so that nobody takes it all."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def taken(self, person: str) -> Iterator[None]:
        with self._lock:
            if self._counts[person] >= AT_ONCE:
                abort(429, "Two of your exports are under way; wait for one of them.")
            self._counts[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[person] -= 1
