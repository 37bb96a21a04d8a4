"""Export a tile: its answers as a file, asked again as whoever downloads it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock

from flask import Flask, Response, abort, request, send_file

from portal.export import FORMS, download
from portal.open_page import ask, open_page, shown
from portal.site import Site

PATH = "/export"
AT_ONCE = 2


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""
    turns = Turns()

    @server.get(PATH)
    def export_tile() -> Response:
        page = site.pages.get(request.args.get("path", ""))
        form = FORMS.get(request.args.get("format", ""))
        opened = open_page(page, request.args.get("search", ""), site.warehouse) if page else None
        tile = opened.tiles().get(request.args.get("tile", "")) if opened else None
        if opened is None or tile is None or form is None:
            abort(404, "There is nothing to export.")
        viewer = site.viewer()
        with turns.taken(viewer.name):
            results = ask(opened, tile, site.warehouse, viewer.access)
            if not results:
                abort(404, "There is nothing to export.")
            file = download(shown(opened, tile, results), form)
        sent = send_file(
            BytesIO(file.content),
            mimetype=file.mimetype,
            as_attachment=True,
            download_name=file.name,
        )
        sent.headers["Cache-Control"] = "no-store"
        return sent


class Turns:
    """Exports that are under way, by person: two at once, so that nobody takes the whole server."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def taken(self, name: str) -> Iterator[None]:
        with self._lock:
            if self._counts[name] >= AT_ONCE:
                abort(429, "Two of your exports are under way; wait for one of them.")
            self._counts[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[name] -= 1
