"""List what happened in the days of a view: events of the lake, and what people noted.

Asked for after the tiles, so that no number waits for it. A kind that cannot be read says why; the
others stand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, abort, request

from portal.auth.gate import signed_in
from portal.callbacks.newest import Newest
from portal.components import format as written
from portal.components.notes import described, is_within
from portal.components.saved_views import reader
from portal.context import read_choice
from portal.events.event import Event, Found, Kind, by_day, marked
from portal.events.registry import kinds
from portal.leaving import while_connected
from portal.open_page import OpenPage, open_page
from portal.page import dataset_name
from portal.site import Site
from portal.store import notes
from portal.store.note import Note
from portal.store.store import Store
from queries.analyses.cluster import Scope
from queries.condition import Condition, conjunction
from queries.dataset import Dataset
from queries.errors import Cancelled, QueryError
from queries.period import Period
from queries.warehouse import Warehouse

PATH = "/-/events"
_COUNTRY = "country"
_WITHOUT_PERIOD = timedelta(days=400)


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the route to `server`."""
    newest = Newest()

    @server.post(PATH)
    def list_events() -> dict[str, Any]:
        asked, person = request.get_json(), signed_in()
        page = site.pages.get(str(asked.get("path")))
        if page is None:
            abort(404)
        opened = open_page(page, str(asked.get("search", "")), site.warehouse, person.access)
        days = _days(opened)
        wanted = chosen(opened)
        try:
            with (
                newest.begin(person.id, asked.get("view")) as cancellation,
                while_connected(request.environ, cancellation),
            ):
                found = happened(opened, site.warehouse, wanted, days) if days else Happened((), {})
        except Cancelled:
            return {"is_stopped": True}
        of_page: list[Note] = []
        if days:
            drawn = frozenset(m for tile in opened.tiles().values() for m in tile.metrics)
            of = notes.OfPage(page.path, drawn)
            written_down = notes.between(store, person, days.start, days.end, of)
            of_page = _relevant(opened, written_down)
        return {
            "kinds": [
                {
                    "name": kind.name,
                    "label": kind.label,
                    "is_shown": kind in wanted,
                    "why": found.problems.get(kind.name, ""),
                }
                for kind in kinds().values()
            ],
            **_listed(found.events),
            "notes": [described(note, person) for note in of_page],
            "reader": reader(person),
        }


@dataclass(frozen=True, slots=True)
class Happened:
    """Events by day, and by kind why it could not be read."""

    events: Sequence[Found]
    problems: dict[str, str]


def chosen(opened: OpenPage) -> tuple[Kind, ...]:
    """The kinds that the URL names, or those of the page's unit; all on a page of none."""
    said, unit = opened.view.events, opened.page.unit
    if said:
        names = said.split(",")
        return tuple(kind for kind in kinds().values() if kind.name in names)
    return tuple(kind for kind in kinds().values() if not unit or unit in kind.units)


def happened(
    opened: OpenPage, warehouse: Warehouse, wanted: Iterable[Kind], days: Period
) -> Happened:
    """What happened in these days, within the filters of the view and the access of its viewer."""
    events: list[Found] = []
    problems: dict[str, str] = {}
    for kind in wanted:
        try:
            scope = _scope(opened, kind, days)
            results = [
                warehouse.ask(question, opened.access, opened.data_version)
                for question in kind.questions(scope)
            ]
        except Cancelled:
            raise
        except QueryError as error:
            problems[kind.name] = f"{error.message} {error.hint}".strip()
            continue
        found = kind.read(results, scope)
        events += [(kind, e) for e in found if days.start <= e.day <= days.end]
    return Happened(by_day(events), problems)


def _scope(opened: OpenPage, kind: Kind, days: Period) -> Scope:
    dataset = opened.catalog.dataset(kind.dataset)
    first = days.start - timedelta(kind.before_days)
    where = conjunction(*_conditions(opened, kind, dataset))
    return Scope(dataset, replace(days, start=first), where)


def _conditions(opened: OpenPage, kind: Kind, dataset: Dataset) -> Iterable[Condition]:
    for choice in opened.view.choices:
        if choice.name in kind.filters and dataset.has_dimension(choice.name):
            try:
                yield read_choice(choice, dataset.dimension(choice.name))
            except QueryError:
                continue


def _days(opened: OpenPage) -> Period | None:
    """The days of the view; of a page without any, the last thirteen months."""
    context = opened.context
    if context.period is not None or context.extent.latest is None:
        return context.period
    return Period(context.extent.latest - _WITHOUT_PERIOD, context.extent.latest)


def _listed(found: Sequence[Found]) -> dict[str, Any]:
    few = marked(found)
    return {"events": [_event(kind, event, (kind, event) in few) for kind, event in found]}


def _event(kind: Kind, event: Event, is_marked: bool) -> dict[str, Any]:
    query = f"?{urlencode(event.filters)}" if event.filters else ""
    return {
        "kind": kind.name,
        "label": kind.label,
        "day": str(event.day),
        "end": str(event.end) if event.end else "",
        "when": written.day(event.day),
        "text": event.text,
        "detail": event.detail,
        "href": f"{event.path}{query}" if event.path else "",
        "is_marked": is_marked,
    }


def _relevant(opened: OpenPage, found: Iterable[Note]) -> list[Note]:
    """Those of the page, and of metrics that it shows and its viewer may see."""
    drawn = {
        (dataset_name(opened.page, tile), metric)
        for tile in opened.tiles().values()
        for metric in tile.metrics
    }
    kept = opened.view.values(_COUNTRY)
    return [
        note
        for note in found
        if is_within(note, opened.access, opened.catalog)
        and (not note.country or not kept or note.country in kept)
        and ((note.dataset, note.metric) in drawn if note.metric else note.path == opened.page.path)
    ]
