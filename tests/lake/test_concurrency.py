"""Readers never see half of a commit; writers wait for each other and lose nothing."""

import subprocess
import sys
import threading
from pathlib import Path

import polars as pl

from queries.lake.ingest import ingest
from queries.lake.lake import Change, Lake
from tests.lake.test_ingest import HEADER, rows, week

ROOT = Path(__file__).resolve().parents[2]
FLIPS = 12


def numbered(table: str, number: int) -> Change:
    return Change(table=table, rows=pl.DataFrame({"n": [number] * 50}), fresh=True)


def test_tables_of_a_snapshot_always_belong_together(tmp_path: Path):
    lake = Lake(tmp_path / "lake")
    lake.commit([numbered("a", 0), numbered("b", 0)], "0")
    done = threading.Event()
    mixed: list[tuple[int, int]] = []
    seen: set[int] = set()

    def read() -> None:
        reader = Lake(tmp_path / "lake")
        while not done.is_set():
            snapshot = reader.snapshot_now()
            a, b = (int(pl.read_parquet(list(snapshot.files(t)))["n"][0]) for t in "ab")
            seen.add(a)
            if a != b:
                mixed.append((a, b))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, FLIPS):
        lake.commit([numbered("a", number), numbered("b", number)], str(number))
    done.set()
    for reader in readers:
        reader.join()
    assert mixed == []
    assert len(seen) > 1


def test_two_ingests_at_once_are_both_accounted_for(tmp_path: Path):
    children: list[subprocess.Popen[str]] = []
    for number, day in enumerate(("2026-01-04", "2026-01-11", "2026-01-18")):
        path = tmp_path / f"{number}.tsv"
        path.write_text(HEADER + week(day))
        module = ["-m", "tests.lake.crash_child", str(tmp_path / "lake"), "0", str(path)]
        children.append(
            subprocess.Popen([sys.executable, *module], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        )
    assert [c.wait() for c in children] == [0, 0, 0]
    for child in children:
        child.communicate()
    lake = Lake(tmp_path / "lake")
    assert rows(lake, "top10").height == 9
    assert rows(lake, "ledger").height == 3
    assert [r.number for r in lake.history()] == [3, 2, 1]


def test_a_folder_may_be_named_by_a_url(tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_text(HEADER + week("2026-01-04"))
    assert ingest(Lake(f"file://{tmp_path}/lake"), "netflix-top10", [path]).exit_code == 0
    assert Lake(tmp_path / "lake").snapshot().rows("top10") == 3
