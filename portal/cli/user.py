"""`playhead user`: who can sign in. The way to the first admin of a new portal."""

import sys
from dataclasses import replace
from typing import Annotated, get_args

import typer

from portal.cli import printing
from portal.cli.keeping import kept
from portal.store import people
from portal.store.errors import Invalid
from portal.store.people import Newcomer, Role
from portal.store.schema import UNITS

app = typer.Typer(add_completion=False, no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Their address, by which they sign in.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="As others see it.")] = "",
    unit: Annotated[str, typer.Option(help=", ".join(UNITS))] = "product",
    role: Annotated[str, typer.Option(help=", ".join(get_args(Role)))] = "viewer",
    password_stdin: FromInput = False,
) -> None:
    """Add a person, asking for a password."""
    newcomer = Newcomer(
        email=email,
        name=name or email.partition("@")[0],
        unit=unit,
        role=_role(role),
        password=_password(from_input=password_stdin),
    )
    with kept() as store:
        person = people.add(store, newcomer)
    printing.note(f"{person.email} can sign in as {person.role} of {person.unit}.")


@app.command(name="list")
def list_people(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List everybody."""
    with kept() as store:
        everybody = people.everybody(store)
    if json:
        fields = ("email", "name", "unit", "role", "is_active", "is_demo")
        printing.as_json({"people": [{f: getattr(p, f) for f in fields} for p in everybody]})
        return
    rows = [(p.email, p.name, p.unit, p.role, "" if p.is_active else "shut out") for p in everybody]
    printing.table(("Address", "Name", "Unit", "Role", ""), rows, (False,) * 5)


@app.command()
def password(email: Email, password_stdin: FromInput = False) -> None:
    """Give a person a new password; their sessions end."""
    with kept() as store:
        person = people.by_email(store, email)
        people.set_password(store, person, _password(from_input=password_stdin))
    printing.note(f"{person.email} has a new password and is signed out everywhere.")


@app.command()
def rights(
    email: Email,
    *,
    role: Annotated[str, typer.Option(help=", ".join(get_args(Role)))] = "",
    unit: Annotated[str, typer.Option(help=", ".join(UNITS))] = "",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="DIMENSION=VALUE,...", help="The only rows to see. Repeat it."),
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(metavar="AGGREGATE", help="As in “sum(amount_usd)”. Repeat it."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Take row rules and hidden numbers away.")
    ] = False,
) -> None:
    """Change what a person may do and see, at once. What is left out stays."""
    with kept() as store:
        person = people.by_email(store, email)
        if everything:
            person = replace(person, row_rules={}, hidden_numbers=())
        changed = replace(
            person,
            role=_role(role) if role else person.role,
            unit=unit or person.unit,
            row_rules=dict(map(_row_rule, only)) if only else person.row_rules,
            hidden_numbers=tuple(hide) if hide else person.hidden_numbers,
        )
        person = people.change_rights(store, changed)
    rules = (f"{name} in {', '.join(map(str, kept))}" for name, kept in person.row_rules.items())
    seen = "; ".join(rules) or "all rows"
    hidden = "; ".join(person.hidden_numbers) or "nothing"
    printing.note(
        f"{person.email} is {person.role} of {person.unit}, sees {seen}; hidden: {hidden}."
    )


@app.command()
def deactivate(email: Email) -> None:
    """Shut a person out; what they saved stays."""
    with kept() as store:
        person = people.by_email(store, email)
        people.deactivate(store, person)
    printing.note(f"{person.email} is shut out.")


@app.command()
def activate(email: Email) -> None:
    """Let a person in again."""
    with kept() as store:
        person = people.by_email(store, email)
        people.activate(store, person)
    printing.note(f"{person.email} can sign in again.")


def _role(text: str) -> Role:
    for role in get_args(Role):
        if text == role:
            return role
    raise Invalid(f"There is no role “{text}”.", f"Roles: {', '.join(get_args(Role))}.")


def _row_rule(text: str) -> tuple[str, tuple[str, ...]]:
    name, _, values = text.partition("=")
    found = tuple(value for part in values.split(",") if (value := part.strip()))
    if not name.strip() or not found:
        raise Invalid(f"“{text}” is no row rule.", "Write it so: --only country=BR,MX.")
    return name.strip(), found


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("There is no terminal to ask for a password.", "Add --password-stdin.")
    return typer.prompt("Password", hide_input=True, confirmation_prompt=True)
