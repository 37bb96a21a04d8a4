"""What every test shares: the demo company, the real data, and skips that nobody can overlook.

A skipped test is listed at the end of a run. With CI set it fails the run, unless all it lacks is
the public data, which may not be shipped and is not fetched.
"""

import os
from collections.abc import Iterable
from datetime import date
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from queries.catalog import builtin
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.demo.build import build
from queries.lake.lake import Lake
from queries.rollups import refresh

ROOT = Path(__file__).resolve().parents[1]
REALDATA = Path(os.environ.get("PLAYHEAD_REALDATA", ROOT.parent / "shared" / "data"))
TODAY = date(2026, 11, 24)
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of public data files; the test is skipped where there is none."""
    return REALDATA


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PLAYHEAD_HOME with the demo company of size S up to 2026-11-23, and its rollups.

    Built once for all processes of a run, and only read: write into a copy. PLAYHEAD_TEST_HOME
    names one that is there already.
    """
    if ready := os.environ.get("PLAYHEAD_TEST_HOME"):
        return Path(ready)
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo-home"
    home.mkdir(exist_ok=True)
    with (home / "building").open("w") as turn:
        flock(turn, LOCK_EX)
        lake = Lake(home / "lake")
        if not lake.snapshot().has("playback"):
            build(lake, "S", today=TODAY)
            engine = DuckDBEngine(memory="2GB")
            refresh(lake, builtin().datasets, engine)
            engine.close()
    return home


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    if REALDATA.is_dir():
        return
    missing = pytest.mark.skip(reason=f"no public data in {REALDATA}: set PLAYHEAD_REALDATA")
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section(f"{len(skipped)} TESTS DID NOT RUN", red=True, bold=True)
    reasons = [str(r.longrepr[-1]) if isinstance(r.longrepr, tuple) else "" for r in skipped]
    for reason in sorted(set(reasons)):
        terminalreporter.line(f"{reasons.count(reason):5} {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not IN_CI or reporter is None or exitstatus != pytest.ExitCode.OK:
        return
    lacking = [r for r in reporter.stats.get("skipped", []) if not _lacks_only_data(r)]
    if lacking:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _lacks_only_data(report: pytest.TestReport) -> bool:
    return "realdata" in report.keywords and "PLAYHEAD_REALDATA" not in os.environ
