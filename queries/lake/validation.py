"""Rows against the contract of their table: types, required values, domains, checks and keys."""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from dataclasses import dataclass

import duckdb
import polars as pl
import pyarrow as pa

from queries.lake import contract
from queries.lake.contract import Column, Table
from queries.lake.errors import BadRows
from queries.lake.rows import ROW


@dataclass(frozen=True, slots=True)
class Verdict:
    """Rows of one table that fit, with `__row`; `__row`, `code` and `reason` of the others."""

    fitting: pa.Table
    rejected: pl.DataFrame


def judge(name: str, rows: pl.DataFrame) -> Verdict:
    """Check every row; the first thing wrong with a row is its reason.

    Raises BadRows where a row that is not from a source row fails, or a column is unknown: that
    is the connector's mistake, not the file's.
    """
    declared = contract.table(name)
    if declared is None:
        return Verdict(rows.to_arrow(), pl.DataFrame(schema=_REJECTED))
    if unknown := sorted(set(rows.columns) - set(declared.names) - {ROW}):
        raise BadRows(f"Table “{name}” has no column {', '.join(unknown)}.")
    reasons = _reasons(declared)
    with duckdb.connect() as connection:
        connection.register("given", rows.to_arrow())
        kinds = dict(zip(*_described(connection), strict=True))
        connection.execute(_typed(declared, kinds))
        fitting = connection.sql(
            f"SELECT * EXCLUDE (__code) FROM judged WHERE __code IS NULL ORDER BY {ROW}"
        ).to_arrow_table()
        failing = connection.sql(
            f"SELECT {ROW}, __code AS code FROM judged WHERE __code IS NOT NULL"
        ).pl()
    if failing[ROW].null_count():
        codes = failing.filter(pl.col(ROW).is_null())["code"].unique().to_list()
        raise BadRows(f"Rows made for table “{name}” break its contract: {', '.join(codes)}.")
    rejected = failing.with_columns(pl.col("code").replace_strict(reasons).alias("reason"))
    return Verdict(fitting, rejected.cast(_REJECTED))


_REJECTED = {ROW: pl.Int64, "code": pl.String, "reason": pl.String}


def _described(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[str]]:
    rows = connection.sql("DESCRIBE given").fetchall()
    return [r[0] for r in rows], [r[1] for r in rows]


def _typed(table: Table, kinds: dict[str, str]) -> str:
    columns = ", ".join(f'{_cast(c, kinds)} AS "{c.name}"' for c in table.columns)
    unfit = [
        f"WHEN given.\"{c.name}\" IS NOT NULL AND {_cast(c, kinds)} IS NULL THEN 'unfit_{c.name}'"
        for c in table.columns
        if c.name in kinds
    ]
    first = f"CASE {' '.join(unfit)} END" if unfit else "NULL"
    key = ", ".join(f'"{k}"' for k in table.key)
    return f"""
        CREATE TEMP TABLE judged AS
        WITH typed AS (SELECT {columns}, {ROW}, {first} AS __unfit FROM given),
        repeated AS (
            SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {ROW}) AS __nth FROM typed
        )
        SELECT * EXCLUDE (__unfit, __nth), coalesce(__unfit, {_broken(table)}) AS __code
        FROM repeated
    """


def _broken(table: Table) -> str:
    cases = [
        f"WHEN \"{c.name}\" IS NULL THEN 'missing_{c.name}'" for c in table.columns if c.required
    ]
    for column in table.columns:
        if column.values:
            known = ", ".join("'" + v.replace("'", "''") + "'" for v in column.values)
            cases.append(f"WHEN \"{column.name}\" NOT IN ({known}) THEN 'unknown_{column.name}'")
    cases += [f"WHEN NOT ({c.holds}) THEN '{c.code}'" for c in table.checks]
    cases.append("WHEN __nth > 1 THEN 'duplicate_key'")
    return f"CASE {' '.join(cases)} END"


def _cast(column: Column, kinds: dict[str, str]) -> str:
    kind = kinds.get(column.name)
    if kind is None:
        return f"CAST(NULL AS {column.type})"
    value = f'given."{column.name}"'
    if column.type.startswith("MAP") and kind.endswith("[]"):
        value = f"map_from_entries({value})"
    return f"TRY_CAST({value} AS {column.type})"


def _reasons(table: Table) -> dict[str, str]:
    found = {"duplicate_key": f"An earlier row has the same {', '.join(table.key)}."}
    for column in table.columns:
        found[f"unfit_{column.name}"] = f"{column.name} is out of range for {column.type}."
        found[f"missing_{column.name}"] = f"{column.name} is missing."
        found[f"unknown_{column.name}"] = f"{column.name} is not one of {', '.join(column.values)}."
    return found | {c.code: c.reason for c in table.checks}
