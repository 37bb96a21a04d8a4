"""The command line: answers on stdout, refusals that say what to do, and honest exit statuses."""

import json
import os
import subprocess
import sys
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import polars as pl
import pytest

from portal.cli.run import COMMANDS, run
from queries.lake.connectors import connectors
from queries.lake.lake import Change, Lake

ROWS = """day,country,device,hours,user_id
2026-01-05,US,tv,1.5,1
2026-01-05,US,phone,0.5,2
2026-01-06,BR,tv,2.0,3
2026-01-12,BR,tv,4.0,3
2026-01-13,,web,8.0,4
"""


class Terminal:
    """Runs commands in a home of its own and keeps what they print."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str, status: int = 0) -> str:
        return self.bytes(*arguments, status=status).decode()

    def bytes(self, *arguments: str, status: int = 0) -> bytes:
        """What a command prints on stdout."""
        self._capture.readouterr()
        found = run(arguments)
        self.printed, self.said = self._capture.readouterr()
        assert found == status, self.said.decode()
        return self.printed

    def json(self, *arguments: str, status: int = 0) -> dict:
        return json.loads(self(*arguments, status=status))


@pytest.fixture
def playhead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Terminal:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
    for name in ("PLAYHEAD_ENV", "DATABASE_URL", "SECRET_KEY", "PLAYHEAD_LAKE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal(capsysbinary)


@pytest.fixture
def viewing(playhead: Terminal, tmp_path: Path) -> Terminal:
    """A home with one small dataset, `viewing`."""
    file = tmp_path / "viewing.csv"
    file.write_text(ROWS)
    playhead("ingest", "file", str(file), "--name", "viewing")
    return playhead


def test_help_names_every_command_and_every_command_has_help(playhead: Terminal):
    shown = playhead("--help")
    for name, about in COMMANDS.items():
        assert f"{name} " in shown
        assert about in shown
        assert "--help" in playhead(name, "--help")


def test_a_command_that_does_not_exist_is_refused_with_the_nearest(playhead: Terminal):
    playhead("aks", status=2)
    assert "“ask”" in playhead.said.decode()
    assert not playhead.printed


def test_an_empty_home_lists_datasets_and_how_to_load_them(playhead: Terminal):
    listed = playhead.json("datasets", "--json")
    assert {"playback", "impressions", "top10"} <= {d["name"] for d in listed["datasets"]}
    assert not any(d["loaded"] for d in listed["datasets"])
    assert all(d["load_hint"] for d in listed["datasets"])
    assert "playhead demo" in playhead("datasets")


def test_a_file_whose_dataset_has_a_built_in_name_is_left_out_and_listed_so(
    playhead: Terminal, tmp_path: Path
):
    days = pl.DataFrame({"day": [date(2026, 1, 1)]})
    text = "{name: playback, label: Mine, table: mine, time: {column: day}, metrics: []}"
    lake = Lake(str(tmp_path / "home" / "lake"))
    lake.commit([Change(table="mine", rows=days, day="day")], "old", datasets={"playback": text})
    (left_out,) = playhead.json("datasets", "--json")["left_out"]
    assert left_out["name"] == "playback"
    assert "a built-in one has that name" in playhead("datasets")


def test_asking_an_empty_home_says_what_to_load(playhead: Terminal):
    refused = playhead.json("ask", "playback", "plays", "--format", "json", status=2)
    assert refused["error"]["code"] == "not_loaded"
    assert "playhead" in refused["error"]["hint"]


def test_a_file_becomes_a_dataset_that_can_be_asked_at_once(viewing: Terminal):
    answer = viewing.json("ask", "viewing", "rows", "--by", "country", "--format", "json")
    assert answer["columns"][:2] == ["country", "rows"]
    assert {row[0]: row[1] for row in answer["rows"]} == {"US": 2, "BR": 2, None: 1}
    assert answer["total"]["rows"] == 5
    assert answer["source"] in ("rollup", "raw", "cache")
    assert answer["data_version"].startswith("v")


def test_everything_can_be_said_on_the_command_line(viewing: Terminal):
    answer = viewing.json(
        "ask", "viewing", "rows,sum_hours", "--by", "device", "--by", "week",
        "--where", "country = 'BR' or country is null", "--period", "2026-01-12 to 2026-01-18",
        "--compare", "previous", "--order", "sum_hours", "--limit", "1",
        "--calculate", "rank:sum_hours", "--no-interval", "--format", "json",
    )  # fmt: skip
    assert answer["columns"][:3] == ["device", answer["columns"][1], "rows"]
    assert answer["rows"][0][0] == "web"
    assert len(answer["rows"]) == 1
    assert answer["period"] == {"start": "2026-01-12", "end": "2026-01-18"}
    assert answer["compare"]["start"] == "2026-01-05"


def test_the_same_answer_comes_in_four_formats(viewing: Terminal):
    question = ("ask", "viewing", "rows", "--by", "device")
    rows = viewing.json(*question, "--format", "json")["rows"]
    csv = pl.read_csv(BytesIO(viewing.bytes(*question, "--format", "csv")))
    arrow = pl.read_ipc_stream(BytesIO(viewing.bytes(*question, "--format", "arrow")))
    assert [list(row) for row in arrow.rows()] == rows
    assert csv["device"].to_list() == [row[0] for row in rows]
    table = viewing(*question)
    assert all(row[0] in table for row in rows)
    assert "data version" in table


def test_a_refusal_is_readable_on_stderr_or_json_on_stdout(viewing: Terminal):
    question = ("ask", "viewing", "row")
    viewing(*question, status=2)
    assert not viewing.printed
    assert "Did you mean “rows”?" in viewing.said.decode()
    refused = viewing.json(*question, "--format", "json", status=2)
    assert refused == {
        "error": {
            "code": "unknown_metric",
            "message": "There is no metric called “row”.",
            "hint": "Did you mean “rows”?",
        }
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "viewing"),
        ("ask", "viewing", "rows", "--colour"),
        ("ask", "viewing", "rows", "--limit", "many"),
        ("ask", "viewing", "rows", "--format", "yaml"),
        ("ask", "viewing", "rows", "--where", "country ="),
        ("ask", "viewing", "rows", "--period", "sometime"),
        ("ask", "viewing", "rows", "--with", "policy"),
        ("ask", "viewing", "rows", "--version", "v9-nothing"),
        ("ask", "viewing", "rows", "--as", "nobody@example.com"),
        ("ask", "nothing", "rows"),
        ("metrics", "nothing"),
        ("ingest", "nothing", "file.csv"),
        ("ingest", "file", "absent.csv"),
        ("ingest", "file", "absent.csv", "--name", "licences"),
        ("user", "password", "nobody@example.com", "--password-stdin"),
    ],
)
def test_what_cannot_be_done_is_a_refusal_and_never_a_trace(
    viewing: Terminal, arguments: tuple[str, ...]
):
    viewing(*arguments, status=2)
    said = viewing.said.decode()
    assert said.startswith("playhead: ")
    assert "Traceback" not in said


def test_somebody_sees_only_what_they_may(viewing: Terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", StringIO("quite a long password\n"))
    viewing("user", "add", "ann@example.com", "--unit", "content", "--password-stdin")
    assert viewing.json("user", "list", "--json")["people"][0]["unit"] == "content"
    answer = viewing.json("ask", "viewing", "rows", "--as", "ann@example.com", "--format", "json")
    assert answer["total"]["rows"] == 5
    ask = ("ask", "viewing", "rows", "--as", "ann@example.com", "--format", "json")
    viewing("user", "rights", "ann@example.com", "--role", "editor", "--only", "country=BR,MX")
    assert viewing.json(*ask)["total"]["rows"] == 2
    viewing("user", "rights", "ann@example.com", "--hide", "count(*)")
    assert viewing.json(*ask, status=2)["error"]["code"] == "access_denied"
    viewing("user", "rights", "ann@example.com", "--everything")
    assert viewing.json(*ask)["total"]["rows"] == 5
    assert viewing.json("user", "list", "--json")["people"][0]["role"] == "editor"
    viewing("user", "rights", "ann@example.com", "--only", "country", status=2)
    assert b"--only country=BR,MX" in viewing.said


def test_the_same_file_again_is_already_there_and_a_broken_one_is_refused(
    viewing: Terminal, tmp_path: Path
):
    file = str(tmp_path / "viewing.csv")
    again = viewing.json("ingest", "file", file, "--name", "viewing", "--json")
    assert again["status"] == "already_there"
    assert (again["rows_in"], again["accepted"], again["quarantined"]) == (5, 5, 0)
    page = tmp_path / "page.csv"
    page.write_text("<!DOCTYPE html><html><body>Not today</body></html>")
    refused = viewing.json("ingest", "file", str(page), "--name", "page", "--json", status=2)
    assert refused["status"] == "refused"


def test_versions_are_listed_and_can_be_asked(viewing: Terminal):
    versions = [s["data_version"] for s in viewing.json("snapshots", "--json")["snapshots"]]
    answer = viewing.json("ask", "viewing", "rows", "--version", versions[0], "--format", "json")
    assert answer["data_version"] == versions[0]
    assert versions[0] in viewing("snapshots")


def test_metrics_and_dimensions_are_listed(viewing: Terminal):
    card = viewing.json("metrics", "viewing", "--json")
    assert "rows" in {m["name"] for m in card["metrics"]}
    assert "country" in {d["name"] for d in card["dimensions"]}
    assert "country" in viewing("metrics", "viewing")


def test_every_option_of_every_connector_is_an_option_of_ingest(playhead: Terminal):
    shown = playhead("ingest", "--help")
    for connector in connectors().values():
        for option in connector.options:
            assert f"--{option.name.replace('_', '-')}"[:20] in shown


def test_a_bug_shows_an_incident_and_keeps_the_trace(viewing: Terminal, tmp_path: Path):
    for file in (tmp_path / "home" / "lake").rglob("*file_viewing*/*.parquet"):
        file.write_bytes(b"no parquet any more")
    viewing("ask", "viewing", "rows", status=1)
    said = viewing.said.decode()
    assert "Incident" in said
    assert "Traceback" not in said
    (kept,) = (tmp_path / "home" / "incidents").iterdir()
    assert "Traceback" in kept.read_text()
    assert kept.stem in said


def test_a_reader_that_has_had_enough_is_no_failure(viewing: Terminal, tmp_path: Path):
    del viewing
    command = f"{sys.executable} -m portal.cli datasets --json | head -c 1"
    home = {**os.environ, "PLAYHEAD_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {command}"],
        env=home, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


def test_half_a_configuration_is_named_and_stops_everything(
    playhead: Terminal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLAYHEAD_ENV", "production")
    playhead("ask", "playback", "plays", status=78)
    said = playhead.said.decode()
    assert "SECRET_KEY" in said
    assert "PUBLIC_URL" in said
