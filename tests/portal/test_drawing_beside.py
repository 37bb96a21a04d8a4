"""What draws pages beside a server ends with it, however the server ended: real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.portal.test_serve import PATIENCE, ROOT, children_of


def test_a_server_that_was_killed_takes_along_what_draws_for_it_in_the_middle_of_a_question(
    tmp_path: Path,
):
    """Its question would run for longer than anybody waits; the pipe closes when both ended."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.portal.following_child"],
        cwd=ROOT,
        env={**os.environ, "PLAYHEAD_ENV": "demo", "PLAYHEAD_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "begun\n"
        [beside] = children_of(server.pid)
    finally:
        server.kill()
    try:
        said, _ = server.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.kill(beside, signal.SIGKILL)
        raise
    assert said == ""
