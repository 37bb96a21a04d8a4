"""Random rows shaped by the lake's contract, nulls included: no meaning, every type."""

from pathlib import Path

import duckdb

from queries.lake import contract


def random_rows(name: str, folder: Path, limit: int = 400) -> str:
    """Rows that meet the contract, at random; the key counts up, so it is unique."""
    table = contract.table(name)
    assert table is not None
    columns = [f"{_random_value(c, is_key=c.name in table.key)} AS {c.name}" for c in table.columns]
    kept = " AND ".join(f"coalesce({c.holds}, true)" for c in table.checks) or "true"
    path = folder / f"{name}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            f"COPY (SELECT * FROM (SELECT {', '.join(columns)} FROM range(20000) AS r(i)) "
            f"WHERE {kept} LIMIT {limit}) TO '{path}' (FORMAT parquet)"
        )
        count = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    assert count is not None
    assert count[0] >= 100, name
    return str(path)


def _random_value(column: contract.Column, *, is_key: bool) -> str:
    draw = _draw(column)
    if is_key and column.type in ("BIGINT", "INTEGER"):
        draw = f"i::{column.type}"
    if column.required:
        return draw
    return f"CASE WHEN random() < 0.1 THEN NULL ELSE {draw} END"


_BY_NAME = {
    "account_kind": "CASE WHEN random() < 0.9 THEN 'member' ELSE 'staff' END",
    "bucket": "floor(random() * 256)::SMALLINT",
    "sample_w": "1 + random()",
}
_BY_TYPE = {
    "BOOLEAN": "random() < 0.5",
    "VARCHAR": "chr(97 + (random() * 5)::INT)",
    "DATE": "DATE '2026-01-04' + 7 * (random() * 20)::INT",
    "TIMESTAMP": "TIMESTAMP '2026-01-04' + to_seconds((random() * 9000000)::INT)",
    "MAP(VARCHAR,DOUBLE)": (
        "CASE WHEN random() < 0.8 THEN MAP {'x': random(), 'y': 0.5} ELSE MAP {} END"
    ),
    "DOUBLE": "random()",
    "FLOAT": "random()::FLOAT",
} | {kind: f"(1 + random() * 20)::{kind}" for kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")}


def _draw(column: contract.Column) -> str:
    """A value of the column's type; small, so that joins meet and conditions hold."""
    if column.values:
        values = list(column.values)
        return f"list_extract({values}, 1 + floor(random() * {len(values)})::INT)"
    found = _BY_NAME.get(column.name) or _BY_TYPE.get(column.type)
    return found or f"CAST(NULL AS {column.type})"
