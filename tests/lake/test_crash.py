"""An ingest killed at any moment and run again ends where one that lived would have.

Slow on purpose: each point of death is a process of its own.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from tests.lake.test_ingest import HEADER, content, rows, week

ROOT = Path(__file__).resolve().parents[2]
POINTS = 10


def child(lake: Path, last: int, files: list[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.lake.crash_child", str(lake), str(last), *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    texts = {
        "one.tsv": HEADER + week("2026-01-11", hours=2) + week("2026-01-04", hours=2),
        "two.tsv": HEADER + week("2026-01-18") + week("2026-01-19"),
        "page.tsv": "<html>Not found</html>",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


def before(folder: Path) -> Path:
    """A lake with an earlier delivery, which the killed one restates."""
    earlier = folder / "earlier.tsv"
    earlier.write_text(HEADER + week("2026-01-04", hours=1))
    ingest(Lake(folder / "lake"), "netflix-top10", [earlier])
    return folder / "lake"


def test_an_ingest_killed_anywhere_converges(
    tmp_path_factory: pytest.TempPathFactory, files: list[Path]
):
    lived = before(tmp_path_factory.mktemp("lived"))
    calls = int(child(lived, 0, files).stdout)
    expected = content(Lake(lived))
    for point in range(POINTS):
        last = 1 + point * (calls - 1) // (POINTS - 1)
        path = before(tmp_path_factory.mktemp("killed"))
        old = content(Lake(path))
        assert child(path, last, files).returncode == 137, last
        seen = content(Lake(path))
        assert seen in (old, expected), f"half a commit was visible after call {last}"
        again = ingest(Lake(path), "netflix-top10", files)
        assert again.exit_code == 0
        assert content(Lake(path)) == expected, f"did not converge after call {last}"
        assert tree(path) == tree(lived)


def tree(lake: Path) -> list[str]:
    """Every data file there is, without the number of attempts in the Delta logs."""
    found = (p.relative_to(lake) for p in lake.rglob("*.parquet") if "snapshots" not in p.parts)
    return sorted(str(p) for p in found)


def test_a_killed_ingest_leaves_copies_that_the_next_one_clears(tmp_path: Path, files: list[Path]):
    path = before(tmp_path)
    copied = path / "staging"
    last = 40
    while not (copied.exists() and list(copied.iterdir())):
        child(path, last, files)
        last += 40
    lake = Lake(path)
    ingest(lake, "netflix-top10", files[:1])
    assert not list(copied.iterdir())
    assert rows(lake, "ledger").height == 2
