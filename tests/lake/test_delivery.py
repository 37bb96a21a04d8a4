"""What comes in is copied first, and is what it is by content, not by name."""

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from queries.lake.delivery import SMALL, inspected, receive
from queries.lake.errors import RefusedFile
from queries.lake.rows import read_rows


def refused(path: Path | str, tmp_path: Path) -> str:
    with pytest.raises(RefusedFile) as caught:
        read_rows(inspected(receive(path, tmp_path / "staging")))
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"   \n", "no_content"),
        (b"null", "no_content"),
        (b"<!DOCTYPE html><html><body>Not here</body></html>", "web_page"),
        (b"\xef\xbb\xbf  <html>", "web_page"),
        (b"PAR1 and nothing else", "unreadable"),
        (b"PK\x03\x04 and nothing else", "unreadable"),
        (b"\x1f\x8b\x08 and nothing else", "unreadable"),
    ],
)
def test_what_is_no_table_is_refused_and_named(tmp_path: Path, content: bytes, code: str):
    path = tmp_path / "all-weeks-global.tsv"
    path.write_bytes(content)
    assert refused(path, tmp_path) == code


def test_only_regular_files_are_taken(tmp_path: Path):
    real = tmp_path / "real.csv"
    real.write_text("a\n1\n")
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(real)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "missing.csv", "https://example.org/a.csv"):
        assert refused(path, tmp_path) == "not_a_file"


def test_a_name_is_data_and_never_a_path(tmp_path: Path):
    path = tmp_path / "..%2f..%2fetc -rf \u202e.csv"
    path.write_text("a\n1\n")
    delivery = receive(path, tmp_path / "staging")
    assert delivery.name == path.name
    assert delivery.path.parent == tmp_path / "staging"
    assert delivery.path.name == "0000"


def test_a_copy_is_read_though_the_file_changes_meanwhile(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    delivery = inspected(receive(path, tmp_path / "staging"))
    path.write_text("b\n2\n3\n")
    assert read_rows(delivery).columns == ["a"]


def test_gzip_is_unpacked_whatever_the_file_is_called(tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_bytes(gzip.compress(b"a\tb\n1\t2\n"))
    rows = read_rows(inspected(receive(path, tmp_path / "staging")))
    assert rows.frame["b"].to_list() == ["2"]


def test_gzip_that_unpacks_to_far_too_much_is_refused(tmp_path: Path):
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb") as packed:
        for _ in range(SMALL // (1 << 20) + 2):
            packed.write(bytes(1 << 20))
    assert refused(path, tmp_path) == "too_large"


def test_a_workbook_that_unpacks_to_far_too_much_is_refused(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", bytes(SMALL + 1))
    assert refused(path, tmp_path) == "too_large"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("readme.txt", "hello")
    assert refused(path, tmp_path) == "unreadable"


def test_wide_characters_are_read(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes("name;n\nSøren;1\n".encode("utf-16"))
    rows = read_rows(inspected(receive(path, tmp_path / "staging")))
    assert rows.frame["name"].to_list() == ["Søren"]
