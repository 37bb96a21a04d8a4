"""Ctrl-C ends `playhead rollups` while a step runs, and the lake is as it was: a real process.

Its step would run for longer than anybody waits: the process ends only if that is stopped.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl

from portal.cli.run import INTERRUPTED
from queries.lake.lake import Change, Lake
from tests.portal.test_serve import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def test_an_interrupt_stops_the_step_that_runs_and_leaves_the_lake_as_it_was(tmp_path: Path):
    lake = Lake(tmp_path / "lake")
    lake.commit([Change(table="readings", rows=pl.DataFrame({"n": [1, 2]}))], "readings")
    before = lake.snapshot_now()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.portal.rolling_child"],
        cwd=ROOT,
        env={**os.environ, "PLAYHEAD_ENV": "demo", "PLAYHEAD_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert process.stderr.readline() == "derived table forever\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, said) == (INTERRUPTED, "")
    now = Lake(tmp_path / "lake").snapshot_now()
    assert now.data_version == before.data_version
    assert not now.has("forever")
    with lake.lease():
        lake.commit([Change(table="readings", rows=pl.DataFrame({"n": [3]}))], "more")
    assert pl.read_parquet(list(lake.snapshot_now().files("readings")))["n"].len() == 3
