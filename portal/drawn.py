"""A tile as it was drawn: what the browser is sent for it, worked out once and kept.

A drawing follows from the code, the data version, the view, what its reader may see and the targets
shown in it; all of that is the key under which it is kept, so no kept drawing is ever out of date.
What is late by the clock is said of it anew each time, and is part of the key of a report.
Only those that took long are kept, or would have without answers that were remembered: the others
cost less than the keeping. What failed is not kept.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib.metadata import distributions
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson

from portal.components import format as written
from portal.components.problem import problem
from portal.components.table import table
from portal.drawing import Drawing
from portal.open_page import OpenPage, ask_all, list_rows, shown
from portal.page import Advising, Lists, Reports, Tile
from queries.byte_folder import ByteFolder
from queries.errors import Cancelled, QueryError
from queries.health import tables_of
from queries.model import Result
from queries.small_cells import said, said_of_all, said_once
from queries.warehouse import Warehouse

KEPT_MS = 40.0
"""What took this long is worth the few milliseconds of being written down."""
REMEMBERED_MS = 10.0
"""The same where a process remembered answers: without them it takes longer."""

_ROOT = Path(__file__).resolve().parent.parent
_SOURCES = ("portal", "pages", "queries")
_Answer = dict[str, Any]


class Drawings:
    """Tiles drawn from a warehouse, kept in a folder that all processes share.

    Without a folder nothing is kept.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        folder: ByteFolder | None = None,
        kept_ms: float = KEPT_MS,
        remembered_ms: float = REMEMBERED_MS,
    ) -> None:
        self._warehouse = warehouse
        self._folder = folder
        self._kept_ms = kept_ms
        self._remembered_ms = remembered_ms
        code()  # read now: files may be replaced under a process that goes on with the old ones

    @classmethod
    def in_cache(cls, warehouse: Warehouse, cache_folder: Path) -> "Drawings":
        """Those of a portal whose cache is here."""
        return cls(warehouse, ByteFolder(cache_folder / "drawn"))

    def draw(self, opened: OpenPage, name: str, tile: Tile, *, as_table: bool = False) -> _Answer:
        """What a tile shows and what stands under it, with the milliseconds that it took to tell.

        `as_table` for its answers as a table instead of a figure.

        A question without an answer is drawn as its problem. Raises Cancelled.
        """
        started = perf_counter()
        late = self._warehouse.late(opened.data_version)
        told = late if isinstance(tile, Reports) else {}
        key = key_of(opened, name, as_table=as_table, late=told)
        found = self._find(key)
        if found is not None:
            return {**_dated(found, late), "took_ms": since(started)}
        results, drawing, is_whole = _drawn(opened, tile, self._warehouse, as_table=as_table)
        answer = {"drawing": plain(drawing), "foot": foot(opened, tile, results, drawing)}
        took = since(started)
        is_remembered = any(result.source == "cache" for result in results)
        if is_whole and took >= (self._remembered_ms if is_remembered else self._kept_ms):
            self._keep(key, {**answer, "foot": {**answer["foot"], "source": "cache"}})
        return {**_dated(answer, late), "took_ms": took}

    def _find(self, key: str) -> _Answer | None:
        kept = self._folder.get(key) if self._folder is not None else None
        try:
            return orjson.loads(kept) if kept else None
        except orjson.JSONDecodeError:
            return None

    def _keep(self, key: str, answer: Mapping[str, Any]) -> None:
        if self._folder is not None:
            self._folder.set(key, orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))


def _dated(answer: _Answer, late: Mapping[str, str]) -> _Answer:
    """With a doubt for each of its tables that is late by now."""
    foot = answer["foot"]
    found = [late[table] for table in foot["tables"] if table in late]
    if not found:
        return answer
    is_late_alone = not foot["doubts"]
    doubts = [*foot["doubts"], *found]
    return {**answer, "foot": {**foot, "doubts": doubts, "is_late_alone": is_late_alone}}


def key_of(
    opened: OpenPage, name: str, *, as_table: bool = False, late: Collection[str] = ()
) -> str:
    """All that a drawing of this tile follows from; `late` are tables that are, where it tells."""
    access = opened.access
    rights = (access.rows, sorted(map(repr, access.hidden)))
    shown_for = sorted(opened.extents) if opened.targets else ()
    targets = [opened.context_of(dataset).targets for dataset in shown_for]
    view = (
        opened.page.path,
        opened.view.to_url(),
        opened.data_version,
        name,
        as_table,
        sorted(late),
    )
    meant = repr((code(), view, rights, targets))
    return "drawn:" + blake2b(meant.encode(), digest_size=20).hexdigest()


@cache
def code() -> str:
    """A digest of the program: other code, or another library, may draw the same otherwise."""
    digest = blake2b(digest_size=8)
    installed = sorted(f"{d.name} {d.version}" for d in distributions())
    digest.update("\n".join(installed).encode())
    for folder in _SOURCES:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".yaml", ".sql"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def since(started: float) -> float:
    """Milliseconds."""
    return round((perf_counter() - started) * 1000, 1)


def _drawn(
    opened: OpenPage, tile: Tile, warehouse: Warehouse, *, as_table: bool
) -> tuple[Sequence[Result], Drawing, bool]:
    """What a tile shows, the answers it shows, and whether all it asked was answered."""
    context = opened.tile_context(tile)
    try:
        if isinstance(tile, Lists):
            rows = list_rows(opened, tile, warehouse, opened.access)
            return (), tile.draw_rows(rows, context), True
        if isinstance(tile, Reports):
            health = warehouse.health(opened.access, opened.data_version)
            return (), tile.report(health, context), True
        results, is_whole = ask_all(opened, tile, warehouse, opened.access)
        if not as_table:
            return results, tile.draw(results, context), is_whole
        return results, table(shown(opened, tile, results)), is_whole
    except Cancelled:
        raise
    except QueryError as error:
        drawing = tile.advise(error, context) if isinstance(tile, Advising) else problem(error)
        return (), drawing, False


def plain(drawing: Drawing) -> _Answer:
    """A drawing as the browser is sent it."""
    return {
        "kind": drawing.kind,
        "content": drawing.content,
        "notes": drawing.notes,
        "filters": drawing.filters,
    }


def foot(
    opened: OpenPage, tile: Tile, results: Sequence[Result], drawing: Drawing | None = None
) -> _Answer:
    """What stands under an answer: dates, clock, version, how complete it is."""
    context = opened.tile_context(tile)
    first = results[0] if results else None
    period = first.query.period if first else context.period
    compare = first.query.compare if first else None
    complete = first.complete_through if first else context.extent.latest
    clock = (drawing.clock if drawing else None) or context.dataset.clock
    shown = results[: drawing.shows] if drawing else results
    return {
        "start": str(period.start) if period else "",
        "end": str(period.end) if period else "",
        "is_cut": context.extent.is_cut,
        "short": " · ".join(
            (
                written.period(period) if period else "all days",
                "local time" if clock == "local" else "UTC",
            )
        ),
        "version": opened.data_version,
        "compare": f"compared with {written.period(compare.period)}" if compare else "",
        "complete": f"complete through {written.day(complete)}" if complete else "",
        "unreached": context.unreached,
        "source": first.source if first else "",
        "notes": _notes(shown, drawing),
        "doubts": tuple(dict.fromkeys(d for r in results for d in r.doubts if d not in r.late)),
        "tables": _tables(results),
    }


def _notes(shown: Sequence[Result], drawing: Drawing | None) -> tuple[str, ...]:
    """What is said of the answers; of small cells where the drawing tells which rows it draws."""
    if drawing is None or drawing.seen is None:
        return said_once(n for r in shown for n in r.notes)
    others = (n for r in shown for n in r.notes if n not in said(r.frame))
    return (*dict.fromkeys(others), *said_of_all(drawing.seen))


def _tables(results: Sequence[Result]) -> list[str]:
    """The tables at the bottom of these answers, so that they are doubted once one is late."""
    asked = ((m, r.query.dataset) for r in results for m in r.query.metrics)
    return sorted({table for metric, dataset in asked for table in tables_of(metric, dataset)})
