"""The seven people of the demo: one a unit, and an admin.

They have no password and no way in but the click that a demo offers, so in any other mode their
rows open nothing; a production portal refuses to start beside them all the same.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from portal.store import people
from portal.store.errors import Invalid
from portal.store.people import Newcomer, Person
from portal.store.schema import people as table
from portal.store.store import Store

HOST = "demo.playhead.example"
LATIN_AMERICA = ("AR", "BO", "BR", "CL", "CO", "CR", "EC", "GT", "MX", "PE", "UY", "VE")


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A newcomer, and what the sign-in page says about them."""

    newcomer: Newcomer
    title: str
    sees: str

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.newcomer.name.split())


DEMO_PEOPLE = (
    DemoPerson(
        Newcomer(email=f"priya@{HOST}", name="Priya Raman", unit="product", role="editor"),
        "Data scientist, product",
        "Sees everything about viewing and recommendations, and publishes views.",
    ),
    DemoPerson(
        Newcomer(email=f"jonas@{HOST}", name="Jonas Lindqvist", unit="content", role="editor"),
        "Analyst, content",
        "Sees every title in every country, and publishes views.",
    ),
    DemoPerson(
        Newcomer(email=f"amara@{HOST}", name="Amara Okafor", unit="membership", role="editor"),
        "Data scientist, membership",
        "Sees sign-ups, churn and revenue, and publishes views.",
    ),
    DemoPerson(
        Newcomer(
            email=f"theo@{HOST}",
            name="Theo Marchetti",
            unit="studio",
            hidden_numbers=(
                "sum(amount_usd)",
                "count(distinct account_id) filter (where outcome = 'played')",
            ),
        ),
        "Production analyst, studio",
        "Sees how titles do, but neither revenue nor how many accounts play.",
    ),
    DemoPerson(
        Newcomer(
            email=f"lucia@{HOST}",
            name="Lucía Fernández",
            unit="marketing",
            role="editor",
            row_rules={"country": LATIN_AMERICA},
        ),
        "Marketing scientist, Latin America",
        "Sees members in Latin America only, on every page and in every export.",
    ),
    DemoPerson(
        Newcomer(email=f"kenji@{HOST}", name="Kenji Watanabe", unit="platform"),
        "Engineer, platform",
        "Sees playback quality everywhere; reads, and keeps views of his own.",
    ),
    DemoPerson(
        Newcomer(email=f"ada@{HOST}", name="Ada Novak", unit="platform", role="admin"),
        "Admin",
        "Sees everything, manages people and takes published views down.",
    ),
)


def ensure(store: Store) -> None:
    """Add those who are not there yet; several processes may do so at once."""
    known = {p.email for p in people.everybody(store)}
    for demo in DEMO_PEOPLE:
        if demo.newcomer.email not in known:
            with suppress(Invalid):
                people.add(store, replace(demo.newcomer, is_demo=True))


def find(store: Store, email: str) -> Person | None:
    """An active demo person, and only such a one."""
    return people.find(store, (table.c.email == email) & table.c.is_demo & table.c.is_active)


def are_here(store: Store) -> bool:
    """Whether the store holds people of the demo."""
    with store.reading() as connection:
        question = select(func.count()).select_from(table).where(table.c.is_demo)
        return bool(connection.execute(question).scalar_one())
