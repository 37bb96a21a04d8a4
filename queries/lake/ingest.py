"""Load files: read, check, keep or quarantine each row, and commit all of it at once.

The same bytes with the same options again change nothing. Everything that lasts happens in one
commit, so an ingest that dies at any moment and runs again ends where one that lived would have.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa

from queries.lake.connector import Connector, Reading, Request
from queries.lake.connectors import connector as connector_named
from queries.lake.delivery import Delivery, inspected, receive
from queries.lake.errors import LakeError, RefusedFile
from queries.lake.lake import Change, Lake
from queries.lake.ledger import (
    QUARANTINE,
    Entry,
    Summary,
    ledger_change,
    overall,
    recorded,
)
from queries.lake.merging import merge
from queries.lake.rows import ROW, raw_json
from queries.lake.snapshot import Snapshot
from queries.lake.validation import judge

CURRENT = "files"
"""Detail of a snapshot: which file each `file` dataset is of."""


def ingest(
    lake: Lake,
    connector_name: str,
    files: Sequence[str | Path],
    options: Mapping[str, str] | None = None,
) -> Summary:
    """Load files with a connector. Raises for unknown connectors, options and a held lease.

    A file that cannot be taken does not keep the others out: it is written down as refused.
    """
    connector = connector_named(connector_name)
    given = connector.checked(options or {})
    if connector.single and len(files) != 1:
        raise LakeError(f"“{connector.name}” takes one file at a time.", code="bad_option")
    with lake.lease(), _staging(lake) as folder:
        snapshot = lake.snapshot_now()
        known = _known(connector, given, snapshot)
        staged = {o: inspected(receive(given[o], folder)) for o in _file_options(connector, given)}
        loads = [_load(connector, file, _Given(given, staged), folder, known) for file in files]
        news = [x for x in _once(loads) if _is_news(x.entry, known)]
        new = [x for x in news if x.entry.status == "committed"]
        changes, tables = _changes(new, snapshot)
        version = snapshot.data_version
        if news:
            version = lake.commit(
                [*changes, *_quarantined(news, snapshot), ledger_change([x.entry for x in news])],
                f"{connector.name} {' '.join(x.entry.source[:12] for x in news)}",
                datasets={n: text for x in new for n, text in x.datasets.items()},
                details=_details(connector, given, new, snapshot),
            )
    entries = tuple(x.entry for x in loads)
    return Summary(
        connector=connector.name,
        status=overall(entries),
        data_version=version,
        files=entries,
        tables=tables,
    )


@dataclass(frozen=True)
class _Given:
    options: Mapping[str, str]
    files: Mapping[str, Delivery]

    def identity(self) -> Mapping[str, str]:
        """Options with files by their bytes: a renamed file is the same file."""
        return dict(self.options) | {name: d.sha256 for name, d in self.files.items()}


@dataclass(frozen=True)
class _Load:
    """A file as it is about to be committed, or why not."""

    entry: Entry
    tables: Mapping[str, pa.Table]
    quarantined: pl.DataFrame | None = None
    reading: Reading | None = None

    @property
    def datasets(self) -> Mapping[str, str]:
        return self.reading.datasets if self.reading else {}


def _load(
    connector: Connector,
    file: str | Path,
    given: _Given,
    folder: Path,
    known: Mapping[str, Entry],
) -> _Load:
    entry = Entry(
        source=_source(connector, given, f"path:{file}"),
        connector=connector.name,
        options=_shown(given),
        file=Path(file).name,
    )
    try:
        delivery = receive(file, folder)
        entry = replace(
            entry,
            source=_source(connector, given, delivery.sha256),
            sha256=delivery.sha256,
            size_bytes=delivery.size,
        )
        before = known.get(entry.source)
        if before is not None and before.status == "committed":
            return _Load(replace(before, status="already_there", file=entry.file), {})
        opened = inspected(delivery)
        rows = connector.open(opened)
        reading = connector.read(Request(opened, given.options, given.files), rows)
        return _sorted_out(entry, reading)
    except RefusedFile as error:
        reason = f"{error.message} {error.hint}".strip()
        return _Load(replace(entry, status="refused", code=error.code, reason=reason), {})


def _sorted_out(entry: Entry, reading: Reading) -> _Load:
    """Part the rows of a file that are kept, with all that was made of them, from the others."""
    verdicts = {name: judge(name, rows) for name, rows in reading.tables.items()}
    found = [reading.rejected, *(v.rejected for v in verdicts.values())]
    rejected = pl.concat(found).unique(ROW, keep="first", maintain_order=True)
    kept = {name: _without(v.fitting, rejected[ROW]) for name, v in verdicts.items()}
    raw = raw_json(reading.rows, rejected[ROW])
    apart = pl.concat(
        [rejected.join(raw, on=ROW, how="left"), reading.rows.rejected], how="vertical"
    ).sort(ROW)
    accepted = reading.rows.total - apart.height
    counted = apart["code"].value_counts(sort=True).iter_rows()
    entry = replace(
        entry,
        rows_in=reading.rows.total,
        accepted=accepted,
        quarantined=apart.height,
        reasons={str(code): int(n) for code, n in counted},
        tables={name: t.num_rows for name, t in kept.items()},
        notes=reading.notes,
    )
    if accepted == 0:
        reason = "No row was accepted." if apart.height else "There are no rows."
        entry = replace(entry, status="refused", code="nothing_accepted", reason=reason)
    return _Load(entry, kept, apart, reading)


def _without(rows: pa.Table, numbers: pl.Series) -> pa.Table:
    if not numbers.len() or not rows.num_rows:
        return rows
    row = pl.Series(rows.column(ROW).to_pylist(), dtype=pl.Int64)
    stay = ~row.is_in(numbers.implode(), nulls_equal=False)
    return rows.filter(stay.fill_null(value=True).to_arrow())


def _changes(
    loads: Sequence[_Load], snapshot: Snapshot
) -> tuple[list[Change], dict[str, dict[str, int]]]:
    deliveries: dict[str, list[tuple[Reading, pa.Table]]] = {}
    for load in loads:
        for name, rows in load.tables.items():
            if load.reading is not None:
                deliveries.setdefault(name, []).append((load.reading, rows))
    changes: list[Change] = []
    counts: dict[str, dict[str, int]] = {}
    for name, delivered in deliveries.items():
        reading, rows = delivered[-1]
        if name in reading.fresh:
            plain = rows.drop_columns([ROW])
            day = reading.days.get(name, "")
            changes.append(Change(table=name, rows=plain, fresh=True, day=day))
            counts[name] = {"added": rows.num_rows}
            continue
        merged = merge(name, [r for _, r in delivered], snapshot)
        counts[name] = merged.counts
        if merged.change is not None:
            changes.append(merged.change)
    return changes, counts


def _quarantined(loads: Sequence[_Load], snapshot: Snapshot) -> list[Change]:
    frames = [
        load.quarantined.rename({ROW: "row"}).with_columns(
            source=pl.lit(load.entry.source),
            connector=pl.lit(load.entry.connector),
            file=pl.lit(load.entry.file),
        )
        for load in loads
        if load.quarantined is not None and load.quarantined.height
    ]
    if not frames and not snapshot.has(QUARANTINE):
        return []
    sources = pl.DataFrame({"source": [load.entry.source for load in loads]})
    return [Change(table=QUARANTINE, rows=pl.concat(frames) if frames else None, without=sources)]


def _once(loads: Sequence[_Load]) -> list[_Load]:
    """Each file once, though a call may name it twice."""
    return list({load.entry.source: load for load in loads}.values())


def _is_news(entry: Entry, known: Mapping[str, Entry]) -> bool:
    """Whether the ledger does not say this yet. A file that cannot be opened leaves no trace."""
    before = known.get(entry.source)
    return (
        bool(entry.sha256)
        and entry.status != "already_there"
        and (before is None or (before.status, before.code) != (entry.status, entry.code))
    )


def _known(
    connector: Connector, options: Mapping[str, str], snapshot: Snapshot
) -> Mapping[str, Entry]:
    """The ledger, without files that a later one of the same name has replaced."""
    entries = recorded(snapshot)
    if not connector.single:
        return entries
    current = snapshot.details.get(CURRENT, {}).get(options["name"])
    return {s: e for s, e in entries.items() if e.status == "refused" or s == current}


def _details(
    connector: Connector, options: Mapping[str, str], loads: Sequence[_Load], snapshot: Snapshot
) -> Mapping[str, object]:
    if not connector.single or not loads:
        return {}
    current = snapshot.details.get(CURRENT, {})
    return {CURRENT: {**current, options["name"]: loads[-1].entry.source}}


def _file_options(connector: Connector, given: Mapping[str, str]) -> list[str]:
    return [o.name for o in connector.options if o.is_file and o.name in given]


def _shown(given: _Given) -> dict[str, str]:
    return dict(given.options) | {name: d.name for name, d in given.files.items()}


def _source(connector: Connector, given: _Given, content: str) -> str:
    named = json.dumps([connector.name, given.identity(), content], sort_keys=True)
    return sha256(named.encode()).hexdigest()


@contextmanager
def _staging(lake: Lake) -> Iterator[Path]:
    """A folder for copies, inside a local lake so that it is on the same disk."""
    parent = lake.staging()
    with TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)
