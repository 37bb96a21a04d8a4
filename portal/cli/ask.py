"""`playhead ask`: the same questions as everywhere, from a terminal."""

import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from portal.cli import home, printing
from portal.components import format as written
from portal.export import arrow, csv
from portal.parts import open_warehouse
from queries.answer import ZONES, label, plain
from queries.dataset import Access, Metric, TimeBucket
from queries.errors import InvalidQuery
from queries.model import Query, Result
from queries.question import Question
from queries.question import ask as answer

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"


@app.command()
def ask(  # noqa: PLR0917  # one parameter an option
    dataset: Annotated[str, typer.Argument(help="See `playhead datasets`.")],
    metrics: Annotated[list[str], typer.Argument(help="See `playhead metrics DATASET`.")],
    by: Annotated[list[str] | None, typer.Option(help="country, date:week, week")] = None,
    where: Annotated[str, typer.Option(help="country in ('US','BR') and hour > 18")] = "",
    period: Annotated[str, typer.Option(help="last 28 days, 2026-02, 2026-02-01 to …")] = "all",
    compare: Annotated[str, typer.Option(help="none, previous, last-year, a period")] = "none",
    parameters: Annotated[list[str] | None, typer.Option("--with", help="policy=bts")] = None,
    calculate: Annotated[list[str] | None, typer.Option(help="share:hours_viewed")] = None,
    order: Annotated[str, typer.Option(help="hours_viewed, hours_viewed asc")] = "",
    limit: Annotated[int, typer.Option(help="Most rows to answer.")] = 10_000,
    output: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    person: Annotated[str, typer.Option("--as", help="See only what this person may.")] = "",
    version: Annotated[str | None, typer.Option(help="A data version.")] = None,
    interval: Annotated[bool, typer.Option(help="95 % intervals on values and changes.")] = True,
) -> None:
    """Ask for METRICS of DATASET."""
    settings = home.settings()
    access = _access(person) if person else Access()
    question = Question(
        dataset=dataset,
        metrics=_separated(metrics),
        by=_separated(by or []),
        where=where,
        period=period,
        compare=compare,
        order=order,
        limit=limit,
        parameters=dict(_named(text) for text in parameters or []),
        calculations=tuple(calculate or []),
        interval=interval,
        version=version,
    )
    _WRITERS[output](answer(question, open_warehouse(settings), access))


def _access(person: str) -> Access:
    return import_module("portal.cli.access").access_of(person)


def _separated(texts: Sequence[str]) -> tuple[str, ...]:
    """`--by country,device` is `--by country --by device`."""
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _named(text: str) -> tuple[str, str]:
    name, is_named, value = text.partition("=")
    if not is_named or not name.strip():
        raise InvalidQuery(f"“{text}” names nothing.", "Write --with policy=NAME.")
    return name.strip(), value.strip()


def _write_bytes(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _write_arrow(result: Result) -> None:
    if sys.stdout.isatty():
        raise InvalidQuery("Arrow is not for reading.", "Send it somewhere: … > answer.arrows")
    _write_bytes(arrow(result))


def _write_table(result: Result) -> None:
    query, frame = result.query, result.frame
    if frame.is_empty():
        printing.note("No rows.")
    elif query.by:
        columns = [*_key_columns(query), *(c for m in query.metrics for c in _columns(m, query))]
        columns += [_calculated(c.name, query) for c in query.calculations]
        rows = [[cell(row) for _, cell in columns] for row in frame.iter_rows(named=True)]
        right = [False] * len(query.by) + [True] * (len(columns) - len(query.by))
        printing.table([heading for heading, _ in columns], rows, right)
        printing.note("")
    if not frame.is_empty():
        _write_total(result)
    printing.note(_provenance(result))
    for text in result.notes:
        printing.note(text)


Row = dict[str, object]
Shown = tuple[str, Callable[[Row], str]]


def _key_columns(query: Query) -> list[Shown]:
    return [(k.label, _key(k.name, is_time=isinstance(k, TimeBucket))) for k in query.by]


def _key(name: str, *, is_time: bool) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        text = written.NOTHING if row[name] is None else str(row[name])
        return f"{text} *" if is_time and row.get("incomplete") else text

    return cell


def _columns(metric: Metric, query: Query) -> list[Shown]:
    name = metric.name
    shown: list[Shown] = [(_heading(metric), lambda row: written.exact(_number(row[name]), metric))]
    if query.interval and metric.interval != "none":
        shown.append(("95 %", lambda row: written.interval(row, metric)))
    if query.compare is not None:
        shown.append(("change", lambda row: written.delta(row, metric).text))
        if query.interval and metric.interval != "none":
            shown.append(("95 %", lambda row: written.delta(row, metric).interval))
    return shown


def _calculated(column: str, query: Query) -> Shown:
    is_share = column.endswith("__share")

    def cell(row: Row) -> str:
        value = _number(row[column])
        if value is None:
            return written.NOTHING
        return f"{value:.1%}" if is_share else f"{value:,.10g}"

    return label(query, column), cell


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _write_total(result: Result) -> None:
    """Metrics over all groups, one a line; without columns that are empty for all of them."""
    row = result.total.row(0, named=True)
    lines: list[tuple[str, ...]] = []
    for metric in result.query.metrics:
        change = written.delta(row, metric) if result.query.compare else None
        lines.append(
            (
                _heading(metric),
                written.exact(_number(row[metric.name]), metric),
                written.interval(row, metric),
                change.text if change else "",
                change.interval if change else "",
            )
        )
    headings = ("Total", "value", "95 %", "change", "95 %")
    used = [i for i in range(len(headings)) if any(line[i] for line in lines)]
    kept = [[line[i] for i in used] for line in lines]
    printing.table([headings[i] for i in used], kept, [i > 0 for i in used])
    printing.note("")


def _heading(metric: Metric) -> str:
    unit = written.unit(metric)
    is_said = not unit or unit.lower() in metric.label.lower()
    return metric.label if is_said else f"{metric.label} [{unit}]"


def _provenance(result: Result) -> str:
    query = result.query
    parts = [written.period(query.period) if query.period else "all days"]
    if query.compare is not None:
        parts.append(f"against {written.period(query.compare.period)}")
    parts += [ZONES[query.dataset.clock], f"data version {result.data_version}"]
    if result.complete_through is not None:
        parts.append(f"complete through {result.complete_through}")
    if query.where is not None:
        parts.append(query.where.sentence)
    parts.append(f"{result.took_ms:.0f} ms from {result.source}")
    return " · ".join(parts)


_WRITERS: dict[Format, Callable[[Result], None]] = {
    Format.TABLE: _write_table,
    Format.JSON: lambda result: printing.as_json(plain(result)),
    Format.CSV: lambda result: _write_bytes(csv(result)),
    Format.ARROW: _write_arrow,
}
