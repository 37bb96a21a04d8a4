"""What every test shares: where the real data lies, and skips that nobody can overlook.

A skipped test is listed at the end of a run. With CI set it fails the run, unless all it lacks is
the public data, which may not be shipped and is not fetched.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REALDATA = Path(os.environ.get("PLAYHEAD_REALDATA", ROOT.parent / "shared" / "data"))
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of public data files; the test is skipped where there is none."""
    return REALDATA


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
