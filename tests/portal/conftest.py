"""A clock that tests turn, a store on SQLite or PostgreSQL, and the whole portal on a temp home."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from os import getuid
from pathlib import Path
from shutil import chown, copyfile
from tempfile import TemporaryDirectory

import pytest
from dash import Dash
from flask import Flask

from portal import parts
from portal.app import create_app
from portal.release import prepare
from portal.settings import Settings
from portal.store import migrate, people
from portal.store.people import Newcomer, Person
from portal.store.schema import metadata
from portal.store.store import Store, open_store

PASSWORD = "seven lamps in the harbour"


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'playhead.sqlite'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """A database without tables, of either kind."""
    store = open_store(request.getfixturevalue(f"{request.param}_url"), clock)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """A migrated database of either kind, copied from one that was migrated once."""
    store = open_store(request.getfixturevalue(f"migrated_{request.param}_url"), clock)
    yield store
    store.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "playhead.sqlite"
    template = open_store(f"sqlite:///{file}")
    migrate.upgrade(template)
    template.close()
    return file


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    copy = tmp_path / "playhead.sqlite"
    copyfile(migrated_sqlite, copy)
    return f"sqlite:///{copy}"


def add_person(store: Store, name: str, unit: str = "content", role: str = "editor") -> Person:
    """Somebody without a password: quick, and enough for everything but signing in."""
    email = f"{name.lower()}@company.example"
    return people.add(store, Newcomer(email=email, name=name, unit=unit, role=role))  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The socket folder of a server that lives as long as the tests do."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    owner = "postgres" if getuid() == 0 else None
    with TemporaryDirectory(prefix="playhead-pg-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if owner:
            folder.joinpath("data").mkdir()
            for path in (folder, folder / "data"):
                chown(path, owner, owner)

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [binaries[-1] / program, "-D", folder / "data", *arguments],
                check=True,
                stdout=subprocess.DEVNULL,
                cwd=folder,
                user=owner,
                group=owner,
            )

        run("initdb", "-U", "playhead", "-A", "trust", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c full_page_writes=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield folder
        run("pg_ctl", "-w", "-m", "immediate", "stop")


_numbers = count()


def fresh_database(folder: Path, template: str) -> str:
    """The address of a new copy of the database `template`."""
    base = "postgresql+psycopg://playhead@/{}?host=" + str(folder)
    name = f"test_{next(_numbers)}"
    administration = open_store(base.format("postgres"))
    with administration.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE {template}"
        )
    administration.close()
    return base.format(name)


@pytest.fixture
def postgres_url(postgres_folder: Path) -> str:
    return fresh_database(postgres_folder, "template0")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_folder: Path) -> str:
    """One database for all tests: making hundreds takes minutes, and emptying one no time."""
    url = fresh_database(postgres_folder, "template0")
    migrated = open_store(url)
    migrate.upgrade(migrated)
    migrated.close()
    return url


@pytest.fixture
def migrated_postgres_url(migrated_postgres: str) -> str:
    emptied = open_store(migrated_postgres)
    with emptied.writing() as connection:
        names = ", ".join(metadata.tables)
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    emptied.close()
    return migrated_postgres


@dataclass(frozen=True)
class Portal:
    """The whole application on a home of its own, with somebody who has a password."""

    app: Dash
    store: Store
    settings: Settings
    ann: Person
    clock: Clock

    @property
    def server(self) -> Flask:
        return self.app.server


def open_portal(home: Path, environment: dict[str, str] | None = None) -> Portal:
    settings = Settings.from_environment({"PLAYHEAD_HOME": str(home), **(environment or {})})
    clock = Clock()
    store = open_store(settings.database_url, clock)
    if settings.is_production:
        migrate.upgrade(store)
    prepare(settings, store)
    ann = people.find(store, people.people.c.email == "ann@company.example") or people.add(
        store,
        Newcomer(email="ann@company.example", name="Ann", unit="content", password=PASSWORD),
    )
    app = create_app(settings, parts.open_warehouse(settings), store)
    return Portal(app, store, settings, ann, clock)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    opened = open_portal(tmp_path)
    yield opened
    opened.store.close()
