"""Copies are whole, bounded, and there while somebody may read them."""

import os
import threading
from pathlib import Path

import pyarrow.fs as arrow_fs
import pytest

from queries.lake.copies import Copies
from queries.lake.errors import LakeUnreachable

SIZE = 1_000


@pytest.fixture
def store(tmp_path: Path) -> arrow_fs.FileSystem:
    """Ten files of a thousand bytes."""
    folder = tmp_path / "store"
    (folder / "t").mkdir(parents=True)
    for number in range(10):
        (folder / "t" / str(number)).write_bytes(bytes([number]) * SIZE)
    return arrow_fs.SubTreeFileSystem(str(folder), arrow_fs.LocalFileSystem())


def named(*numbers: int) -> dict[str, int]:
    return {f"t/{number}": SIZE for number in numbers}


def kept(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "t").iterdir())


def test_the_least_recently_used_copies_go_first(store: arrow_fs.FileSystem, tmp_path: Path):
    copies = Copies(tmp_path / "c", limit_bytes=3 * SIZE, in_use_s=0)
    for number, used in ((0, 100), (1, 300), (2, 200)):
        [file] = copies.files(store, named(number))
        os.utime(file, (used, used))
    copies.files(store, named(3))
    assert kept(tmp_path / "c") == ["1", "2", "3"]
    os.utime(tmp_path / "c" / "t" / "3", (400, 400))
    copies.files(store, named(2))
    copies.files(store, named(4))
    assert kept(tmp_path / "c") == ["2", "3", "4"]


def test_what_was_handed_out_lately_stays_beyond_the_limit(
    store: arrow_fs.FileSystem, tmp_path: Path
):
    copies = Copies(tmp_path / "c", limit_bytes=SIZE)
    files = copies.files(store, named(0, 1, 2))
    copies.files(store, named(3))
    assert [Path(f).read_bytes()[0] for f in files] == [0, 1, 2]


def test_a_file_that_comes_in_another_size_is_refused_and_leaves_nothing(
    store: arrow_fs.FileSystem, tmp_path: Path
):
    copies = Copies(tmp_path / "c")
    with pytest.raises(LakeUnreachable, match="1000 bytes of a file of 1001"):
        copies.files(store, {"t/0": SIZE + 1})
    assert kept(tmp_path / "c") == []


def test_many_readers_of_a_small_folder_always_find_their_files(
    store: arrow_fs.FileSystem, tmp_path: Path
):
    """Each thread is like a process: a folder of its own object, one folder on disk."""
    wrong: list[object] = []

    def read(first: int) -> None:
        copies = Copies(tmp_path / "c", limit_bytes=2 * SIZE, in_use_s=30)
        for turn in range(20):
            number = (first + turn) % 10
            [file] = copies.files(store, named(number))
            if Path(file).read_bytes() != bytes([number]) * SIZE:
                wrong.append(number)

    readers = [threading.Thread(target=read, args=(n,)) for n in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert not [n for n in kept(tmp_path / "c") if n.endswith(".part")]
