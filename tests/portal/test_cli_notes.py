"""Notes from a terminal: written in somebody's name, listed as somebody sees them."""

from pathlib import Path

import pytest

from portal.cli.run import run
from portal.store import migrate
from portal.store.store import open_store
from tests.portal.conftest import add_person

ANN, BOB = "ann@company.example", "bob@company.example"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    store = open_store(f"sqlite:///{tmp_path / 'playhead.sqlite'}")
    migrate.upgrade(store)
    add_person(store, "Ann")
    add_person(store, "Bob", "studio", "viewer")
    store.close()


def test_a_note_of_a_metric_is_listed_to_those_it_is_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metric = ("--metric", "playback.hours_viewed")
    for text, seen_by in (("For all", "everyone"), ("For me", "private")):
        days = ("--day", "2026-02-03", "--until", "2026-02-05")
        assert run(("notes", "write", ANN, text, *days, *metric, "--visibility", seen_by)) == 0
    capsys.readouterr()
    assert run(("notes", "list", BOB, "--first", "2026-02-05")) == 0
    printed = capsys.readouterr().out
    assert "3–5 Feb 2026  playback.hours_viewed  Ann  everyone  For all" in printed
    assert "For me" not in printed
    assert run(("notes", "list", ANN, "--last", "2026-02-02")) == 0
    assert "For all" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        (BOB, "x", "--day", "2026-02-03", "--visibility", "unit"),
        (ANN, "x", "--day", "soon"),
        (ANN, "x", "--day", "2026-02-03", "--metric", "playback.hours"),
        (ANN, " ", "--day", "2026-02-03"),
    ],
)
def test_what_cannot_be_noted_is_refused(
    wrong: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(("notes", "write", *wrong)) == 2
    assert capsys.readouterr().err.startswith("playhead: ")
