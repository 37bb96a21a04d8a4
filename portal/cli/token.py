"""`playhead token`: how notebooks and scripts sign in."""

from typing import Annotated

import typer

from portal.cli import printing
from portal.cli.keeping import kept
from portal.store import people, tokens

app = typer.Typer(add_completion=False, no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Whose token it is.")]


@app.command()
def add(
    email: Email, name: Annotated[str, typer.Option(help="What it is for.")] = "command line"
) -> None:
    """Make a token and print it: the only time it is shown."""
    with kept() as store:
        token = tokens.add(store, people.by_email(store, email), name)
    printing.said("Keep it like a password; it is not shown again.")
    printing.note(token)


@app.command(name="list")
def list_tokens(email: Email) -> None:
    """List somebody's tokens, never the tokens themselves."""
    with kept() as store:
        found = tokens.of(store, people.by_email(store, email))
    rows = [
        (t.id, t.name, f"{t.created_at:%Y-%m-%d}", f"{t.used_at:%Y-%m-%d}" if t.used_at else "")
        for t in found
    ]
    printing.table(("Id", "Name", "Made", "Last used"), rows, (False,) * 4)


@app.command()
def revoke(email: Email, token: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Make a token worthless."""
    with kept() as store:
        tokens.revoke(store, people.by_email(store, email), token)
    printing.note("Revoked.")
