"""Where a command begins and ends: which module it is in, and what is said when it fails.

The exit status is 0 for an answer, 2 for a refusal that names what to do, 78 for a configuration
that cannot work, 1 for a bug: then an incident's number is all that is shown, and the rest is in
`PLAYHEAD_HOME/incidents`.
"""

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from traceback import format_exception
from uuid import uuid4

import typer
from typer.main import get_command

from portal.settings import EXIT_CONFIGURATION, ConfigurationError
from queries.errors import UnknownField

COMMANDS = {
    "ask": "Ask for metrics of a dataset.",
    "explain": "Split a change into the parts that groups make of it.",
    "distribution": "Say how a number is spread over accounts or rows.",
    "rows": "List the rows behind a number.",
    "datasets": "List what can be asked of.",
    "metrics": "List metrics and dimensions of a dataset.",
    "ingest": "Load files into the lake.",
    "snapshots": "List the versions of the lake.",
    "rollups": "Bring derived tables and rollups up to date.",
    "ahead": "Draw every page's first paint before anybody opens it.",
    "alerts": "Tell people what is new of the metrics they watch.",
    "invariants": "List what must hold of the tables, and rows that break it.",
    "demo": "Make the demo company.",
    "serve": "Serve the portal.",
    "user": "Add, list and change people.",
    "notes": "List what people noted to days, and write a note.",
    "token": "Add, list and revoke API tokens.",
}
REFUSED = 2
BUG = 1
INTERRUPTED = 130

HELP = """Usage: playhead COMMAND [ARGS]...

  Metrics with an interval on every number, from files to a shared view.

  playhead COMMAND --help says more.

Commands:
"""


def main() -> None:
    """Run the command that the process was started with."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and give its exit status."""
    if not arguments or arguments[0] in ("--help", "-h", "help", "--version"):
        sys.stdout.write(version("playhead") + "\n" if "--version" in arguments else _help())
        return 0 if arguments else REFUSED
    try:
        name, *rest = arguments
        command = get_command(_command(name))
        status = command.main(args=rest, prog_name=f"playhead {name}", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has had enough; nothing may be flushed into it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except ConfigurationError as error:
        sys.stderr.write("".join(f"playhead: {problem}\n" for problem in error.problems))
        return EXIT_CONFIGURATION
    except Exception as error:  # noqa: BLE001  # the one catch of the command line
        return _failed(error, as_json=_speaks_json(arguments))
    return status if isinstance(status, int) else 0


def _help() -> str:
    """Every command in a line, without importing any."""
    width = max(map(len, COMMANDS)) + 2
    return HELP + "".join(f"  {name:{width}}{about}\n" for name, about in COMMANDS.items())


def _command(name: str) -> typer.Typer:
    if name not in COMMANDS:
        raise UnknownField("command", name, COMMANDS)
    return import_module(f"portal.cli.{name}").app


def _failed(error: Exception, *, as_json: bool) -> int:
    refusal = _refusal(error)
    if refusal is None:
        incident = _noted(error)
        refusal = {
            "code": "bug",
            "message": "Something broke on our side.",
            "hint": f"Incident {incident}; see the file of that name in PLAYHEAD_HOME/incidents.",
        }
        status = BUG
    else:
        status = REFUSED
    if as_json:
        sys.stdout.write(json.dumps({"error": refusal}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(_readable(refusal))
    return status


def _refusal(error: Exception) -> dict[str, str] | None:
    """What a person can act on. Errors of the query layer and of the store look alike."""
    if isinstance(error, typer.TyperException):
        text = getattr(error, "format_message", lambda: str(error))()
        context = getattr(error, "ctx", None)
        hint = f"See {context.command_path} --help." if context else ""
        return {"code": "usage", "message": text, "hint": hint}
    code, message = getattr(error, "code", None), getattr(error, "message", None)
    if isinstance(code, str) and isinstance(message, str):
        return {"code": code, "message": message, "hint": getattr(error, "hint", "")}
    return None


def _readable(refusal: dict[str, str]) -> str:
    """Nothing where there is no message: then help was printed instead."""
    if not refusal["message"]:
        return ""
    return "\n".join(p for p in (f"playhead: {refusal['message']}", refusal["hint"]) if p) + "\n"


def _noted(error: Exception) -> str:
    incident = uuid4().hex[:12]
    folder = Path(os.environ.get("PLAYHEAD_HOME") or "var") / "incidents"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{incident}.txt").write_text("".join(format_exception(error)))
    except OSError:
        sys.stderr.write("".join(format_exception(error)[-1:]))
    return incident


def _speaks_json(arguments: Sequence[str]) -> bool:
    spelled = ("--format", "json") in pairwise(arguments)
    return spelled or "--json" in arguments or "--format=json" in arguments
