from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from portal.store import audit, views
from portal.store.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded, StoreError
from portal.store.people import Person
from portal.store.saved_view import Draft, SavedView, Visibility
from portal.store.store import Store
from portal.store.views import Search
from tests.portal.conftest import Clock, add_person

DRAFT = Draft(name="Brazil at night", path="/when-where", query="country=BR&hour.from=22")


@pytest.fixture
def ann(store: Store) -> Person:
    return add_person(store, "Ann", "content")


@pytest.fixture
def bob(store: Store) -> Person:
    return add_person(store, "Bob", "content")


@pytest.fixture
def eve(store: Store) -> Person:
    return add_person(store, "Eve", "marketing")


@pytest.fixture
def admin(store: Store) -> Person:
    return add_person(store, "Root", "platform", "admin")


def outcome(store: Store, person: Person, view: SavedView, link: str = "") -> str:
    try:
        return views.read(store, person, view.id, link).name
    except StoreError as error:
        return error.message


ABSENT = "There is no such view."


@pytest.mark.parametrize(
    ("visibility", "who"),
    [
        ("private", set[str]()),
        ("unit", {"bob", "admin"}),
        ("everyone", {"bob", "eve", "admin"}),
        ("link", set[str]()),
    ],
)
def test_a_view_is_seen_by_those_it_is_shared_with(
    request: pytest.FixtureRequest, store: Store, ann: Person, visibility: Visibility, who: set[str]
):
    view, _ = views.share(store, ann, views.save(store, ann, DRAFT).id, visibility, 1)
    for name in ("bob", "eve", "admin"):
        person = request.getfixturevalue(name)
        sees = outcome(store, person, view) == view.name
        listed = [v.id for v in views.search(store, person)] == [view.id]
        assert sees == listed == (name in who)


def test_a_link_opens_the_view_for_whoever_holds_it(store: Store, ann: Person, eve: Person):
    view = views.save(store, ann, DRAFT)
    view, link = views.share(store, ann, view.id, "link", view.version)
    assert outcome(store, eve, view, link) == view.name
    assert outcome(store, eve, view, link[:-1]) == ABSENT
    view, second = views.share(store, ann, view.id, "link", view.version)
    assert outcome(store, eve, view, link) == ABSENT
    assert outcome(store, eve, view, second) == view.name
    view, none = views.share(store, ann, view.id, "private", view.version)
    assert none == ""
    assert outcome(store, eve, view, second) == ABSENT


def test_absent_and_foreign_look_the_same(store: Store, ann: Person, eve: Person):
    view = views.save(store, ann, DRAFT)
    absent = replace(view, id="00000000-0000-4000-8000-000000000000")
    nonsense = replace(view, id="1 OR 1=1")
    assert {outcome(store, eve, v) for v in (view, absent, nonsense)} == {ABSENT}
    for deed in (
        lambda v: views.edit(store, eve, v.id, DRAFT, 1),
        lambda v: views.remove(store, eve, v.id, 1),
        lambda v: views.share(store, eve, v.id, "everyone", 1),
        lambda v: views.restore(store, eve, v.id),
    ):
        messages = set[str]()
        for candidate in (view, absent, nonsense):
            with pytest.raises(NotFound) as refused:
                deed(candidate)
            messages.add(refused.value.message)
        assert messages == {ABSENT}


def test_only_the_owner_changes_what_others_see(store: Store, ann: Person, bob: Person):
    view, _ = views.share(store, ann, views.save(store, ann, DRAFT).id, "unit", 1)
    for deed in (
        lambda: views.edit(store, bob, view.id, DRAFT, view.version),
        lambda: views.remove(store, bob, view.id, view.version),
        lambda: views.share(store, bob, view.id, "everyone", view.version),
        lambda: views.share(store, bob, view.id, "link", view.version),
        lambda: views.share(store, bob, view.id, "private", view.version),
    ):
        with pytest.raises(Denied, match="Ann"):
            deed()
    assert views.read(store, ann, view.id) == view


def test_publishing_takes_an_editor(store: Store, eve: Person):
    kim = add_person(store, "Kim", "content", "viewer")
    view = views.save(store, kim, DRAFT)
    for visibility in ("unit", "everyone"):
        with pytest.raises(Denied, match="editor"):
            views.share(store, kim, view.id, visibility, 1)
    _, link = views.share(store, kim, view.id, "link", 1)
    assert outcome(store, eve, view, link) == view.name


def test_an_admin_takes_down_what_is_published_and_sees_nothing_private(
    store: Store, ann: Person, admin: Person
):
    view = views.save(store, ann, DRAFT)
    with pytest.raises(NotFound):
        views.remove(store, admin, view.id, 1)
    view, _ = views.share(store, ann, view.id, "everyone", 1)
    with pytest.raises(Denied):
        views.edit(store, admin, view.id, DRAFT, view.version)
    view, _ = views.share(store, admin, view.id, "private", view.version)
    assert view.visibility == "private"
    assert view.unit == "content"


def test_a_deactivated_owner_opens_nothing(store: Store, ann: Person):
    view = views.save(store, ann, DRAFT)
    assert outcome(store, replace(ann, is_active=False), view) == ABSENT


def test_a_second_editor_is_told_who_saved_in_between(store: Store, ann: Person):
    view = views.save(store, ann, DRAFT)
    edited = views.edit(store, ann, view.id, replace(DRAFT, name="Brazil by day"), view.version)
    with pytest.raises(
        Conflict, match=r"Ann saved “Brazil by day” in between, at 2026-03-02 09:00"
    ):
        views.edit(store, ann, view.id, replace(DRAFT, name="Mine"), view.version)
    with pytest.raises(Conflict):
        views.remove(store, ann, view.id, view.version)
    assert views.read(store, ann, view.id) == edited


def test_of_many_parallel_edits_one_wins(store: Store, ann: Person):
    view = views.save(store, ann, DRAFT)

    def edit(number: int) -> bool:
        try:
            views.edit(store, ann, view.id, replace(DRAFT, name=f"Edit {number}"), view.version)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(edit, range(16))) == 1
    assert views.read(store, ann, view.id).version == 2


def test_a_deleted_view_can_be_brought_back_for_thirty_days(
    store: Store, ann: Person, bob: Person, clock: Clock
):
    view, _ = views.share(store, ann, views.save(store, ann, DRAFT).id, "unit", 1)
    views.remove(store, ann, view.id, view.version)
    assert outcome(store, bob, view) == ABSENT
    assert views.search(store, ann) == []
    assert [v.name for v in views.search(store, ann, Search(deleted=True))] == [view.name]
    assert views.search(store, bob, Search(deleted=True)) == []
    clock.pass_by(timedelta(days=29))
    assert views.purge(store) == 0
    back = views.restore(store, ann, view.id)
    assert (back.name, back.visibility) == (view.name, "unit")
    assert outcome(store, bob, view) == view.name
    views.remove(store, ann, view.id, back.version)
    clock.pass_by(timedelta(days=31))
    assert views.purge(store) == 1
    with pytest.raises(NotFound):
        views.restore(store, ann, view.id)


def test_a_view_that_is_not_deleted_cannot_be_brought_back(store: Store, ann: Person):
    with pytest.raises(NotFound, match="not deleted"):
        views.restore(store, ann, views.save(store, ann, DRAFT).id)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("brazil", ["Brazil at night"]),
        ("NIGHT brazil", ["Brazil at night"]),
        ("ann", ["Brazil at night", "50% of hours"]),
        ("50%", ["50% of hours"]),
        ("%", ["50% of hours"]),
        ("_", []),
        ("prime time", ["50% of hours"]),
        ("", ["Brazil at night", "50% of hours"]),
    ],
)
def test_views_are_found_by_words(store: Store, ann: Person, words: str, found: list[str]):
    views.save(store, ann, DRAFT)
    views.save(store, ann, Draft(name="50% of hours", path="/", description="When is prime time?"))
    assert {v.name for v in views.search(store, ann, Search(words=words))} == set(found)


def test_a_search_narrows_by_owner_unit_and_page(store: Store, ann: Person, eve: Person):
    for person, path in ((ann, "/"), (eve, "/titles")):
        view = views.save(store, person, Draft(name=person.name, path=path))
        views.share(store, person, view.id, "everyone", 1)

    def names(search: Search) -> list[str]:
        return [v.name for v in views.search(store, ann, search)]

    assert names(Search(mine=True)) == ["Ann"]
    assert names(Search(owner_id=eve.id)) == ["Eve"]
    assert names(Search(unit="marketing")) == ["Eve"]
    assert names(Search(path="/titles")) == ["Eve"]
    assert len(names(Search(limit=1))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "  "},
        {"name": "n" * 121},
        {"description": "d" * 2_001},
        {"path": "https://evil.example"},
        {"path": "//evil.example"},
        {"path": "/a?b=c"},
        {"query": "q" * 7_501},
        {"query": "a=\x00"},
        {"data_version": "v" * 81},
    ],
)
def test_what_cannot_be_kept_is_refused(store: Store, ann: Person, change: dict[str, str]):
    with pytest.raises(Invalid):
        views.save(store, ann, replace(DRAFT, **change))
    assert views.search(store, ann) == []


def test_any_text_is_kept_as_it_is(store: Store, ann: Person):
    name = "<script>alert('é')</script> {{ 7*7 }} 🙂"
    view = views.save(store, ann, replace(DRAFT, name=name, description="=1+1\nline"))
    assert views.read(store, ann, view.id).name == name
    assert view.url == "/when-where?country=BR&hour.from=22"


def test_views_are_counted(store: Store, ann: Person, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views, "MOST", 3)
    kept = [views.save(store, ann, DRAFT) for _ in range(3)]
    with pytest.raises(QuotaExceeded):
        views.save(store, ann, DRAFT)
    views.remove(store, ann, kept[0].id, 1)
    views.save(store, ann, DRAFT)
    with pytest.raises(QuotaExceeded):
        views.restore(store, ann, kept[0].id)


def test_every_change_is_in_the_audit_with_its_version(store: Store, ann: Person):
    view = views.save(store, ann, DRAFT)
    view, _ = views.share(store, ann, view.id, "everyone", view.version)
    views.remove(store, ann, view.id, view.version)
    entries = [e for e in audit.newest(store) if e.deed.object_kind == "view"]
    assert [(e.deed.action, (e.deed.details or {}).get("version")) for e in entries] == [
        ("delete", 3),
        ("share", 2),
        ("save", None),
    ]
