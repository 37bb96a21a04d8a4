import random
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from portal.store.schema import audit_entries, saved_views
from portal.store.store import open_store
from tests.portal.conftest import add_person

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "portal" / "saving_child.py"
ROUNDS = 5


def acknowledged(url: str, luck: random.Random) -> set[str]:
    """What a process said it had saved before it was killed at a random moment."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), url],
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    said = {child.stdout.readline().strip() for _ in range(luck.randrange(1, 60))}
    child.kill()
    said |= {line.strip() for line in child.stdout.read().splitlines(keepends=True) if "\n" in line}
    child.wait()
    child.stdout.close()
    return said - {""}


def test_what_was_said_to_be_saved_is_there_after_a_kill(migrated_sqlite_url: str):
    """Slow because each round is a fresh interpreter, killed while it writes."""
    store = open_store(migrated_sqlite_url)
    add_person(store, "Ann")
    luck = random.Random(7)
    said = set[str]()
    for _ in range(ROUNDS):
        said |= acknowledged(migrated_sqlite_url, luck)
    with store.reading() as connection:
        kept = set(connection.execute(select(saved_views.c.id)).scalars())
        noted = connection.execute(
            select(audit_entries.c.object_id).where(audit_entries.c.action == "save")
        )
        assert len(said) >= ROUNDS
        assert said <= kept
        assert kept == set(noted.scalars())
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    store.close()
