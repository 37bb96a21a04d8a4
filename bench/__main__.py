"""`./dev bench [--server] [--pages] [--browser] [--servers] [--rounds N]`.

The first three are run unless some are named. Answers and the tiles of pages are timed over a demo
company of size L in `var/bench-L` (or $PLAYHEAD_BENCH_L), the browser over one of size M in
`var/bench-M` (or $PLAYHEAD_BENCH_M); each is made when it is missing, which takes an hour for L.
`--servers` compares WSGI servers over size S in `var/bench-S`, and installs those that are not ours
into `var/bench-servers`. The machine should have nothing else to do.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from bench import browser, pages, server, servers
from queries.catalog import builtin
from queries.lake.lake import Lake

ROOT = Path(__file__).resolve().parents[1]


def home_of(size: str) -> Path:
    """A home that holds the demo company of this size."""
    home = Path(os.environ.get(f"PLAYHEAD_BENCH_{size}", ROOT / "var" / f"bench-{size}"))
    if not Lake(home / "lake").snapshot().has("playback"):
        subprocess.run(
            [sys.executable, "-m", "portal.cli", "demo", "--size", size],
            env=os.environ | {"PLAYHEAD_HOME": str(home)},
            cwd=ROOT,
            check=True,
        )
    return home


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--rounds", type=int, default=server.ROUNDS)
    chosen = parser.parse_args()
    console = Console(width=160)
    if chosen.servers:
        servers.report(home_of("S"), console)
    neither = not (chosen.server or chosen.pages or chosen.browser or chosen.servers)
    if chosen.server or neither:
        server.report(home_of("L"), builtin(), console, chosen.rounds)
    if chosen.pages or neither:
        pages.report(home_of("L"), builtin(), console)
    if chosen.browser or neither:
        browser.report(home_of("M"), console)


if __name__ == "__main__":
    main()
