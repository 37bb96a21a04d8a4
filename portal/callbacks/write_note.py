"""Write a note to some days, and change it later: on the version one saw, or not at all."""

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked, asked
from portal.callbacks.conflict import Answer, conflicting
from portal.components.notes import described
from portal.site import Site
from portal.store import notes
from portal.store.day import read_day
from portal.store.errors import Conflict, Invalid
from portal.store.note import NoteDraft, audience
from portal.store.store import Store
from queries.errors import UnknownField

WRITE = "/-/notes/write"
EDIT = "/-/notes/edit"


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(WRITE)
    def write_note() -> Answer:
        person = signed_in()
        return {"note": described(notes.write(store, person, read_draft(asked(), site)), person)}

    @server.post(EDIT)
    def edit_note() -> Answer:
        person, wanted = signed_in(), asked()
        note_id, draft = wanted.text("id"), read_draft(wanted, site)
        try:
            note = notes.edit(store, person, note_id, draft, wanted.number("version"))
        except Conflict as conflict:
            return conflicting(conflict, described(notes.read(store, person, note_id), person))
        return {"note": described(note, person)}


def read_draft(wanted: Asked, site: Site) -> NoteDraft:
    """A note is of a page there is, and of a metric that the catalog knows, if of any."""
    path, dataset, metric = wanted.text("path"), wanted.text("dataset"), wanted.text("metric")
    if path not in site.pages:
        raise Invalid("A note is of a page of this portal.")
    if metric:
        try:
            site.warehouse.dataset(dataset, access=signed_in().access).metric(metric)
        except UnknownField as error:
            raise Invalid(error.message, error.hint) from None
    first = read_day(wanted.text("day"))
    return NoteDraft(
        text=wanted.text("text"),
        first_day=first,
        last_day=read_day(wanted.text("end")) if wanted.text("end") else first,
        path=path,
        dataset=dataset if metric else "",
        metric=metric,
        country=wanted.text("country"),
        visibility=audience(wanted.text("visibility")),
    )
