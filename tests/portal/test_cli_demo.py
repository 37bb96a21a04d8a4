"""The demo company can be asked of by anybody who has a terminal, as each of its people."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from portal.cli.run import run
from portal.store import demo_people, migrate, people
from portal.store.store import open_store

pytestmark = [pytest.mark.demo, pytest.mark.usefixtures("home")]


@pytest.fixture
def home(demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo with its people."""
    home = tmp_path / "home"
    copytree(demo_home, home)
    monkeypatch.setenv("PLAYHEAD_HOME", str(home))
    monkeypatch.setenv("PLAYHEAD_ENV", "demo")
    store = open_store(f"sqlite:///{home / 'playhead.sqlite'}")
    migrate.upgrade(store)
    demo_people.ensure(store)
    store.close()
    return home


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    status = run(("ask", *arguments, "--format", "json"))
    printed = capsys.readouterr().out
    assert status == 0, printed
    return json.loads(printed)


def test_each_person_sees_what_their_rules_leave_them(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    store = open_store(f"sqlite:///{home / 'playhead.sqlite'}")
    everybody = people.everybody(store)
    store.close()
    assert len(everybody) == 7
    whole = answer(capsys, "playback", "plays", "--by", "country")
    for person in everybody:
        seen = answer(capsys, "playback", "plays", "--by", "country", "--as", person.email)
        allowed = person.row_rules.get("country")
        expected = [r for r in whole["rows"] if allowed is None or r[0] in allowed]
        assert [r[:2] for r in seen["rows"]] == [r[:2] for r in expected]


def test_the_demo_is_made_once_and_left_alone_after(capsys: pytest.CaptureFixture[str]):
    before = answer(capsys, "visits", "rows")["data_version"]
    assert run(("demo", "--if-missing")) == 0
    assert answer(capsys, "visits", "rows")["data_version"] == before


def test_a_rolled_up_question_and_a_raw_one_agree(capsys: pytest.CaptureFixture[str]):
    rolled = answer(capsys, "playback", "hours_viewed", "--by", "country")
    raw = answer(capsys, "playback", "hours_viewed", "--by", "country", "--where", "hour >= 0")
    assert rolled["source"] == "rollup"
    assert raw["total"]["hours_viewed"] == pytest.approx(rolled["total"]["hours_viewed"])
