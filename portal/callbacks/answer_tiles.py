"""Answer the tiles of a view: one request, one line of JSON for each tile as soon as it is ready.

The first line says how the view was read. A slow tile holds nobody up and says how far it is, and
a tile that fails shows its own problem; the others stand. What is asked for a client that has left,
or for a view that its page has left, is stopped; so is a tile that somebody stops.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
from flask import Flask, Response, abort, request

from portal.callbacks.newest import Newest, Seen
from portal.callbacks.save_view import SAVED
from portal.components import format as written
from portal.components.certificate import Held, mark
from portal.components.problem import bug
from portal.drawn import foot, plain
from portal.drawn import since as milliseconds_since
from portal.edited import notices
from portal.logs import log
from portal.open_page import OpenPage, open_page
from portal.page import Gathering, Tile, dataset_name
from portal.site import Site
from portal.stops import Stopped
from portal.view import View
from queries.cancellation import Cancellation, during, stopped_by
from queries.errors import Cancelled
from queries.progress import Progress, followed_by

PATH = "/-/answers"
_MOST_TILES = 60
LOOK_SECONDS = 0.25
SLOW_SECONDS = 1.0
AT_ONCE = 1 + (os.cpu_count() or 1)

logger = logging.getLogger(__name__)


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""
    newest = Newest()

    @server.post(PATH)
    def answer_tiles() -> Response:
        asked = request.get_json()
        page = site.pages.get(str(asked.get("path")))
        if page is None:
            abort(404)
        access = site.viewer().access
        search = str(asked.get("search", ""))
        opened = open_page(page, search, site.warehouse, access)
        told = (*opened.notices, *_edited(opened, search, site))
        opened = replace(opened, targets=site.targets(), notices=told)
        tiles = opened.tiles()
        wanted = [name for name in asked.get("tiles", ()) if name in tiles][:_MOST_TILES]
        left = request.environ.get("waitress.client_disconnected", _never)
        person = site.viewer().id
        stopped = site.stops.of(person, asked.get("request"))
        job = _Job(opened, site, asked.get("as") == "table", left, stopped, site.certificates())
        seen = newest.begin(person, asked.get("view"))
        return Response(
            _lines(job, {name: tiles[name] for name in wanted}, seen),
            mimetype="application/x-ndjson",
        )


def _edited(opened: OpenPage, search: str, site: Site) -> tuple[str, ...]:
    """What was edited since the view was saved, and since the data that it pins was written."""
    view_id = View.from_url(search, options=(SAVED,)).option(SAVED)
    moments = [site.saved_at(view_id)] if view_id else []
    if opened.view.version:
        moments.append(site.warehouse.snapshot(opened.data_version).created_at)
    since = min((m for m in moments if m is not None), default=None)
    return notices(opened, site.edits(), since) if since is not None else ()


@dataclass(frozen=True, slots=True)
class _Job:
    opened: OpenPage
    site: Site
    as_table: bool
    has_left: Callable[[], bool]
    stopped: Stopped
    certificates: Held

    def mark(self, tile: Tile) -> dict[str, Any]:
        """Whether the numbers of a tile are certified, where its metrics are or were."""
        if not self.certificates or not tile.metrics:
            return {}
        dataset = self.opened.catalog.dataset(dataset_name(self.opened.page, tile))
        metrics = [m for m in dataset.metrics if m.name in tile.metrics]
        found = mark(metrics, dataset, self.certificates)
        return {"certificate": found} if found else {}


@dataclass(frozen=True, slots=True)
class _Work:
    """A tile that is worked on, and how far that is."""

    tile: str
    progress: Progress = field(default_factory=Progress)
    cancellation: Cancellation = field(default_factory=Cancellation)
    started: float = field(default_factory=perf_counter)

    @property
    def is_slow(self) -> bool:
        return perf_counter() - self.started > SLOW_SECONDS

    def line(self) -> dict[str, Any]:
        return {
            "tile": self.tile,
            "working": {
                "seconds": round(perf_counter() - self.started),
                "scans": self.progress.scans,
                "percent": self.progress.percent,
            },
        }


def _never() -> bool:
    """Where the server cannot tell whether a client has left."""
    return False


def _lines(job: _Job, tiles: Mapping[str, Tile], seen: Seen) -> Iterator[bytes]:
    """A line a tile. When the client has left, what still runs is stopped and the rest dropped.

    A few are worked on at once, so that the first is there early; those that take long are joined
    by others. An empty line now and then: only who is written to can be found to be gone.
    """
    waiting = deque(sorted(tiles, key=lambda name: isinstance(tiles[name], Gathering)))
    pending: dict[Future[dict[str, Any]], _Work] = {}
    room = AT_ONCE
    with seen as cancellation:
        try:
            yield _line(view_line(job.opened))
            while (waiting or pending) and not cancellation.is_cancelled and not job.has_left():
                while waiting and len(pending) < room:
                    work = _Work(name := waiting.popleft())
                    asked = job.site.workers.submit(_answer, job, tiles[name], work, cancellation)
                    pending[asked] = work
                done, _ = wait(pending, LOOK_SECONDS, FIRST_COMPLETED)
                for work in pending.values():
                    if work.is_slow and job.stopped(work.tile):
                        work.cancellation.cancel()
                if not done:
                    room += AT_ONCE
                    yield b"\n" + b"".join(_line(w.line()) for w in pending.values() if w.is_slow)
                for future in done:
                    yield _line({"tile": pending.pop(future).tile, **future.result()})
        finally:
            if pending or waiting:
                cancellation.cancel()
                dropped = sum(future.cancel() for future in pending)
                log.info("answers left", stopped=len(pending), queued=dropped + len(waiting))


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"


def view_line(opened: OpenPage) -> dict[str, Any]:
    """How the view was read: dates, comparison, version, what could not be read."""
    context = opened.context
    return {
        "view": {
            "period": written.period(context.period) if context.period else "",
            "start": str(context.period.start) if context.period else None,
            "end": str(context.period.end) if context.period else None,
            "compare": written.period(context.compare.period)
            if context.compare
            else context.compare_note,
            "grain": context.grain,
            "zone": context.zone,
            "latest": written.day(context.extent.latest) if context.extent.latest else None,
            "last": str(context.extent.latest) if context.extent.latest else None,
            "version": opened.data_version,
            "pinned": bool(opened.view.version),
            "assumed": [pair for choice in opened.assumed for pair in choice.pairs],
            "notices": opened.all_notices(),
            "own": own_rows(opened),
        }
    }


def own_rows(opened: OpenPage) -> list[str]:
    """The values whose rows the viewer may see, where a row rule keeps the others from them."""
    dataset = opened.context.dataset
    rules = () if dataset.open else opened.access.rows
    told = [(name, allowed) for name, allowed in rules if dataset.has_dimension(name)]
    known = ((dataset.dimension(name), allowed) for name, allowed in told)
    return [written.value_label(v, d) for d, allowed in known for v in allowed]


def _answer(job: _Job, tile: Tile, work: _Work, cancellation: Cancellation) -> dict[str, Any]:
    started = perf_counter()
    try:
        with (
            during(cancellation),
            stopped_by(work.cancellation.cancel),
            during(work.cancellation),
            followed_by(work.progress),
        ):
            drawn = job.site.drawings.draw(job.opened, work.tile, tile, as_table=job.as_table)
            return {**drawn, **job.mark(tile)}
    except Cancelled:
        log.info("question stopped", after_ms=milliseconds_since(started))
        return {}
    except Exception:
        incident = uuid4().hex[:8]
        logger.exception("tile failed", extra={"incident": incident})
        return {
            "drawing": plain(bug(incident)),
            "foot": foot(job.opened, tile, ()),
            "took_ms": milliseconds_since(started),
        }
