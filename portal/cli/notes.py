"""`playhead notes`: what people noted to days, as one of them sees it, and a note in their name."""

from typing import Annotated

import typer

from portal.cli import printing
from portal.cli.keeping import kept
from portal.components import format as written
from portal.components.notes import is_within
from portal.store import notes, people
from portal.store.day import read_day
from portal.store.note import NoteDraft, audience
from queries.catalog import builtin
from queries.period import Period

app = typer.Typer(add_completion=False, no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Whose eyes, or whose note it is.")]


@app.command(name="list")
def list_notes(
    email: Email,
    first: Annotated[str, typer.Option(help="The first day.")] = "1970-01-01",
    last: Annotated[str, typer.Option(help="The last day.")] = "9999-12-31",
) -> None:
    """List the notes of some days that somebody may see, the newest written first."""
    with kept() as store:
        person = people.by_email(store, email)
        found = notes.between(store, person, read_day(first), read_day(last))
    rows = [
        (
            written.period(Period(note.first_day, note.last_day)),
            f"{note.dataset}.{note.metric}" if note.metric else note.path,
            note.author_name,
            note.visibility,
            " ".join(note.text.split()),
        )
        for note in found
        if is_within(note, person.access, builtin())
    ]
    printing.table(("Days", "Of", "By", "Seen by", "Note"), rows, (False,) * 5)


@app.command()
def write(
    email: Email,
    text: Annotated[str, typer.Argument(help="What happened.")],
    *,
    day: Annotated[str, typer.Option(help="The day, or the first of several.")],
    until: Annotated[str, typer.Option(help="The last day; the same if left out.")] = "",
    metric: Annotated[str, typer.Option(help="DATASET.METRIC; else it is of a page.")] = "",
    page: Annotated[str, typer.Option(help="The page it is of.")] = "/",
    country: Annotated[str, typer.Option(help="The only country it is about.")] = "",
    visibility: Annotated[str, typer.Option(help="private, unit or everyone.")] = "private",
) -> None:
    """Put a note to a day or a span, in somebody's name and with their rights."""
    dataset, _, name = metric.partition(".")
    if metric:
        builtin().dataset(dataset).metric(name)
    draft = NoteDraft(
        text=text,
        first_day=read_day(day),
        last_day=read_day(until or day),
        path=page,
        dataset=dataset,
        metric=name,
        country=country,
        visibility=audience(visibility),
    )
    with kept() as store:
        note = notes.write(store, people.by_email(store, email), draft)
    printing.note(note.id)
