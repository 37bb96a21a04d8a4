from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from portal.store import audit, migrate, views
from portal.store.errors import Conflict, StoreError
from portal.store.saved_view import Draft, SavedView, Visibility
from portal.store.store import open_store
from portal.store.views import Search
from tests.portal.conftest import Clock, add_person

NAMES = st.sampled_from(["Ann", "Bob", "Root"])
VISIBILITIES = st.sampled_from(["private", "unit", "everyone", "link"])


class ThreeEditors(RuleBasedStateMachine):
    """Three people act on copies that may be stale; a dictionary says what must come of it."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.clock = Clock()
        url = f"sqlite:///{Path(self.folder.name) / 'p.sqlite'}"
        self.store = open_store(url, self.clock)
        migrate.upgrade(self.store)
        self.people = {
            "Ann": add_person(self.store, "Ann"),
            "Bob": add_person(self.store, "Bob"),
            "Root": add_person(self.store, "Root", "platform", "admin"),
        }
        self.newest: dict[str, SavedView] = {}
        self.deeds = 0

    @rule(target=held, who=NAMES)
    def save(self, who: str) -> SavedView:
        view = views.save(self.store, self.people[who], Draft(name=who, path="/"))
        self.accept(view)
        return view

    @rule(target=held, who=NAMES, held=held, text=st.text("abc", min_size=1, max_size=3))
    def edit(self, who: str, held: SavedView, text: str) -> SavedView:
        draft = replace(held.draft, name=text)
        return self.attempt(
            held, lambda: views.edit(self.store, self.people[who], held.id, draft, held.version)
        )

    @rule(target=held, who=NAMES, held=held, visibility=VISIBILITIES)
    def share(self, who: str, held: SavedView, visibility: Visibility) -> SavedView:
        person = self.people[who]
        return self.attempt(
            held,
            lambda: views.share(self.store, person, held.id, visibility, held.version)[0],
        )

    @rule(target=held, who=NAMES, held=held)
    def remove(self, who: str, held: SavedView) -> SavedView:
        person = self.people[who]
        return self.attempt(held, lambda: views.remove(self.store, person, held.id, held.version))

    @rule(target=held, who=NAMES, held=held)
    def restore(self, who: str, held: SavedView) -> SavedView:
        newest = self.newest[held.id]
        return self.attempt(newest, lambda: views.restore(self.store, self.people[who], held.id))

    def attempt(self, held: SavedView, deed: Callable[[], SavedView]) -> SavedView:
        self.clock.pass_by(timedelta(seconds=1))
        before = self.newest[held.id]
        try:
            changed = deed()
        except Conflict:
            assert held.version != before.version
            return held
        except StoreError:
            return held
        assert held.version == before.version
        assert changed.version == before.version + 1
        self.accept(changed)
        return changed

    def accept(self, view: SavedView) -> None:
        self.newest[view.id] = view
        self.deeds += 1

    @invariant()
    def the_store_holds_the_winners(self) -> None:
        kept = {
            view.id: view
            for person in self.people.values()
            for deleted in (False, True)
            for view in views.search(
                self.store, person, Search(mine=True, deleted=deleted, limit=500)
            )
        }
        assert kept == self.newest

    @invariant()
    def nothing_happened_without_an_audit_entry(self) -> None:
        entries = [e for e in audit.newest(self.store, 10_000) if e.deed.object_kind == "view"]
        assert len(entries) == self.deeds

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestThreeEditors = ThreeEditors.TestCase
TestThreeEditors.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
