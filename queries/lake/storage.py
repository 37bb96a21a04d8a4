"""Where the lake lies: a local folder or an object store, behind one small noun.

The only module that knows paths. Data files are immutable: a name is written once, and the number
in front of it says which commit wrote it.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as arrow_fs
import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler

ROW_GROUP = 122_880
"""DuckDB's own row-group size: pruning works in steps of it."""


@dataclass(frozen=True)
class Storage:
    """A place for tables. `options` are those of the object store (keys, region, endpoint)."""

    url: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_local(self) -> bool:
        return "://" not in self.url

    @property
    def delta_options(self) -> dict[str, str] | None:
        return dict(self.options) or None

    def location(self, *parts: str) -> str:
        """Absolute address of something in the lake."""
        if self.is_local:
            return str(Path(self.url).resolve().joinpath(*parts))
        return "/".join((self.url.rstrip("/"), *parts))

    def table(self, name: str) -> str:
        return self.location("tables", name)

    @cached_property
    def filesystem(self) -> arrow_fs.FileSystem:
        """The lake as a file system whose root is the lake."""
        if self.is_local:
            Path(self.url).mkdir(parents=True, exist_ok=True)
            return arrow_fs.SubTreeFileSystem(self.location(), arrow_fs.LocalFileSystem())
        handler = DeltaStorageHandler(self.url, options=self.delta_options)
        return arrow_fs.PyFileSystem(handler)

    def write(self, path: str, rows: pa.Table) -> None:
        """Write one Parquet file with page checksums, so that a flipped bit is found on reading."""
        filesystem = self.filesystem
        if self.is_local:
            filesystem.create_dir(os.path.dirname(path), recursive=True)  # noqa: PTH120
        with filesystem.open_output_stream(path) as sink:
            pq.write_table(
                rows,
                sink,
                compression="zstd",
                row_group_size=ROW_GROUP,
                write_page_checksum=True,
                write_statistics=True,
            )
        if self.is_local:
            _flush(self.location(path))

    def read(self, path: str, columns: list[str] | None = None) -> pa.Table:
        """Read one Parquet file; a damaged page raises instead of giving wrong values."""
        with self.filesystem.open_input_file(path) as source:
            file = pq.ParquetFile(source, page_checksum_verification=True)
            return file.read(columns=columns)

    def footer(self, path: str) -> pq.FileMetaData:
        with self.filesystem.open_input_file(path) as source:
            return pq.read_metadata(source)

    def size(self, path: str) -> int:
        return int(self.filesystem.get_file_info(path).size)

    def names(self, folder: str) -> list[str]:
        """Names of the files right inside a folder; none where the folder is missing."""
        found = self.filesystem.get_file_info(arrow_fs.FileSelector(folder, allow_not_found=True))
        return sorted(f.base_name for f in found if f.type == arrow_fs.FileType.File)

    def folders(self, folder: str) -> list[str]:
        """Names of the folders right inside a folder; none where the folder is missing."""
        found = self.filesystem.get_file_info(arrow_fs.FileSelector(folder, allow_not_found=True))
        return sorted(f.base_name for f in found if f.type == arrow_fs.FileType.Directory)

    def remove(self, path: str) -> None:
        self.filesystem.delete_file(path)

    def remove_folder(self, path: str) -> None:
        self.filesystem.delete_dir(path)


def _flush(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
