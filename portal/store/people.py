"""People: who can sign in, what they may do (role) and what they may see (access).

Row rules are kept as `{"country": ["BR", "MX"]}`: only these values, in every dataset that has
the dimension. Hidden numbers are kept as aggregates written in SQL, such as
`count(distinct account_id)`, and take every metric with them that needs one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from portal.store import audit, passwords
from portal.store.audit import Deed
from portal.store.errors import Invalid, NotFound
from portal.store.schema import ROLES, UNITS, people, sessions
from portal.store.store import Store
from queries.condition import Scalar
from queries.dataset import Access
from queries.formula import Aggregate, parse

Role = Literal["viewer", "editor", "admin"]
RowRules = Mapping[str, tuple[Scalar, ...]]

LONGEST_NAME = 120
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in; also what flask-login calls a user."""

    id: str
    email: str
    name: str
    unit: str
    role: Role
    row_rules: RowRules = field(default_factory=dict[str, tuple[Scalar, ...]])
    hidden_numbers: tuple[str, ...] = ()
    is_active: bool = True
    is_demo: bool = False

    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.id

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def may_publish(self) -> bool:
        """Whether they may put something before their unit or everybody."""
        return self.role in ("editor", "admin")

    @property
    def access(self) -> Access:
        """What they may see of the data, in the words of the query layer."""
        return Access(tuple(sorted(self.row_rules.items())), _aggregates(self.hidden_numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody to be added. Without a password they can only come in by another door."""

    email: str
    name: str
    unit: str
    role: Role = "viewer"
    password: str | None = None
    row_rules: RowRules = field(default_factory=dict[str, tuple[Scalar, ...]])
    hidden_numbers: tuple[str, ...] = ()
    is_demo: bool = False


def add(store: Store, newcomer: Newcomer, by: Person | None = None) -> Person:
    """Add a person. Raises Invalid for a taken address, unknown unit or weak password."""
    email = normal_email(newcomer.email)
    _check(newcomer, email)
    if newcomer.password is not None:
        passwords.check_new(newcomer.password, email.partition("@")[0], *newcomer.name.split())
    row = {
        "id": str(uuid4()),
        "email": email,
        "name": newcomer.name.strip(),
        "unit": newcomer.unit,
        "role": newcomer.role,
        "password_hash": newcomer.password and passwords.hash_password(newcomer.password),
        "row_rules": {name: list(values) for name, values in newcomer.row_rules.items()},
        "hidden_numbers": list(newcomer.hidden_numbers),
        "is_active": True,
        "is_demo": newcomer.is_demo,
        "created_at": store.now(),
    }
    try:
        with store.writing() as connection:
            connection.execute(insert(people).values(row))
            _note(connection, store, by, Deed("add", "person", row["id"], {"role": newcomer.role}))
    except IntegrityError:
        raise Invalid(f"There is already a person with the address {email}.") from None
    return by_id(store, row["id"])


def by_id(store: Store, person_id: str) -> Person:
    """Raises NotFound."""
    found = find(store, people.c.id == _uuid(person_id))
    if found is None:
        raise NotFound("There is no such person.")
    return found


def by_email(store: Store, email: str) -> Person:
    """Raises NotFound."""
    found = find(store, people.c.email == normal_email(email))
    if found is None:
        raise NotFound(f"There is nobody with the address {email}.", "See `playhead user list`.")
    return found


def find(store: Store, condition: Any) -> Person | None:  # noqa: ANN401  # an SQL condition
    with store.reading() as connection:
        row = connection.execute(select(people).where(condition)).first()
    return None if row is None else person(row)


def everybody(store: Store) -> list[Person]:
    """All people, the deactivated ones too, by name."""
    with store.reading() as connection:
        return [person(row) for row in connection.execute(select(people).order_by(people.c.name))]


def with_password(store: Store, email: str, password: str) -> Person | None:
    """The active person these belong to. Costs the same for an unknown address."""
    with store.reading() as connection:
        found = connection.execute(
            select(people).where(people.c.email == normal_email(email))
        ).first()
    kept = found.password_hash if found is not None and found.is_active else None
    if not passwords.is_right(password, kept) or found is None or kept is None:
        return None
    if passwords.needs_rehash(kept):
        with store.writing() as connection:
            connection.execute(
                update(people)
                .where(people.c.id == found.id, people.c.password_hash == kept)
                .values(password_hash=passwords.hash_password(password))
            )
    return person(found)


def set_password(store: Store, someone: Person, password: str, by: Person | None = None) -> None:
    """Give a new password and end every session that was opened with the old one."""
    passwords.check_new(password, someone.email.partition("@")[0], *someone.name.split())
    hashed = passwords.hash_password(password)
    with store.writing() as connection:
        _change(connection, someone, {"password_hash": hashed})
        _end_sessions(connection, store, someone)
        _note(connection, store, by or someone, Deed("change password", "person", someone.id))


def deactivate(store: Store, someone: Person, by: Person | None = None) -> None:
    """Shut somebody out at once: sessions end, tokens stop, saved views stay."""
    with store.writing() as connection:
        _change(connection, someone, {"is_active": False})
        _end_sessions(connection, store, someone)
        _note(connection, store, by, Deed("deactivate", "person", someone.id))


def activate(store: Store, someone: Person, by: Person | None = None) -> None:
    with store.writing() as connection:
        _change(connection, someone, {"is_active": True})
        _note(connection, store, by, Deed("activate", "person", someone.id))


def change_rights(store: Store, changed: Person, by: Person | None = None) -> Person:
    """Keep the role, unit, row rules and hidden numbers of `changed`; they hold at once."""
    values = {
        "role": changed.role,
        "unit": changed.unit,
        "row_rules": {name: list(kept) for name, kept in changed.row_rules.items()},
        "hidden_numbers": list(changed.hidden_numbers),
    }
    _check(changed, changed.email)
    with store.writing() as connection:
        _change(connection, changed, values)
        deed = Deed("change rights", "person", changed.id, {"role": changed.role})
        _note(connection, store, by, deed)
    return by_id(store, changed.id)


def person(row: Row[Any]) -> Person:
    """Read a row of the table of people."""
    return Person(
        id=row.id,
        email=row.email,
        name=row.name,
        unit=row.unit,
        role=row.role,
        row_rules={name: tuple(values) for name, values in row.row_rules.items()},
        hidden_numbers=tuple(row.hidden_numbers),
        is_active=row.is_active,
        is_demo=row.is_demo,
    )


def normal_email(text: str) -> str:
    return text.strip().casefold()


@lru_cache(maxsize=1_000)
def _aggregates(texts: tuple[str, ...]) -> frozenset[Aggregate]:
    return frozenset[Aggregate]().union(*(parse(text).aggregates() for text in texts))


def _check(candidate: Newcomer | Person, email: str) -> None:
    name, _, host = email.partition("@")
    if not name or not host or len(email) > LONGEST_EMAIL or not email.isprintable():
        raise Invalid(f"“{email}” is not an e-mail address.")
    if not candidate.name.strip() or len(candidate.name) > LONGEST_NAME:
        raise Invalid(f"A name has 1 to {LONGEST_NAME} characters.")
    if candidate.unit not in UNITS:
        raise Invalid(f"There is no unit “{candidate.unit}”.", f"Units: {', '.join(UNITS)}.")
    if candidate.role not in ROLES:
        raise Invalid(f"There is no role “{candidate.role}”.", f"Roles: {', '.join(ROLES)}.")
    for text in candidate.hidden_numbers:
        parse(text)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFound("There is no such person.") from None


def _change(connection: Connection, someone: Person, values: Mapping[str, Any]) -> None:
    connection.execute(update(people).where(people.c.id == someone.id).values(**values))


def _end_sessions(connection: Connection, store: Store, someone: Person) -> None:
    connection.execute(
        update(sessions)
        .where(sessions.c.person_id == someone.id, sessions.c.ended_at.is_(None))
        .values(ended_at=store.now())
    )


def _note(connection: Connection, store: Store, by: Person | None, deed: Deed) -> None:
    audit.record(connection, store.now(), by.id if by else None, deed)
