"""How far a scan is can be read from another thread, while it runs and not afterwards."""

import pytest

from queries.progress import Progress, followed_by, scanning


@pytest.mark.parametrize(
    ("said", "read"), [(-1.0, None), (float("nan"), None), (42.0, 42), (100.5, 100)]
)
def test_a_percentage_is_between_nothing_and_all_or_unknown(said: float, read: float | None):
    progress = Progress()
    with followed_by(progress), scanning(lambda: said):
        assert progress.percent == read


def test_scans_are_counted_and_the_last_one_is_read():
    progress = Progress()
    seen: list[tuple[int, float | None]] = []
    with followed_by(progress):
        for percent in (10.0, 20.0):
            with scanning(lambda percent=percent: percent):
                seen.append((progress.scans, progress.percent))
            seen.append((progress.scans, progress.percent))
    assert seen == [(1, 10), (1, None), (2, 20), (2, None)]


def test_a_scan_that_nobody_follows_is_not_read():
    def percent() -> float:
        raise AssertionError("nobody asked")

    progress = Progress()
    with scanning(percent):
        assert progress.percent is None
    assert progress.scans == 0
