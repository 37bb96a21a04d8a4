"""A notebook gets the same rows and the same refusals, over a real connection."""

from collections.abc import Iterator
from threading import Thread

import pytest
from werkzeug.serving import make_server

from portal.client import Playhead, Refused
from portal.explore.distributed import Spreading, distributed
from portal.explore.distributed import plain as plain_distributed
from portal.explore.explained import explained
from portal.explore.explained import plain as plain_explained
from portal.store import people, tokens
from portal.store.people import Newcomer
from queries.dataset import Access
from queries.question import Question, ask
from queries.warehouse import Warehouse
from tests.portal.small_warehouse import small_app, small_warehouse

ANN = Newcomer(email="ann@example.com", name="Ann", unit="product")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return small_warehouse(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def playhead(tmp_path_factory: pytest.TempPathFactory, warehouse: Warehouse) -> Iterator[Playhead]:
    app, store = small_app(tmp_path_factory.mktemp("portal"), warehouse)
    token = tokens.add(store, people.add(store, ANN), "notebook")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Playhead(f"http://127.0.0.1:{server.server_port}/", token)
    server.shutdown()
    thread.join()
    server.server_close()
    store.close()


def test_rows_are_those_of_the_warehouse(playhead: Playhead, warehouse: Warehouse):
    frame = playhead.ask("plays", "hours_viewed", by=["country"], where="device = 'tv'")
    question = Question(
        dataset="plays", metrics=("hours_viewed",), by=("country",), where="device = 'tv'"
    )
    assert frame.equals(ask(question, warehouse, Access()).frame)


def test_an_answer_says_what_it_is_of(playhead: Playhead):
    answer = playhead.answer("plays", "accounts", period="last 7 days", compare="previous")
    assert answer["compare"]["kind"] == "previous"
    assert answer["total"]["accounts__delta"] is not None


def test_datasets_can_be_looked_up(playhead: Playhead):
    assert [d["name"] for d in playhead.datasets()] == ["plays"]
    assert "accounts" in {m["name"] for m in playhead.dataset("plays")["metrics"]}


def test_a_change_is_explained_as_by_the_command(playhead: Playhead, warehouse: Warehouse):
    found = playhead.explain("plays", "hours_viewed", by="country", period="last 7 days")
    question = Question(
        dataset="plays", metrics=("hours_viewed",), period="last 7 days", compare="previous"
    )
    assert found == plain_explained(explained(question, "country", warehouse, Access()))
    assert sum(part["part"]["value"] for part in found["parts"]) == pytest.approx(
        found["change"]["value"]
    )


def test_a_distribution_has_its_sides(playhead: Playhead, warehouse: Warehouse):
    found = playhead.distribution(
        "plays", "hours_viewed", where="country = 'BR'", period="last 7 days", compare="previous"
    )
    spreading = Spreading(
        dataset="plays", metric="hours_viewed",
        where="country = 'BR'", period="last 7 days", compare="previous",
    )  # fmt: skip
    assert found == plain_distributed(distributed(spreading, warehouse, Access()))
    assert len(found["sides"]) == 2
    with pytest.raises(Refused) as refused:
        playhead.distribution("plays", "hours_viewed", by="planet")
    assert refused.value.status == 422


def test_a_note_is_written_changed_removed_and_brought_back(playhead: Playhead):
    note = playhead.write_note("The feed was late", "2026-02-03", end="2026-02-05")
    assert playhead.notes("2026-02-05", "2026-02-05") == {"notes": [note], "is_cut": False}
    assert playhead.notes(first="2026-02-06")["notes"] == []
    changed = playhead.edit_note(note, text="It was early", country="BR")
    assert (changed["text"], changed["country"]) == ("It was early", "BR")
    assert (changed["end"], changed["version"]) == ("2026-02-05", 2)
    playhead.remove_note(changed)
    with pytest.raises(Refused) as refused:
        playhead.note(note["id"])
    assert (refused.value.status, refused.value.code) == (404, "not_found")
    back = playhead.restore_note(note)
    assert back["text"] == "It was early"
    assert playhead.notes()["notes"] == [back]
    with pytest.raises(Refused):
        playhead.restore_note(note)


def test_who_was_slower_gets_the_newest_note_and_has_written_nothing(playhead: Playhead):
    note = playhead.write_note("First", "2026-03-01")
    newest = playhead.edit_note(note, text="Second")
    for change in (
        lambda: playhead.edit_note(note, text="Third"),
        lambda: playhead.remove_note(note),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert (refused.value.status, refused.value.newest) == (409, newest)
    assert playhead.note(note["id"]) == newest


def test_a_refusal_says_what_to_ask_instead(playhead: Playhead):
    with pytest.raises(Refused, match="Did you mean “hours_viewed”") as refused:
        playhead.ask("plays", "hour_viewed")
    assert (refused.value.status, refused.value.code) == (422, "unknown_metric")
    with pytest.raises(Refused) as refused:
        Playhead(playhead.url, "playhead_wrong").datasets()
    assert refused.value.status == 401


def test_a_token_is_not_shown_and_an_address_is_checked():
    assert "secret" not in repr(Playhead("https://playhead.example", "secret"))
    with pytest.raises(ValueError, match="not the address"):
        Playhead("file:///etc/passwd", "")
