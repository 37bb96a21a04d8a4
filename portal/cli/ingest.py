"""`playhead ingest`: load files, then bring the rollups of what they changed up to date."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.cli.rollups import refreshed
from portal.parts import open_lake
from queries.catalog import builtin
from queries.errors import InvalidQuery
from queries.lake.connectors import connectors
from queries.lake.ingest import ingest as load
from queries.lake.ledger import Entry, Summary

app = typer.Typer(add_completion=False)
REFUSED = 2


def _connectors() -> str:
    return "One of " + ", ".join(connectors()) + "."


@app.command()
def ingest(  # noqa: PLR0917  # one parameter an option
    connector: Annotated[str, typer.Argument(help=_connectors())],
    files: Annotated[list[Path], typer.Argument(help="CSV, TSV, Parquet, JSON lines, XLSX.")],
    name: Annotated[str, typer.Option(help="file: the name of the dataset.")] = "",
    policy: Annotated[str, typer.Option(help="open-bandit: who wrote the log.")] = "",
    campaign: Annotated[str, typer.Option(help="open-bandit: all, men or women.")] = "",
    action_distribution: Annotated[
        str, typer.Option(help="open-bandit: file of the evaluation policy.")
    ] = "",
    target_policy: Annotated[str, typer.Option(help="open-bandit: the policy's name.")] = "",
    date: Annotated[str, typer.Option(help="puffer: the day of the sessions.")] = "",
    timezone: Annotated[str, typer.Option(help="viewing-activity: Europe/Lisbon.")] = "",
    account: Annotated[str, typer.Option(help="viewing-activity: the household.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> int:
    """Load FILES with a CONNECTOR. The same bytes again change nothing."""
    if name in {dataset.name for dataset in builtin().datasets}:
        raise InvalidQuery(
            f"There already is a dataset called “{name}”.", "Give the file another name."
        )
    settings = home.settings()
    lake = open_lake(settings)
    options = {
        "name": name,
        "policy": policy,
        "campaign": campaign,
        "action_distribution": action_distribution,
        "target_policy": target_policy,
        "date": date,
        "timezone": timezone,
        "account": account,
    }
    summary = load(lake, connector, files, options)
    if summary.status == "committed":
        refreshed(lake, settings)
        summary = replace(summary, data_version=lake.snapshot_now().data_version)
    if json:
        sys.stdout.write(summary.to_json() + "\n")
    else:
        _print(summary)
    return REFUSED if summary.status == "refused" else 0


def _print(summary: Summary) -> None:
    headings = ("File", "Status", "Rows in", "Accepted", "Quarantined")
    rows = [
        (f.file, f.status.replace("_", " "), f"{f.rows_in}", f"{f.accepted}", f"{f.quarantined}")
        for f in summary.files
    ]
    printing.table(headings, rows, (False, False, True, True, True))
    for entry in summary.files:
        for text in _remarks(entry):
            printing.note(f"{entry.file}: {text}")
    for table, counts in summary.tables.items():
        told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        printing.note(f"{table}: {told or 'nothing new'}")
    printing.note(f"data version {summary.data_version}")


def _remarks(entry: Entry) -> list[str]:
    quarantined = [f"{count} rows quarantined: {why}" for why, count in entry.reasons.items()]
    return [*([entry.reason] if entry.reason else []), *quarantined, *entry.notes]
