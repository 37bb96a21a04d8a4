"""A server's place with `playhead ahead` beside it, whose first question takes for ever.

Without an argument it is the server, and starts itself again beside it, with its own process id.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

from portal.cli import ahead, home
from portal.cli.run import run
from portal.page import Page
from portal.store import migrate
from portal.store.store import open_store
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake

FOREVER = "SELECT max(a.range * b.range) FROM range(10000000000) AS a, range(1000000) AS b"


def draw_for_ever(*_: object) -> Iterator[tuple[Page, int]]:
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    DuckDBEngine(seconds=100_000).count(FOREVER, (), Lake(home.settings().home / "lake").snapshot())
    yield from ()


def serve() -> None:
    store = open_store(home.settings().database_url)
    migrate.upgrade(store)
    store.close()
    subprocess.Popen([sys.executable, "-m", "tests.portal.following_child", str(os.getpid())])
    signal.pause()


if __name__ == "__main__":
    if sys.argv[1:]:
        ahead.draw_ahead = draw_for_ever
        sys.exit(run(["ahead", "--beside", sys.argv[1]]))
    serve()
