"""What became of every file: the ledger, the quarantine, and the summary a person reads."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

from queries.lake.lake import Change
from queries.lake.snapshot import Snapshot

Status = Literal["committed", "already_there", "refused"]

LEDGER = "ledger"
QUARANTINE = "quarantine"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a delivery. `rows_in` is always `accepted` plus `quarantined`."""

    source: str
    connector: str
    options: Mapping[str, str]
    file: str
    sha256: str = ""
    size_bytes: int = 0
    status: Status = "committed"
    code: str = ""
    reason: str = ""
    rows_in: int = 0
    accepted: int = 0
    quarantined: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict[str, int])
    tables: Mapping[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What an ingest did. `tables` counts rows added, restated, replayed and superseded."""

    connector: str
    status: Status
    data_version: str
    files: tuple[Entry, ...]
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])

    @property
    def rows_in(self) -> int:
        return sum(f.rows_in for f in self.files)

    @property
    def accepted(self) -> int:
        return sum(f.accepted for f in self.files)

    @property
    def quarantined(self) -> int:
        return sum(f.quarantined for f in self.files)

    @property
    def exit_code(self) -> int:
        """0 only if something was committed or was already there."""
        return 1 if self.status == "refused" else 0

    def to_json(self) -> str:
        totals = {
            "rows_in": self.rows_in,
            "accepted": self.accepted,
            "quarantined": self.quarantined,
        }
        return json.dumps(asdict(self) | totals, ensure_ascii=False, indent=2)


def overall(files: tuple[Entry, ...]) -> Status:
    found = {f.status for f in files}
    if "committed" in found:
        return "committed"
    return "already_there" if "already_there" in found else "refused"


def recorded(snapshot: Snapshot) -> dict[str, Entry]:
    """Every file of the ledger, by its source."""
    if not snapshot.has(LEDGER):
        return {}
    rows = pl.read_parquet(list(snapshot.files(LEDGER))).iter_rows(named=True)
    return {r["source"]: _entry(r) for r in rows}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What files brought to one table: when the last of them came, and what was kept aside.

    A row that is kept aside belongs to no table yet: it counts for each table its file filled.
    """

    received_at: datetime
    connector: str
    quarantined: int
    reasons: Mapping[str, int]


def deliveries(snapshot: Snapshot) -> dict[str, Delivered]:
    """Every table that files were delivered for, by name."""
    if not snapshot.has(LEDGER):
        return {}
    found: dict[str, Delivered] = {}
    rows = pl.read_parquet(list(snapshot.files(LEDGER))).sort("received_at")
    for row in rows.iter_rows(named=True):
        entry = _entry(row)
        for table in entry.tables if entry.status == "committed" else ():
            before = found.get(table)
            reasons = dict(before.reasons) if before else {}
            for code, count in entry.reasons.items():
                reasons[code] = reasons.get(code, 0) + count
            earlier = before.quarantined if before else 0
            total = earlier + entry.quarantined
            found[table] = Delivered(row["received_at"], entry.connector, total, reasons)
    return found


def ledger_change(entries: list[Entry]) -> Change:
    """Write entries down, in place of earlier ones of the same source."""
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [_row(e) | {"received_at": now} for e in entries]
    sources = pl.DataFrame({"source": [e.source for e in entries]})
    return Change(table=LEDGER, rows=pl.DataFrame(rows), without=sources)


def _row(entry: Entry) -> dict[str, object]:
    notes = {"notes": list(entry.notes), "reasons": dict(entry.reasons)}
    plain: dict[str, object] = asdict(entry)
    del plain["reasons"]
    return plain | {
        "options": json.dumps(dict(entry.options), ensure_ascii=False, sort_keys=True),
        "tables": json.dumps(dict(entry.tables), sort_keys=True),
        "notes": json.dumps(notes, ensure_ascii=False),
    }


def _entry(row: Mapping[str, Any]) -> Entry:
    said = json.loads(row["notes"])
    return Entry(
        source=row["source"],
        connector=row["connector"],
        file=row["file"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        code=row["code"] or "",
        reason=row["reason"] or "",
        rows_in=row["rows_in"],
        accepted=row["accepted"],
        quarantined=row["quarantined"],
        status="refused" if row["status"] == "refused" else "committed",
        options=json.loads(row["options"]),
        reasons=said["reasons"],
        tables=json.loads(row["tables"]),
        notes=tuple(said["notes"]),
    )
