"""What the documents say is there, is there."""

import re
import subprocess
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from plotly import graph_objs

from portal.api.bodies import Answer, Ask
from portal.cli.run import COMMANDS
from queries.catalog import builtin
from queries.lake.connectors import connectors
from queries.period import parse_period
from queries.where import parse_where
from queries.where_text import written

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
]


def linked() -> list[tuple[Path, str]]:
    return [
        (document, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\((?!http|#|mailto)([^)#\s]+)", document.read_text())
    ]


@pytest.mark.parametrize(("document", "target"), linked())
def test_links_between_documents_lead_somewhere(document: Path, target: str):
    assert (document.parent / target).exists()


def test_the_glossary_names_code_that_exists():
    names = re.findall(r"`((?:queries|portal)\.[\w.]+)`", (ROOT / "GLOSSARY.md").read_text())
    assert len(names) > 20
    for name in names:
        parts = name.split(".")
        found = None
        for length in range(len(parts), 0, -1):
            try:
                found = import_module(".".join(parts[:length]))
            except ModuleNotFoundError:
                continue
            for attribute in parts[length:]:
                found = getattr(found, attribute)
            break
        assert found is not None, name


def test_paths_in_the_architecture_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for path in re.findall(r"`((?:portal|queries|pages|tests|assets)/[\w/]*[\w.]*)`", text):
        assert (ROOT / path).exists(), path


def test_every_command_of_dev_is_explained():
    said = subprocess.run(["./dev"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    script = (ROOT / "dev").read_text()
    commands = re.findall(r"^(\w+)\)", script, flags=re.MULTILINE)
    assert {"run", "test", "lint", "setup", "bench", "lock"} <= set(commands)
    for command in commands:
        assert f"./dev {command}" in said


def test_the_readme_names_commands_that_exist():
    for command in re.findall(r"playhead (\w+)", (ROOT / "README.md").read_text()):
        assert command in COMMANDS or command == "analytics"


def test_every_connector_is_documented():
    text = (ROOT / "docs" / "loading.md").read_text()
    assert all(f"`{name}`" in text for name in connectors())


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / "docs" / document).read_text()
    found = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in found for line in block.splitlines()]


@pytest.mark.parametrize("text", blocks("asking.md", "where"))
def test_documented_conditions_can_be_read(text: str):
    dataset = builtin().dataset("playback")
    where = parse_where(dataset, text)
    assert parse_where(dataset, written(where)) == where


@pytest.mark.parametrize("text", blocks("asking.md", "period"))
def test_documented_periods_can_be_read(text: str):
    assert parse_period(text, date(2026, 11, 23), date(2024, 1, 1)) is not None


def test_every_field_of_a_question_is_documented():
    text = (ROOT / "docs" / "asking.md").read_text()
    for name, field in Ask.model_fields.items():
        assert f"`{field.alias or name}`" in text
    for name in Answer.model_fields:
        assert f"`{name}`" in text or f'"{name}"' in text


def test_a_level_of_confidence_is_written_with_a_space():
    folders = ("portal", "pages", "assets", "queries/catalog")
    kinds = (".py", ".js", ".yaml")
    files = (f for name in folders for f in (ROOT / name).rglob("*") if f.suffix in kinds)
    wrong = [f.name for f in files if re.search(r"\b(80|95)%", f.read_text())]
    assert wrong == []


def test_the_lock_file_pins_hashes_and_names_no_registry():
    lock = (ROOT / "requirements.lock").read_text()
    requirements = re.findall(r"^([\w.-]+)==", lock, flags=re.MULTILINE)
    assert len(requirements) > 50
    assert lock.count("--hash=sha256:") >= len(requirements)
    assert "http" not in lock
    assert "index-url" not in lock


def test_the_slim_plotly_has_every_trace_that_is_drawn():
    known = {f.stem.removeprefix("_") for f in (Path(graph_objs.__file__).parent).glob("_*.py")}
    sources = [*(ROOT / "portal").rglob("*.py"), *(ROOT / "assets").rglob("*.js")]
    texts = "\n".join(source.read_text() for source in sources)
    named = set(re.findall(r"""\btype["']?: ["'](\w+)["']""", texts))
    built = re.search(r'^traces="([\w ]+)"', (ROOT / "dev").read_text(), flags=re.MULTILINE)
    assert built is not None
    drawn = named & known
    assert "bar" in drawn
    assert drawn <= {"scatter", *built[1].split()}
