from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from portal.store import audit, demo_people, migrate, passwords, people, sessions, tokens
from portal.store.errors import Invalid, NotFound, QuotaExceeded
from portal.store.people import Newcomer
from portal.store.schema import audit_entries
from portal.store.schema import people as table
from portal.store.store import Store, open_store
from queries.errors import QueryError
from queries.formula import Aggregate
from tests.portal.conftest import PASSWORD, Clock, add_person


def newcomer(**changes: Any) -> Newcomer:  # noqa: ANN401  # any field
    ann = Newcomer(email="Ann@Company.example ", name="Ann", unit="content", password=PASSWORD)
    return replace(ann, **changes)


def test_a_person_signs_in_with_any_spelling_of_the_address(store: Store):
    ann = people.add(store, newcomer())
    assert people.with_password(store, "ANN@company.example", PASSWORD) == ann
    assert people.with_password(store, "ann@company.example", PASSWORD + " ") is None
    assert people.with_password(store, "bob@company.example", PASSWORD) is None


def test_a_password_is_kept_as_argon2id(store: Store):
    ann = people.add(store, newcomer())
    with store.reading() as connection:
        kept = connection.execute(select(table.c.password_hash)).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in repr(ann)
    assert kept not in repr(ann)


def test_an_outdated_hash_is_renewed_when_its_owner_signs_in(store: Store):
    ann = people.add(store, newcomer())
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1).hash(PASSWORD)
    with store.writing() as connection:
        connection.execute(update(table).values(password_hash=weak))
    assert people.with_password(store, ann.email, PASSWORD) is not None
    with store.reading() as connection:
        assert "m=19456" in connection.execute(select(table.c.password_hash)).scalar_one()


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "eleven char",
        "playhead2026!",
        "aaaaaaaaaaaaaaaa",
        "annette-annette",
        "abcdefghijklm",
        "123456789012",
        "qwertyuiopas",
        "PasswordPassword1",
        "a" + "\0" + "bcdefghijklmnop",
        "x" * 1_025,
    ],
)
def test_a_password_that_is_guessed_early_is_refused(store: Store, password: str):
    with pytest.raises(Invalid):
        people.add(store, newcomer(email="annette@company.example", password=password))
    assert people.everybody(store) == []


@pytest.mark.parametrize(
    "password", ["seven lamps in the harbour", "ünïcödé über älles", "p" * 500 + "quietly"]
)
def test_a_long_password_is_taken_as_it_is(store: Store, password: str):
    people.add(store, newcomer(password=password))
    assert people.with_password(store, "ann@company.example", password) is not None
    assert people.with_password(store, "ann@company.example", password[:-1]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nobody"},
        {"email": "a@" + "b" * 300},
        {"name": " "},
        {"name": "n" * 121},
        {"unit": "sales"},
        {"role": "owner"},
        {"hidden_numbers": ("revenue",)},
    ],
)
def test_somebody_who_cannot_be_kept_is_refused(store: Store, change: dict[str, object]):
    with pytest.raises((Invalid, QueryError)):
        people.add(store, newcomer(password=None, **change))
    assert people.everybody(store) == []


def test_an_address_belongs_to_one_person(store: Store):
    people.add(store, newcomer(password=None))
    with pytest.raises(Invalid, match="already"):
        people.add(store, newcomer(password=None, name="Another"))


def test_rights_become_the_access_that_questions_are_planned_with(store: Store):
    ann = people.add(
        store,
        newcomer(
            password=None,
            row_rules={"country": ("BR", "MX")},
            hidden_numbers=("count(distinct account_id)",),
        ),
    )
    assert ann.access.rows == (("country", ("BR", "MX")),)
    assert ann.access.hidden == {Aggregate("count_distinct", '"account_id"')}


def test_changed_rights_hold_at_the_next_request(store: Store):
    ann = add_person(store, "Ann")
    secret = sessions.begin(store, ann)
    people.change_rights(store, replace(ann, role="viewer", row_rules={"country": ("BR",)}))
    seen = sessions.owner(store, secret)
    assert seen is not None
    assert seen.role == "viewer"
    assert seen.access.rows == (("country", ("BR",)),)


def test_a_session_ends_when_its_owner_signs_out(store: Store):
    secret = sessions.begin(store, add_person(store, "Ann"))
    assert sessions.owner(store, secret) is not None
    sessions.end(store, secret)
    assert sessions.owner(store, secret) is None


def test_a_new_password_ends_every_session(store: Store):
    ann = add_person(store, "Ann")
    secrets = [sessions.begin(store, ann) for _ in range(3)]
    people.set_password(store, ann, PASSWORD)
    assert [sessions.owner(store, s) for s in secrets] == [None] * 3
    assert sessions.open_of(store, ann) == []


def test_a_deactivated_person_is_out_everywhere_and_stays_out(store: Store):
    ann = people.add(store, newcomer())
    secret, token = sessions.begin(store, ann), tokens.add(store, ann, "notebook")
    people.deactivate(store, ann)
    assert sessions.owner(store, secret) is None
    assert tokens.owner(store, token) is None
    assert people.with_password(store, ann.email, PASSWORD) is None
    people.activate(store, ann)
    assert sessions.owner(store, secret) is None
    assert people.with_password(store, ann.email, PASSWORD) is not None


def test_an_idle_session_ends_and_a_used_one_lives_seven_days(store: Store, clock: Clock):
    ann = add_person(store, "Ann")
    idle, used = sessions.begin(store, ann), sessions.begin(store, ann)
    clock.pass_by(timedelta(hours=11))
    assert sessions.owner(store, used) is not None
    clock.pass_by(timedelta(hours=1))
    assert sessions.owner(store, idle) is None
    for _ in range(15):
        clock.pass_by(timedelta(hours=10))
        assert sessions.owner(store, used) is not None
    clock.pass_by(timedelta(hours=6))
    assert sessions.owner(store, used) is None


def test_a_store_that_is_busy_writing_still_knows_who_is_signed_in(clock: Clock, sqlite_url: str):
    store = open_store(f"{sqlite_url}?timeout=0.1", clock)
    migrate.upgrade(store)
    secret = sessions.begin(store, add_person(store, "Ann"))
    clock.pass_by(timedelta(minutes=5))
    with store.engine.connect() as other, other.begin():
        other.exec_driver_sql("UPDATE people SET name = 'Held'")
        with store.reading() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        assert sessions.owner(store, secret) is not None
    store.close()


@pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "é" * 40, "\0"])
def test_an_invented_session_belongs_to_nobody(store: Store, secret: str):
    assert sessions.owner(store, secret) is None
    sessions.end(store, secret)


def test_the_store_holds_no_secret_that_opens_a_door(store: Store):
    ann = add_person(store, "Ann")
    secret, token = sessions.begin(store, ann), tokens.add(store, ann, "notebook")
    with store.reading() as connection:
        for name in ("sessions", "api_tokens", "audit_entries"):
            rows = repr(connection.exec_driver_sql(f"SELECT * FROM {name}").all())
            assert secret not in rows
            assert token not in rows


def test_a_revoked_token_opens_nothing(store: Store):
    ann, bob = add_person(store, "Ann"), add_person(store, "Bob")
    token = tokens.add(store, ann, "notebook")
    assert tokens.owner(store, token) == ann
    (listed,) = tokens.of(store, ann)
    with pytest.raises(NotFound):
        tokens.revoke(store, bob, listed.id)
    tokens.revoke(store, ann, listed.id)
    assert tokens.owner(store, token) is None
    with pytest.raises(NotFound):
        tokens.revoke(store, ann, "not a number")


def test_tokens_are_counted(store: Store):
    ann = add_person(store, "Ann")
    for number in range(tokens.MOST):
        tokens.add(store, ann, f"notebook {number}")
    with pytest.raises(QuotaExceeded):
        tokens.add(store, ann, "one more")


def test_what_was_done_is_noted_and_cannot_be_changed(store: Store):
    ann = add_person(store, "Ann")
    people.deactivate(store, ann, by=ann)
    assert [(e.person, e.deed.action) for e in audit.newest(store)] == [
        ("Ann", "deactivate"),
        ("", "add"),
    ]
    for deed in (update(audit_entries).values(action="nothing"), audit_entries.delete()):
        with pytest.raises(DBAPIError, match="append-only"), store.writing() as connection:
            connection.execute(deed)
    assert len(audit.newest(store)) == 2


def test_the_demo_has_one_person_a_unit_and_an_admin_without_passwords(store: Store):
    demo_people.ensure(store)
    demo_people.ensure(store)
    everybody = people.everybody(store)
    assert len(everybody) == 7
    assert {p.unit for p in everybody if not p.is_admin} == set(people.UNITS)
    assert all(people.with_password(store, p.email, "") is None for p in everybody)
    assert demo_people.find(store, add_person(store, "Ann").email) is None
