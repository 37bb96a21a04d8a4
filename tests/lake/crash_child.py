"""A child that loads files and dies at its Nth call into the modules that write the lake.

Run as `python -m tests.lake.crash_child LAKE N FILE...`; N = 0 never dies and prints the count.
"""

import os
import sys
from pathlib import Path
from types import FrameType

from queries.lake.ingest import ingest
from queries.lake.lake import Lake

WRITING = frozenset({"storage.py", "delta.py", "writer.py", "lake.py", "ingest.py", "lease.py"})
CALLS = 0


def main(url: str, last: int, files: list[str]) -> None:
    def count(frame: FrameType, event: str, _argument: object) -> None:
        global CALLS  # noqa: PLW0603 - the child is a program of one function
        if event in ("call", "return") and Path(frame.f_code.co_filename).name in WRITING:
            CALLS += 1
            if last == CALLS:
                os._exit(137)

    lake = Lake(url)
    sys.setprofile(count)
    ingest(lake, "netflix-top10", files)
    sys.setprofile(None)
    print(CALLS)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
