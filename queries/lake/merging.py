"""New rows against those the lake has: added, restated, replayed or superseded.

added        the key is new
restated     the key is known with other values: the new row replaces it
replayed     the same row again: nothing to do
superseded   the lake has, or the same call brings, a later edition of the row
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import polars as pl
import pyarrow as pa

from queries.lake import contract
from queries.lake.contract import Table
from queries.lake.lake import Change
from queries.lake.rows import ROW
from queries.lake.snapshot import Snapshot

COUNTS = ("added", "restated", "replayed", "superseded")


@dataclass(frozen=True, slots=True)
class Merge:
    """The change a table needs, if any, and what became of the rows."""

    change: Change | None
    counts: dict[str, int]


def merge(name: str, deliveries: Sequence[pa.Table], snapshot: Snapshot) -> Merge:
    """Compare rows of one table, in the order they were delivered, with a snapshot."""
    declared = contract.table(name)
    if declared is None:
        raise ValueError(f"“{name}” has no contract, so rows have no key to merge by")
    with duckdb.connect() as connection:
        connection.register("delivered", _stacked(deliveries))
        files = list(snapshot.files(name)) if snapshot.has(name) else []
        connection.execute(_known(declared, files), {"files": files} if files else {})
        connection.execute(_states(declared))
        states = connection.sql("SELECT state, count(*) FROM states GROUP BY state").fetchall()
        wanted = ", ".join(f'"{c}"' for c in declared.names)
        rows = connection.sql(
            f"SELECT {wanted} FROM states WHERE state IN ('added', 'restated') ORDER BY __order"
        ).to_arrow_table()
        keys = ", ".join(f'"{k}"' for k in declared.key)
        gone = connection.sql(f"SELECT {keys} FROM states WHERE state = 'restated'").pl()
    counts = {name: int(dict(states).get(name, 0)) for name in COUNTS}
    if not rows.num_rows:
        return Merge(None, counts)
    leaving: pl.DataFrame | None = gone if gone.height else None
    return Merge(Change(table=name, rows=rows, without=leaving), counts)


def _stacked(deliveries: Sequence[pa.Table]) -> pa.Table:
    whole = pa.concat_tables(t.drop_columns([ROW]) for t in deliveries)
    return whole.append_column("__order", pa.array(range(whole.num_rows), pa.int64()))


def _known(table: Table, files: Sequence[str]) -> str:
    """The rows of the lake whose keys are delivered again."""
    if not files:
        return "CREATE TEMP TABLE known AS SELECT * EXCLUDE (__order) FROM delivered LIMIT 0"
    keys = ", ".join(f'"{k}"' for k in table.key)
    return f"""
        CREATE TEMP TABLE known AS
        SELECT * FROM read_parquet($files, union_by_name = true)
        SEMI JOIN delivered USING ({keys})
    """


def _states(table: Table) -> str:
    keys = ", ".join(f'"{k}"' for k in table.key)
    same_key = " AND ".join(f'd."{k}" = k."{k}"' for k in table.key)
    clocks = {table.clocks.arrival, table.edition}
    compared = [n for n in table.names if n not in clocks and n not in table.key]
    same = " AND ".join(f'd."{n}" IS NOT DISTINCT FROM k."{n}"' for n in compared) or "true"
    edition = f'"{table.edition}"' if table.edition else "0"
    older = f'k."{table.edition}" > d."{table.edition}"' if table.edition else "false"
    newer = f'd."{table.edition}" > k."{table.edition}"' if table.edition else "false"
    return f"""
        CREATE TEMP TABLE states AS
        WITH d AS (
            SELECT *, row_number() OVER
                (PARTITION BY {keys} ORDER BY {edition} DESC, __order DESC) AS __nth
            FROM delivered
        )
        SELECT d.*, CASE
            WHEN d.__nth > 1 THEN 'superseded'
            WHEN k."{table.key[0]}" IS NULL THEN 'added'
            WHEN {older} THEN 'superseded'
            WHEN {same} AND NOT {newer} THEN 'replayed'
            ELSE 'restated' END AS state
        FROM d LEFT JOIN known k ON {same_key}
    """
