"""Definitions edited since: what is written down of them, and who is told."""

from datetime import timedelta

import orjson

from portal.edited import fingerprints
from portal.store import definitions, views
from portal.store.saved_view import Draft
from portal.store.store import Store
from queries.catalog import builtin
from tests.portal.conftest import Clock, Portal
from tests.portal.requests import ORIGIN, signed_in

HOURS, RATE = ("playback", "hours_viewed"), ("playback", "good_play_rate")


def test_a_definition_is_written_down_once_and_again_where_it_was_edited(
    store: Store, clock: Clock
):
    first = {HOURS: "a", RATE: "b"}
    assert definitions.release(store, first) == len(first)
    assert definitions.release(store, first) == 0
    assert definitions.edits(store) == {}
    clock.now += timedelta(days=3)
    assert definitions.release(store, {**first, HOURS: "c"}) == 1
    assert definitions.edits(store) == {HOURS: clock.now}
    clock.now += timedelta(days=3)
    assert definitions.release(store, first) == 1
    assert definitions.edits(store) == {HOURS: clock.now}


def notices(portal: Portal, search: str) -> list[str]:
    asked = {"path": "/", "search": search, "tiles": [], "view": "one"}
    answer = signed_in(portal).post("/-/answers", json=asked, headers=ORIGIN)
    return orjson.loads(answer.data.splitlines()[0])["view"]["notices"]


def test_who_opens_a_view_saved_before_an_edit_is_told_and_nobody_else(portal: Portal):
    known = fingerprints(builtin())
    assert definitions.release(portal.store, known) == 0, "the portal writes them as it starts"
    old = views.save(portal.store, portal.ann, Draft(name="Old", path="/"))
    portal.clock.now += timedelta(days=1)
    definitions.release(portal.store, {**known, HOURS: "other"})
    portal.clock.now += timedelta(days=1)
    new = views.save(portal.store, portal.ann, Draft(name="New", path="/"))
    (said,) = [n for n in notices(portal, f"?saved={old.id}") if "Edited since" in n]
    assert "Hours viewed" in said
    assert "Good plays" not in said
    for search in ("", f"?saved={new.id}", "?saved=none"):
        assert not [n for n in notices(portal, search) if "Edited since" in n]


def test_a_link_to_data_of_before_an_edit_says_so(portal: Portal):
    known = fingerprints(builtin())
    portal.clock.now += timedelta(days=10_000)
    definitions.release(portal.store, {**known, HOURS: "other"})
    listed = orjson.loads(signed_in(portal).get("/api/v1/datasets").data)
    pinned = f"?v={listed['data_version']}"
    assert [n for n in notices(portal, pinned) if "Hours viewed" in n]
    assert not [n for n in notices(portal, "") if "Edited since" in n]
