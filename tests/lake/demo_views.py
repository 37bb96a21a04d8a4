"""The demo company's tables as views of a DuckDB connection, for tests that ask in SQL."""

from typing import Any

import duckdb

from queries.lake.lake import Lake


class Demo:
    """A snapshot of a lake, open for SQL."""

    def __init__(self, lake: Lake) -> None:
        self.snapshot = lake.snapshot()
        self._connection = duckdb.connect()
        for name in self.snapshot.versions:
            files = list(self.snapshot.files(name))
            self._connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files!r})")
        self._connection.execute(SPANS)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.sql(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        return self.rows(sql)[0]

    def value(self, sql: str) -> Any:  # noqa: ANN401 - whatever the query gives
        return self.row(sql)[0]


SPANS = """
    CREATE VIEW spans AS
    WITH turns AS (
        SELECT account_id, local_date, event_id,
               CASE WHEN kind IN ('signup_paid', 'rejoin') THEN 1 ELSE -1 END AS turn
        FROM billing_events
        WHERE kind IN ('signup_paid', 'rejoin', 'cancel_voluntary', 'cancel_involuntary')
    )
    SELECT account_id, turn, local_date AS starts,
           lead(local_date, 1, DATE '2100-01-01') OVER w AS ends, lead(turn) OVER w AS next_turn
    FROM turns WINDOW w AS (PARTITION BY account_id ORDER BY local_date, event_id)
"""
