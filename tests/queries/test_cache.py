"""The cache: bytes only, one computation a key, and never a reason to fail."""

import pickle
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import polars as pl
import pytest

from queries.byte_folder import ByteFolder, BytesDisk
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.warehouse import Warehouse
from tests.queries.small_lake import DATASET, plays

FRAME = pl.DataFrame({"country": ["US", None], "hours": [1.5, 2.5]})


class Counted:
    """A computation that remembers how often it ran."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.runs = 0
        self._seconds = seconds

    def __call__(self) -> pl.DataFrame:
        self.runs += 1
        sleep(self._seconds)
        return FRAME


def remembered(cache: FrameCache, compute: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    return cache.remember("key", compute)[0]


def test_a_frame_comes_back_as_it_was_from_another_process(tmp_path: Path) -> None:
    compute = Counted()
    remembered(FrameCache(tmp_path), compute)
    frame, was_there = FrameCache(tmp_path).remember("key", compute)
    assert frame.equals(FRAME)
    assert was_there
    assert compute.runs == 1


def test_a_cold_key_asked_by_many_threads_is_computed_once(tmp_path: Path) -> None:
    compute, cache = Counted(0.1), FrameCache(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        frames = list(pool.map(lambda _: remembered(cache, compute), range(16)))
    assert compute.runs == 1
    assert all(f.equals(FRAME) for f in frames)


def test_a_cold_key_asked_by_many_processes_is_computed_once(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import time, polars as pl
        from pathlib import Path
        from queries.cache import FrameCache
        def compute():
            with open({str(tmp_path / "runs")!r}, "a") as runs: runs.write("x")
            time.sleep(0.5)
            return pl.DataFrame({{"a": [1]}})
        print(FrameCache(Path({str(tmp_path / "cache")!r})).remember("k", compute)[0]["a"].item())
    """)
    root = Path(__file__).resolve().parents[2]
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root)
        for _ in range(4)
    ]
    assert [p.communicate()[0].strip() for p in running] == [b"1"] * 4
    assert (tmp_path / "runs").read_text() == "x"


def test_a_failed_computation_is_not_remembered(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path)

    def fail() -> pl.DataFrame:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        remembered(cache, fail)
    assert remembered(cache, Counted()).equals(FRAME)


def test_a_folder_that_cannot_be_used_is_a_miss_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert remembered(FrameCache(tmp_path / "file"), Counted()).equals(FRAME)


class Trap:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (pytest.fail, ("a pickle was read",))


def test_a_pickle_planted_in_the_folder_is_never_read(tmp_path: Path) -> None:
    folder = ByteFolder(tmp_path)
    folder.set("key", b"bytes")
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Trap()),))
    assert ByteFolder(tmp_path).get("key") is None


def test_the_disk_refuses_to_store_anything_but_bytes(tmp_path: Path) -> None:
    disk = BytesDisk(str(tmp_path))
    with pytest.raises(TypeError):
        disk.store({"a": 1}, read=False)
    with pytest.raises(TypeError):
        disk.put(("a", 1))


def test_damaged_bytes_are_a_miss(tmp_path: Path) -> None:
    remembered(FrameCache(tmp_path), Counted())
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("UPDATE Cache SET value = ?", (b"damaged",))
    compute = Counted()
    assert remembered(FrameCache(tmp_path), compute).equals(FRAME)
    assert compute.runs == 1


def test_what_is_kept_is_known_without_being_read_and_only_until_it_expires(tmp_path: Path) -> None:
    remembered(FrameCache(tmp_path), Counted())
    assert FrameCache(tmp_path).has("key")
    assert not FrameCache(tmp_path).has("other")
    assert not FrameCache(None).has("key")
    folder = ByteFolder(tmp_path)
    assert folder.take("lease", b"token", 0.05)
    sleep(0.1)
    assert not folder.has("lease")


def test_two_lakes_never_share_an_answer(tmp_path: Path, duckdb_engine: DuckDBEngine) -> None:
    """One home that another lake moves into: the tables' versions are the same, the rows not."""
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    found: list[float] = []
    for name, rows in (("one", 100), ("other", 200)):
        lake = Lake(tmp_path / name)
        made = plays(rows).with_columns(pl.col("bucket").cast(pl.Int16))
        lake.commit([Change(table="plays", rows=made, day="local_date")], "small")
        cache = FrameCache(tmp_path / "cache")
        warehouse = Warehouse(lake, duckdb_engine, cache, Catalog((DATASET,)))
        found.append(warehouse.ask(query, Access()).frame["rows"].item())
    assert found == [100, 200]
