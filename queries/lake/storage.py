"""Where the lake lies: a local folder or an object store, behind one small noun.

The only module that knows paths. Data files are immutable: a name is written once, and the number
in front of it says which commit wrote it. Engines read local files, so those of an object store
are written here first, and copied here when they are read.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs as arrow_fs
import pyarrow.parquet as pq

from queries.lake.copies import Copies
from queries.lake.errors import LakeError, LakeUnreachable
from queries.lake.store import PATIENCE, opened, reaching

ROW_GROUP = 122_880
"""DuckDB's own row-group size: pruning works in steps of it."""


@dataclass(frozen=True)
class Storage:
    """A place for tables. `options` are those of the object store (keys, region, endpoint).

    An object store needs `copies`; a local folder has none.
    """

    url: str
    options: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    copies: Copies | None = None

    @property
    def is_local(self) -> bool:
        return "://" not in self.url

    @property
    def delta_options(self) -> dict[str, str] | None:
        return None if self.is_local else PATIENCE | dict(self.options)

    def location(self, *parts: str) -> str:
        """Absolute address of something in the lake."""
        if self.is_local:
            return str(Path(self.url).resolve().joinpath(*parts))
        return "/".join((self.url.rstrip("/"), *parts))

    def table(self, name: str) -> str:
        return self.location("tables", name)

    def reach(self) -> None:
        """Raise LakeUnreachable, with the likely cause, where the lake cannot be read."""
        try:
            self.folders("")
        except OSError as error:
            raise LakeUnreachable(f"The lake at {self.url} cannot be read.", str(error)) from error

    @property
    def attempt(self) -> str:
        """What keeps the names of two attempts apart where the slower may still be writing."""
        return "" if self.is_local else f"-{uuid4().hex[:8]}"

    @cached_property
    def filesystem(self) -> arrow_fs.FileSystem:
        """The lake as a file system whose root is the lake."""
        if self.is_local:
            Path(self.url).mkdir(parents=True, exist_ok=True)
            return arrow_fs.SubTreeFileSystem(self.location(), arrow_fs.LocalFileSystem())
        with self.reaching():
            return opened(self.url, self.delta_options or {})

    def place(self, path: str) -> Path:
        """Where to write a file before `publish` makes it part of the lake."""
        if not self.is_local:
            return self._copies.place(path)
        place = Path(self.location(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def publish(self, path: str) -> None:
        """Make sure that a file written to its place is in the lake, whatever happens next."""
        if self.is_local:
            _flush(self.location(path))
            return
        with self.reaching():
            arrow_fs.copy_files(
                str(self.place(path)),
                path,
                source_filesystem=arrow_fs.LocalFileSystem(),
                destination_filesystem=self.filesystem,
            )

    def files(self, sizes: Mapping[str, int]) -> tuple[str, ...]:
        """Local files of paths of the lake, given with their sizes in bytes."""
        if self.is_local:
            return tuple(self.location(path) for path in sizes)
        with self.reaching():
            return self._copies.files(self.filesystem, sizes)

    def write(self, path: str, rows: pa.Table) -> None:
        """Write one Parquet file with page checksums, so that a flipped bit is found on reading."""
        pq.write_table(
            rows,
            self.place(path),
            compression="zstd",
            row_group_size=ROW_GROUP,
            write_page_checksum=True,
            write_statistics=True,
        )
        self.publish(path)

    def read(self, path: str, columns: list[str] | None = None) -> pa.Table:
        """Read one Parquet file; a damaged page raises instead of giving wrong values."""
        with self.reaching():
            size = int(self.filesystem.get_file_info(path).size or 0)
        [place] = self.files({path: size})
        return pq.ParquetFile(place, page_checksum_verification=True).read(columns=columns)

    def names(self, folder: str) -> list[str]:
        """Names of the files right inside a folder; none where the folder is missing."""
        return self._inside(folder, arrow_fs.FileType.File)

    def folders(self, folder: str) -> list[str]:
        """Names of the folders right inside a folder; none where the folder is missing."""
        return self._inside(folder, arrow_fs.FileType.Directory)

    def remove(self, path: str) -> None:
        with self.reaching():
            self.filesystem.delete_file(path)

    def remove_folder(self, path: str) -> None:
        with self.reaching():
            self.filesystem.delete_dir(path)

    def _inside(self, folder: str, kind: arrow_fs.FileType) -> list[str]:
        with self.reaching():
            selector = arrow_fs.FileSelector(folder, allow_not_found=True)
            found = self.filesystem.get_file_info(selector)
        return sorted(f.base_name for f in found if f.type == kind)

    def reaching(self) -> AbstractContextManager[None]:
        """Raise LakeUnreachable for what a store's client raises; a local folder's errors stay."""
        return nullcontext() if self.is_local else reaching(self.url)

    @property
    def _copies(self) -> Copies:
        if self.copies is None:
            raise LakeError("A lake in an object store needs a folder for copies of its files.")
        return self.copies


def _flush(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
