"""Whether the files of a snapshot are still what was written.

Query engines do not verify page checksums, so a flipped bit would be a silent wrong number. This
reads every page of every file once and verifies it.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

import pyarrow as pa
import pyarrow.parquet as pq

from queries.lake.lake import Lake


def damaged(lake: Lake, version: str | None = None) -> tuple[str, ...]:
    """Addresses of the files of a snapshot that are missing or cannot be read without error."""
    snapshot = lake.snapshot(version)
    paths = (path for path in lake.addresses(snapshot) if not _is_sound(lake, path))
    return tuple(lake.storage.location(path) for path in paths)


def _is_sound(lake: Lake, path: str) -> bool:
    try:
        with lake.storage.filesystem.open_input_file(path) as source:
            file = pq.ParquetFile(source, page_checksum_verification=True)
            return sum(b.num_rows for b in file.iter_batches()) == file.metadata.num_rows
    except (OSError, pa.ArrowException):
        return False
