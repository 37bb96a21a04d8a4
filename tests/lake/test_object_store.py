"""A lake in an object store: the same rows, one writer at a time, and nothing half done.

The store is a server of its own that speaks S3 on the loopback interface.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.lake import soundness
from queries.lake.copies import Copies
from queries.lake.demo.build import build
from queries.lake.errors import LakeUnreachable, LeaseHeld
from queries.lake.ingest import ingest
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.period import Period
from queries.reduction import Column, Reduction, Source
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.conftest import TODAY
from tests.lake.crash_child import REFUSED, TERM_S
from tests.lake.rows_of_plays import DAY, plays
from tests.lake.test_ingest import HEADER, content, rows, week

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-that-no-log-may-hold"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a store, with a bucket `lakes`."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        port, number = listening.getsockname()[1], listening.fileno()
        command = [sys.executable, "-m", "tests.lake.store_server", str(number)]
        server = subprocess.Popen(command, cwd=ROOT, pass_fds=[number])
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("PUT", "/lakes")
        assert connection.getresponse().status == 200
        connection.close()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def options(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "playhead",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }


class Place:
    """An address in the bucket that nobody else has."""

    taken = 0

    def __init__(self, options: dict[str, str], folder: Path) -> None:
        Place.taken += 1
        self.url = f"s3://lakes/{Place.taken}"
        self.options = options
        self.folder = folder

    @property
    def lake(self) -> Lake:
        """Opened anew, as another process would."""
        return Lake(self.url, self.options, Copies(self.folder / "copies"), term_s=TERM_S)

    def start(self, last: int, files: list[Path]) -> subprocess.Popen[str]:
        module = ["-m", "tests.lake.crash_child", self.url, str(last), *map(str, files)]
        return subprocess.Popen(
            [sys.executable, *module],
            cwd=ROOT,
            env={**os.environ, **self.options, "COPIES": str(self.folder / "copies")},
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def place(options: dict[str, str], tmp_path: Path) -> Place:
    return Place(options, tmp_path)


def delivered(folder: Path, *days: str, hours: int = 1000) -> Path:
    path = folder / f"{'-'.join(days)}.tsv"
    path.write_text(HEADER + "".join(week(day, hours=hours) for day in days))
    return path


def test_what_is_loaded_is_what_a_local_lake_would_have(place: Place):
    first = [delivered(place.folder, "2026-01-04", "2026-01-11")]
    later = [delivered(place.folder, "2026-01-11", hours=2)]
    local = Lake(place.folder / "local")
    for files in (first, later):
        assert ingest(place.lake, "netflix-top10", files).status == "committed"
        ingest(local, "netflix-top10", files)
    assert content(place.lake) == content(local)
    assert ingest(place.lake, "netflix-top10", first).status == "already_there"
    newest, older = place.lake.history()
    assert place.lake.snapshot(older.data_version).rows("top10") == 6
    assert soundness.damaged(place.lake, newest.data_version) == ()


def test_copies_that_are_gone_or_cut_short_are_fetched_again(place: Place):
    ingest(place.lake, "netflix-top10", [delivered(place.folder, "2026-01-04")])
    before = content(place.lake)
    shutil.rmtree(place.folder / "copies")
    assert content(place.lake) == before
    for copy in (place.folder / "copies").rglob("*.parquet"):
        copy.write_bytes(copy.read_bytes()[:-1])
    assert content(place.lake) == before


def test_only_files_of_the_days_asked_for_are_fetched(place: Place):
    for day in (0, 1, 2):
        place.lake.commit([Change(table="playback", rows=plays([day], day))], str(day))
    shutil.rmtree(place.folder / "copies")
    opened = builtin().dataset("playback")
    second = DAY + timedelta(days=1)
    asked = Reduction(
        source=Source("playback"),
        keys=(Column("day", opened.time.expression),),
        aggregates=(ROWS,),
        time=opened.time.expression,
        period=Period(second, second),
    )
    engine = DuckDBEngine(memory="256MB")
    snapshot = place.lake.snapshot()
    assert engine.reduce(asked, snapshot).rows() == [(second, 1.0)]
    assert len([*(place.folder / "copies" / "tables" / "playback").iterdir()]) == 1
    assert engine.reduce(replace(asked, period=None), snapshot).height == 3
    assert len([*(place.folder / "copies" / "tables" / "playback").iterdir()]) == 3
    engine.close()


def test_an_ingest_killed_anywhere_converges(place: Place):
    files = [delivered(place.folder, "2026-01-04"), delivered(place.folder, "2026-01-11")]
    lived = place.start(0, files)
    calls = int(lived.communicate()[0])
    expected = content(place.lake)
    for share in (0.4, 0.8, 0.93):
        killed = Place(place.options, place.folder)
        dying = killed.start(int(calls * share), files)
        dying.communicate()
        assert dying.returncode == 137
        assert content(killed.lake) in ({}, expected), f"half a commit was visible at {share}"
        assert ingest(killed.lake, "netflix-top10", files).exit_code == 0
        assert content(killed.lake) == expected


def test_writers_at_once_wait_for_each_other_and_lose_nothing(place: Place):
    days = ("2026-01-04", "2026-01-11", "2026-01-18")
    children = [place.start(0, [delivered(place.folder, day)]) for day in days]
    for child in children:
        child.communicate()
    assert [c.returncode for c in children] == [0, 0, 0]
    assert rows(place.lake, "top10").height == 9
    assert rows(place.lake, "ledger").height == 3
    assert [r.number for r in place.lake.history()] == [3, 2, 1]


def test_a_writer_that_hung_and_lost_its_right_commits_nothing(place: Place):
    """It wakes when another has written: its record must not come on top of that."""
    first = delivered(place.folder, "2026-01-04")
    late, quick = delivered(place.folder, "2026-01-11"), delivered(place.folder, "2026-01-18")
    ingest(place.lake, "netflix-top10", [first])
    calls = int(place.start(0, [late]).communicate()[0])
    refused = 0
    for share in (0.35, 0.8, 0.93):
        lake = Place(place.options, place.folder)
        ingest(lake.lake, "netflix-top10", [first])
        hanging = lake.start(-int(calls * share), [late])
        while state(hanging.pid) != "T":
            time.sleep(0.05)
        was_there = rows(lake.lake, "top10").height == 6
        assert ingest(lake.lake, "netflix-top10", [quick]).status == "committed"
        os.kill(hanging.pid, signal.SIGCONT)
        said, _ = hanging.communicate()
        if not was_there:
            assert (hanging.returncode, said.strip()) == (REFUSED, "lease_held")
            refused += 1
        assert rows(lake.lake, "top10").height == (9 if was_there else 6)
        assert ingest(lake.lake, "netflix-top10", [late]).exit_code == 0
        assert rows(lake.lake, "top10").height == 9
        assert soundness.damaged(lake.lake) == ()
    assert refused >= 2


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_right_to_write_that_is_held_is_refused_with_who_holds_it(place: Place):
    with place.lake.lease(), pytest.raises(LeaseHeld) as caught, place.lake.lease(timeout_s=2):
        pass
    assert socket.gethostname() in caught.value.message
    with place.lake.lease(timeout_s=0):
        pass


@pytest.mark.demo
def test_the_demo_company_is_the_same_from_a_store(place: Place, demo_home: Path):
    """Tables, rollups and answers of both engines, after every copy was lost."""
    lake = place.lake
    build(lake, "S", today=TODAY)
    engine = DuckDBEngine(memory="1GB")
    assert refresh(lake, builtin().datasets, engine)
    assert refresh(lake, builtin().datasets, engine) == ()
    shutil.rmtree(place.folder / "copies")
    playback = builtin().dataset("playback")
    query = Query(
        dataset=playback,
        metrics=tuple(playback.metric(m) for m in ("hours_viewed", "startup_seconds")),
        by=(playback.dimension("device"),),
    )
    answers = [
        Warehouse(opened, with_engine, FrameCache(None), builtin()).ask(query, Access())
        for opened in (place.lake, Lake(demo_home / "lake"))
        for with_engine in (engine, PolarsEngine())
    ]
    engine.close()
    assert {a.source for a in answers} == {"raw"}
    for other in answers[1:]:
        assert_frame_equal(other.frame, answers[0].frame)
    held = place.lake.snapshot()
    assert_frame_equal(
        *(
            pl.read_parquet(list(s.files("rollup_playback_daily"))).sort("day", "bucket")
            for s in (held, Lake(demo_home / "lake").snapshot())
        )
    )


def test_a_bucket_that_is_not_there_is_named_and_no_key_is(options: dict[str, str]):
    lake = Lake("s3://nothing/here", options)
    assert SECRET not in repr(lake.storage)
    with pytest.raises(LakeUnreachable) as caught:
        lake.storage.reach()
    assert "s3://nothing/here" in caught.value.message
    assert "no such bucket" in caught.value.hint


def test_a_store_that_does_not_answer_is_refused_soon(options: dict[str, str], tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        lake = Lake("s3://lakes/x", {**options, "AWS_ENDPOINT_URL": closed}, Copies(tmp_path))
        with pytest.raises(LakeUnreachable, match="cannot be reached"):
            lake.snapshot()
        with pytest.raises(LakeUnreachable):
            lake.commit([Change(table="a", rows=pl.DataFrame({"n": [1]}))], "one")


def test_a_process_does_not_start_without_its_bucket(options: dict[str, str], tmp_path: Path):
    started = subprocess.run(
        [sys.executable, "-m", "portal.serve"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PLAYHEAD_HOME": str(tmp_path),
            "PLAYHEAD_LAKE": "s3://nothing/here",
            "PORT": "0",
            "HOST": "127.0.0.1",
            **options,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 78
    assert re.search("s3://nothing/here cannot be reached. There is no such", started.stderr)
    assert SECRET not in started.stderr + started.stdout
