"""Write the SELECT that folds rows by day and account into bits: the table of an activity.

First one row an account with all of its dimensions, then from these every part of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from queries.engines.sql import quoted

_ORDINAL = "date_diff('day', DATE '0001-01-01', \"day\")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """What is folded: for each count, the days of each block on which it is above 0.

    `columns` has the name of the bits, the count and the block; a block is `width` days, numbered
    from the first of January of year 1. `grain` names the column that tells rows of one part of
    the dimensions from those of another.
    """

    dimensions: tuple[str, ...]
    columns: tuple[tuple[str, str, int], ...]
    width: int
    grain: str

    def sql(self, rows: str) -> str:
        """The SELECT, over a relation with a row a day, account and values of the dimensions."""
        dimensions = [quoted(d) for d in self.dimensions]
        kept = ["bucket", "account", *dimensions]
        days = [
            f"bit_or(CASE WHEN {quoted(count)} > 0 AND block = {block} THEN bit END) AS "
            + quoted(name)
            for name, count, block in self.columns
        ]
        bits = [
            f"coalesce(bit_or({quoted(name)}), 0) AS {quoted(name)}" for name, _, _ in self.columns
        ]
        named = _listed(dimensions)
        grain, cube = (f"GROUPING_ID({named})", f", CUBE ({named})") if named else ("0", "")
        return (
            f"WITH days AS (SELECT *, {_ORDINAL} // {self.width} AS block,"
            f" 1::BIGINT << ({_ORDINAL} % {self.width})::INT AS bit"
            f" FROM {rows} WHERE account IS NOT NULL),\n"
            f"whole AS (SELECT {_listed(kept + days)} FROM days GROUP BY {_listed(kept)})\n"
            f"SELECT {grain} AS {quoted(self.grain)}, {_listed(kept + bits)} FROM whole\n"
            f"GROUP BY bucket, account{cube}\n"
            f"ORDER BY {_listed([quoted(self.grain), *dimensions, 'bucket'])}"
        )


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)
