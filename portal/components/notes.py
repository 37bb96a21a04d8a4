"""A note as its reader may know it, and what they may do to it."""

from typing import Any

from portal.components import format as written
from portal.store.note import Note
from portal.store.note_rights import may
from portal.store.people import Person
from queries.catalog import Catalog
from queries.dataset import Access
from queries.errors import QueryError
from queries.period import Period
from queries.refusal import row_rules

_COUNTRY = "country"


def is_within(note: Note, access: Access, catalog: Catalog) -> bool:
    """Whether a note is of nothing that is kept from its reader.

    That is a country, a hidden metric, or a dataset that does not tell their rows apart.
    """
    countries = dict(access.rows).get(_COUNTRY)
    if note.country and countries is not None and note.country not in countries:
        return False
    if not note.metric or access == Access():
        return True
    try:
        dataset = catalog.dataset(note.dataset)
        row_rules(dataset, access)
        return not access.hides(dataset.metric(note.metric), dataset)
    except QueryError:
        return False


def described(note: Note, person: Person) -> dict[str, Any]:
    return {
        "id": note.id,
        "text": note.text,
        "day": str(note.first_day),
        "end": str(note.last_day),
        "when": written.period(Period(note.first_day, note.last_day)),
        "path": note.path,
        "dataset": note.dataset,
        "metric": note.metric,
        "country": note.country,
        "visibility": note.visibility,
        "unit": note.unit,
        "author": note.author_name,
        "is_mine": note.author_id == person.id,
        "may_edit": may(person, "edit", note),
        "may_delete": may(person, "delete", note),
        "version": note.version,
        "written": written.day(note.created_at.date()),
        "is_edited": note.version > 1,
    }
