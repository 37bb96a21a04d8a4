"""A company in which nothing changes, asked about the changes of any metrics of a page."""

import numpy as np
import polars as pl

from queries.cells import Cells
from queries.dataset import BUCKETS, CLOSING_ROWS, ROWS
from queries.formula import Array
from queries.measure import Gathered
from queries.model import Query, Result
from queries.shape import measured, paired

GROUPS = 3


class Company:
    """Accounts that do in both periods what they always do, as answers about any metrics."""

    def __init__(self, seed: int, accounts: int = 4_000) -> None:
        self.dice = np.random.default_rng([3, seed])
        self.bucket = self.dice.integers(0, BUCKETS, accounts)
        self.population = np.bincount(self.bucket, minlength=BUCKETS).astype(float)
        self.activity = np.exp(self.dice.normal(-0.3, 0.8, accounts))
        self.amounts: dict[str, tuple[Array, Array]] = {}
        self.groups: dict[str, np.ndarray] = {}

    def answer(self, query: Query) -> Result:
        """All rows, or those of three groups of falling size. Quantiles and estimations are out."""
        by = query.by[0].name if query.by else ""
        count = GROUPS if by else 1
        keys = pl.DataFrame({by or "__group": [f"{by} {n}" for n in range(count)]})
        place = self._group(by, count) * BUCKETS + self.bucket
        asked = {a.key for m in query.metrics for a in m.formula.aggregates()}
        # In order: a set has another in another process, and so would have other draws.
        needed = sorted({*asked, ROWS.key, CLOSING_ROWS.key})
        sides: list[Cells] = []
        for side in (0, 1):
            buckets = {key: self._laid_out(key, side, place, count) for key in needed}
            totals = {key: cells.sum(axis=1) for key, cells in buckets.items()}
            sides.append(Cells(keys, totals, buckets))
        gathered = Gathered(sides[0], sides[1], self.population)
        frame = measured(query, gathered)
        return Result(
            query=query, frame=frame, total=frame.clear(1), data_version="v1", source="raw",
            table="world", sql="", took_ms=0, paired=paired(gathered),
        )  # fmt: skip

    def _laid_out(self, key: str, side: int, place: np.ndarray, count: int) -> Array:
        summed = np.bincount(place, self._amount(key)[side], count * BUCKETS)
        return np.asarray(summed, dtype=np.float64).reshape(count, BUCKETS)

    def _group(self, by: str, count: int) -> np.ndarray:
        sizes = 1 / np.arange(1, count + 1)
        if by not in self.groups:
            drawn = self.dice.choice(count, len(self.bucket), p=sizes / sizes.sum())
            self.groups[by] = drawn
        return self.groups[by]

    def _amount(self, key: str) -> tuple[Array, Array]:
        """By account, now and before: of the last day whether it is there, else how much it did."""
        if key not in self.amounts:
            n = len(self.bucket)
            if "closing" in key or "member" in key or "distinct" in key:
                lasting = self.dice.random(n) < 0.6
                is_other = self.dice.random((2, n)) < 0.1
                now, before = (
                    np.where(other, self.dice.random(n) < 0.6, lasting) for other in is_other
                )
            else:
                often = 2 * self.activity * np.exp(self.dice.normal(0, 0.4, n))
                now, before = self.dice.poisson(often), self.dice.poisson(often)
            self.amounts[key] = (now.astype(float), before.astype(float))
        return self.amounts[key]
