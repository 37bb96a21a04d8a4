"""A child that loads files and dies at its Nth call into the modules that write the lake.

Run as `python -m tests.lake.crash_child LAKE N FILE...`; N = 0 never dies and prints the count. A
negative N stops at the call, as a machine that hangs, until somebody sends SIGCONT.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from queries.lake.copies import Copies
from queries.lake.errors import LakeError
from queries.lake.ingest import ingest
from queries.lake.lake import Lake

WRITING = frozenset(
    {
        "storage.py",
        "delta.py",
        "writer.py",
        "lake.py",
        "ingest.py",
        "lease.py",
        "shared_lease.py",
    }
)
REFUSED = 3
TERM_S = 1.5
CALLS = 0


def opened(url: str) -> Lake:
    """Keys of an object store are in the environment, and where copies go."""
    if "://" not in url:
        return Lake(url)
    return Lake(url, copies=Copies(Path(os.environ["COPIES"])), term_s=TERM_S)


def main(url: str, last: int, files: list[str]) -> None:
    def count(frame: FrameType, event: str, _argument: object) -> None:
        global CALLS  # noqa: PLW0603 - the child is a program of one function
        if event in ("call", "return") and Path(frame.f_code.co_filename).name in WRITING:
            CALLS += 1
            if last == CALLS:
                os._exit(137)
            if last == -CALLS:
                os.kill(os.getpid(), signal.SIGSTOP)

    lake = opened(url)
    sys.setprofile(count)
    try:
        ingest(lake, "netflix-top10", files)
    except LakeError as error:
        sys.setprofile(None)
        print(error.code)  # noqa: T201
        sys.exit(REFUSED)
    sys.setprofile(None)
    print(CALLS)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
