"""Runs `playhead rollups` over a derived table that takes for ever, until it is interrupted."""

import signal
import sys

from portal.cli import rollups
from portal.cli.run import run
from queries.catalog import Catalog
from queries.condition import Dimension
from queries.dataset import Dataset, DerivedTable

FOREVER = DerivedTable(
    name="forever",
    grain="one row of nothing",
    key=("n",),
    inputs=("readings",),
    select="SELECT max(a.range * b.range) AS n FROM range(10000000000) AS a, range(1000000) AS b",
)

if __name__ == "__main__":
    # A shell's background job begins with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    never = Dataset(
        name="forever", label="For ever", table="forever", time=Dimension("n", "N", "n"),
        dimensions=(), metrics=(), derived=(FOREVER,),
    )  # fmt: skip
    rollups.builtin = lambda: Catalog((never,))
    sys.exit(run(["rollups"]))
