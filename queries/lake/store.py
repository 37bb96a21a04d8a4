"""An object store as a file system: opened with bounded patience, its failures worded.

Everything goes through deltalake's own client, so that tables and files are found with one set of
options. A commit must be refused where its name is taken, so conditional writes are asked for.
"""

# pyright: standard
# Strict checking needs types that pyarrow and deltalake do not ship.

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.fs as arrow_fs
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler

from queries.lake.errors import LakeUnreachable

PATIENCE = {
    "aws_conditional_put": "etag",
    "connect_timeout": "5s",
    "timeout": "60s",
    "max_retries": "3",
    "retry_timeout": "30s",
}
"""Options where the deployment names none. By default the client would try for three minutes."""

_CAUSES = (
    (("NoSuchBucket", "404 Not Found"), "There is no such bucket."),
    (
        ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "401"),
        "The store refuses the keys: see AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    (
        ("credential", "169.254.169.254"),
        "There are no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
)


def opened(url: str, options: Mapping[str, str]) -> arrow_fs.FileSystem:
    """The place at a URL as a file system whose root is there."""
    return arrow_fs.PyFileSystem(_Handler(url, options=dict(options)))


@contextmanager
def reaching(url: str) -> Generator[None]:
    """Raise LakeUnreachable for what the client raises where a store does not do as told.

    Its own words are dropped: they are long, and may name what nobody should read in a log.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, DeltaError) as error:
        said = str(error)
        known = (hint for marks, hint in _CAUSES if any(mark in said for mark in marks))
        hint = next(known, "It does not answer: see AWS_ENDPOINT_URL, AWS_REGION and the network.")
        raise LakeUnreachable(f"The lake at {url} cannot be reached.", hint) from error


class _Handler(DeltaStorageHandler):
    def open_output_stream(self, path: str, metadata: Any = None) -> pa.PythonFile:  # noqa: ANN401
        return pa.PythonFile(_Sink(self._handler.open_output_stream(path, metadata)), mode="w")


class _Sink:
    """The client takes bytes where Arrow gives buffers."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - a type that deltalake does not export
        self._file = file

    def write(self, data: Any) -> int:  # noqa: ANN401 - bytes or a buffer
        return self._file.write(bytes(data))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the rest of the file
        return getattr(self._file, name)
