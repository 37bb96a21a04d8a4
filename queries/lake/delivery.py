"""Taking a file in: copied and fingerprinted before anything looks inside.

The copy is what gets parsed, so a file that changes meanwhile cannot be half read. Only regular
files are taken, and nothing is unpacked beyond a budget.
"""

import gzip
import hashlib
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from queries.lake.errors import RefusedFile

Format = Literal["text", "parquet", "xlsx"]

CHUNK = 1 << 20
UNPACKED_BUDGET = 8 << 30
"""Bytes a packed file may unpack to."""
UNPACKED_RATIO = 200
"""And how many times its own size; below `SMALL` any ratio is fine."""
SMALL = 64 << 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """A staged file. `name` is what it was called where it came from: data, never a path."""

    name: str
    path: Path
    sha256: str
    size: int
    format: Format = "text"


def receive(source: str | Path, folder: Path) -> Delivery:
    """Copy a file into `folder` under a name of our own.

    Raises RefusedFile for what is not a readable regular file.
    """
    name = Path(source).name
    if "://" in str(source):
        raise RefusedFile(
            f"“{source}” is an address, not a file.", "Download it first.", code="not_a_file"
        )
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f"{len(list(folder.iterdir())):04d}"
    sha256, size = _copied(Path(source), staged)
    return Delivery(name, staged, sha256, size)


def inspected(delivery: Delivery) -> Delivery:
    """Unpack gzip and tell the format by content, not by name.

    Raises RefusedFile for what is empty, damaged, no table at all, or unpacks to too much.
    """
    if delivery.size == 0:
        raise RefusedFile(f"“{delivery.name}” is empty.", code="empty_file")
    unpacked = _unpacked(delivery.path, delivery.size, delivery.name)
    return replace(delivery, path=unpacked, format=_format(unpacked, delivery.name))


def _copied(source: Path, target: Path) -> tuple[str, int]:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise RefusedFile(
            f"“{source.name}” cannot be opened.",
            "Give the path of a regular file that you may read.",
            code="not_a_file",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RefusedFile(f"“{source.name}” is not a regular file.", code="not_a_file")
    digest, size = hashlib.sha256(), 0
    with os.fdopen(descriptor, "rb") as opened, target.open("wb") as copy:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
    return digest.hexdigest(), size


def _unpacked(staged: Path, size: int, name: str) -> Path:
    with staged.open("rb") as opened:
        if opened.read(2) != b"\x1f\x8b":
            return staged
    target = staged.with_suffix(".unpacked")
    written = 0
    try:
        with gzip.open(staged, "rb") as packed, target.open("wb") as plain:
            while chunk := packed.read(CHUNK):
                written += len(chunk)
                _check_budget(written, size, name)
                plain.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedFile(f"“{name}” is damaged: {error}.", code="unreadable") from error
    return target


def _check_budget(unpacked: int, size: int, name: str) -> None:
    if unpacked > UNPACKED_BUDGET or unpacked > max(SMALL, size * UNPACKED_RATIO):
        raise RefusedFile(
            f"“{name}” unpacks to far more than its size.", "Deliver it in parts.", code="too_large"
        )


def _format(path: Path, name: str) -> Format:
    with path.open("rb") as opened:
        head = opened.read(4096)
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:4] == b"PK\x03\x04":
        _check_workbook(path, name)
        return "xlsx"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<":
        raise RefusedFile(
            f"“{name}” is a web page, not a table.",
            "The publisher may have moved it; open the address in a browser.",
            code="web_page",
        )
    if start.strip() in {b"", b"null", b"None", b"{}", b"[]"}:
        raise RefusedFile(
            f"“{name}” says only “{start.strip().decode()}”.",
            "The delivery broke; fetch it again.",
            code="no_content",
        )
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        _transcode(path, name)
    return "text"


def _check_workbook(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            total = sum(e.file_size for e in entries)
    except (zipfile.BadZipFile, OSError) as error:
        raise RefusedFile(f"“{name}” is a damaged archive.", code="unreadable") from error
    _check_budget(total, path.stat().st_size, name)
    if not any(e.filename == "xl/workbook.xml" for e in entries):
        raise RefusedFile(
            f"“{name}” is an archive, not a workbook.", "Unpack it first.", code="unreadable"
        )


def _transcode(path: Path, name: str) -> None:
    target = path.with_suffix(".utf8")
    try:
        with path.open(encoding="utf-16", newline="") as wide, target.open("w", newline="") as out:
            while text := wide.read(CHUNK):
                out.write(text)
    except UnicodeError as error:
        raise RefusedFile(f"“{name}” is not UTF-16 throughout.", code="unreadable") from error
    target.replace(path)
