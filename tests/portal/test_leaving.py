"""A page that is left stops its questions, before a real server and a real lake.

Slow because it is real: a question of seconds, and a process that answers it.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from queue import Empty, Queue
from subprocess import Popen
from threading import Thread
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from portal.auth import cookie
from portal.callbacks.newest import Newest
from portal.settings import Settings
from portal.stops import Stops
from portal.store import migrate, people, sessions
from portal.store.people import Newcomer
from portal.store.store import open_store
from tests.portal.slow_readings import PAIRS, ROWS, load
from tests.portal.test_serve import (
    PATIENCE,
    environment,
    free_port,
    listening,
    running,
    wait_until_ready,
)

TREND, TABLE = "tile-1-0", "tile-3-0"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with a lake that takes long to ask, and somebody's cookie."""
    folder = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment({"PLAYHEAD_HOME": str(folder)})
    load(settings.lake_url)
    store = open_store(settings.database_url)
    migrate.upgrade(store)
    ann = people.add(store, Newcomer(email="ann@example.com", name="Ann", unit="product"))
    secret = sessions.begin(store, ann)
    store.close()
    return folder, f"{cookie.name(settings)}={secret}"


class Logged:
    """The lines that a process writes, as they come."""

    def __init__(self, process: Popen[str]) -> None:
        self._lines: Queue[str] = Queue()
        Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put(line)

    def until(self, event: str) -> str:
        """The next line of an event."""
        deadline = time.monotonic() + PATIENCE
        seen: list[str] = []
        while time.monotonic() < deadline:
            try:
                seen.append(self._lines.get(timeout=1))
            except Empty:
                continue
            if event in seen[-1]:
                return seen[-1]
        raise AssertionError(f"“{event}” was not logged:\n{''.join(seen)}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is being answered; its connection closes when nobody holds it."""

    wire: socket.socket
    response: HTTPResponse


def ask(
    port: int, signed_in: str, search: str, view: list[object], tiles: tuple[str, ...] = (TABLE,)
) -> Asked:
    """Ask for the breakdown of Explore, and read no more than the head of the answer.

    The request is named by its view.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    body = {"path": "/explore", "search": search, "tiles": tiles, "view": view}
    post(connection, signed_in, "/-/answers", body | {"request": str(view)})
    wire: socket.socket = connection.sock
    response = connection.getresponse()
    assert response.status == 200
    assert orjson.loads(response.readline())["view"]
    return Asked(wire, response)


def post(connection: HTTPConnection, signed_in: str, path: str, body: dict[str, Any]) -> None:
    headers = {
        "Content-Type": "application/json",
        "Cookie": signed_in,
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("POST", path, orjson.dumps(body), headers)


def stop(port: int, signed_in: str, body: dict[str, Any]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    post(connection, signed_in, "/-/stop", body)
    status = connection.getresponse().status
    connection.close()
    return status


def ask_and_see_begun(port: int, signed_in: str, view: list[object]) -> Asked:
    """Ask what takes seconds, and come back when it is worked on rather than waiting its turn."""
    asked = ask(port, signed_in, PAIRS, view)
    assert asked.response.readline() == b"\n", "no answer yet, but a sign of life"
    return asked


def leave(asked: Asked) -> None:
    asked.wire.shutdown(socket.SHUT_RDWR)


def lines(asked: Asked) -> Iterator[dict[str, Any]]:
    for line in iter(asked.response.readline, b""):
        if line != b"\n":
            yield orjson.loads(line)


def answered(asked: Asked) -> str:
    return next(line["drawing"]["kind"] for line in lines(asked) if "drawing" in line)


def test_a_question_stops_when_its_client_leaves_or_its_page_shows_another_view(
    home: tuple[Path, str],
):
    folder, signed_in = home
    port = int(free_port())
    with (
        listening() as bound,
        running(["-m", "portal.serve"], environment(folder, PORT=str(port)), bound) as process,
    ):
        wait_until_ready(port, process)
        logged = Logged(process)

        gone = ask_and_see_begun(port, signed_in, ["a", 1])
        leave(gone)
        logged.until("question stopped")

        kept_open = ask_and_see_begun(port, signed_in, ["b", 1])
        newer = ask(port, signed_in, ROWS, ["b", 2])
        logged.until("question stopped")
        assert answered(newer) == "sheet"

        gone = ask_and_see_begun(port, signed_in, ["c", 1])
        shared = ask(port, signed_in, PAIRS, ["d", 1])
        leave(gone)
        logged.until("answers left")
        assert answered(shared) == "sheet", "who asked the same is not failed by it"
        kept_open.wire.close()


def test_a_tile_is_stopped_alone_by_whoever_asked_for_it(home: tuple[Path, str]):
    folder, signed_in = home
    port = int(free_port())
    search = PAIRS.replace("=all", "=2026-01-03+to+2026-01-28")
    with (
        listening() as bound,
        running(["-m", "portal.serve"], environment(folder, PORT=str(port)), bound) as process,
    ):
        wait_until_ready(port, process)
        logged = Logged(process)
        asked = ask(port, signed_in, search, ["s", 1], (TABLE, TREND))
        said, ends = lines(asked), {}
        for line in said:
            if "working" not in line:
                ends[line["tile"]] = line.get("drawing")
            elif line["tile"] == TABLE:
                break
        assert stop(port, signed_in, {"request": "['s', 1]", "tile": TABLE}) == 204
        logged.until("question stopped")
        ends |= {line["tile"]: line.get("drawing") for line in said if "working" not in line}
        assert ends.keys() == {TABLE, TREND}
        assert ends[TABLE] is None
        assert ends[TREND]["kind"] == "figure"
        for body in ({}, {"request": 3, "tile": TABLE}, {"request": "r" * 99, "tile": TABLE}):
            assert stop(port, signed_in, body) == 400


def test_nobody_stops_the_tile_of_another_or_of_another_request(tmp_path: Path):
    stops = Stops(tmp_path)
    stops.stop("ann", "first", TABLE)
    assert stops.of("ann", "first")(TABLE)
    assert not stops.of("ann", "first")(TREND)
    assert not stops.of("ann", "second")(TABLE)
    assert not stops.of("ben", "first")(TABLE)
    assert not stops.of("ann", None)(TABLE)


def test_a_question_that_takes_long_says_how_far_it_is(home: tuple[Path, str]):
    folder, signed_in = home
    port = int(free_port())
    with (
        listening() as bound,
        running(["-m", "portal.serve"], environment(folder, PORT=str(port)), bound) as process,
    ):
        wait_until_ready(port, process)
        slow = ask(port, signed_in, PAIRS.replace("=all", "=2026-01-02+to+2026-01-28"), ["a", 1])
        *said, last = lines(slow)
        assert last["drawing"]["kind"] == "sheet"
        assert {line["tile"] for line in said} == {last["tile"]}
        working = [line["working"] for line in said]
        assert working, "it took over a second"
        assert working == sorted(working, key=lambda w: (w["scans"], w["seconds"]))
        percents = [w["percent"] for w in working if w["percent"] is not None]
        assert percents
        assert all(0 <= p <= 100 for p in percents)


def test_an_answer_in_one_piece_is_not_worked_out_for_a_client_that_left(home: tuple[Path, str]):
    folder, signed_in = home
    port = int(free_port())
    others = PAIRS.replace("period=all", "period=2026-01-01+to+2026-01-27")
    export = f"/export?path=/explore&format=csv&tile=tile-3-0&search={quote(others)}"
    question = orjson.dumps({"dataset": "readings", "metrics": ["pairs"], "by": ["place"]})
    headers = {
        "Content-Type": "application/json",
        "Cookie": signed_in,
        "Sec-Fetch-Site": "same-origin",
    }
    with (
        listening() as bound,
        running(["-m", "portal.serve"], environment(folder, PORT=str(port)), bound) as process,
    ):
        wait_until_ready(port, process)
        logged = Logged(process)
        for method, path, body in (("POST", "/api/v1/ask", question), ("GET", export, None)):
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request(method, path, body, headers)
            time.sleep(0.5)
            connection.sock.shutdown(socket.SHUT_RDWR)
            assert "answer left" in logged.until("answer left")
            connection.close()


def test_a_newer_view_cancels_those_before_it_of_the_same_person_and_page():
    newest = Newest()
    with (
        newest.begin("ann", ["page", 1]) as old,
        newest.begin("ann", ["other page", 1]) as elsewhere,
        newest.begin("ben", ["page", 1]) as another,
        newest.begin("ann", ["page", 2]) as new,
        newest.begin("ann", ["page", 2]) as same,
        newest.begin("ann", ["page", 1]) as late,
        newest.begin("ann", None) as unsaid,
    ):
        assert old.is_cancelled
        assert late.is_cancelled
        stay = (elsewhere, another, new, same, unsaid)
        assert not any(cancellation.is_cancelled for cancellation in stay)
    assert not newest._open  # pyright: ignore[reportPrivateUsage]
