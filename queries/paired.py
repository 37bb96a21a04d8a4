"""The aggregates of a period and of the one it is held against, by group and bucket.

What a change, its parts and their intervals are worked out from (`queries.analyses`): an answer
that compares carries it, so no analysis asks again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.formula import Aggregate, Array, Formula

ROWS = Aggregate("count").key
NAMED = " named"
"""After the key of a count of rows: those of them that name an account."""
FEWEST_BUCKETS = 64
Side = Mapping[str, Array]
Change = Callable[[Array], Array]


def named_rows(side: Side, key: str = ROWS) -> Array | None:
    """The rows by group and bucket that name an account; None where rows are not counted so."""
    return side.get(key + NAMED, side.get(key))


@dataclass(frozen=True, slots=True)
class Paired:
    """Arrays are `groups x buckets`, by the key of the aggregate, in the order of `groups`.

    Without accounts there is one bucket, and no interval. `population` counts accounts by bucket.
    Aggregates that are no sum over buckets are left out.
    """

    groups: pl.DataFrame
    now: Side
    before: Side
    population: Array

    def has(self, formula: Formula) -> bool:
        return all(a.key in self.now and a.key in self.before for a in formula.aggregates())

    def totals(self, formula: Formula) -> tuple[Array, Array]:
        """The formula of each group, now and before."""
        return _evaluated(formula, self.now, _summed), _evaluated(formula, self.before, _summed)

    def left_out(self, formula: Formula) -> tuple[Array, Array]:
        """The same with each bucket of accounts left out of both periods: `groups x clusters`.

        Scaled to the whole population, as `queries.interval.replicates` does it.
        """
        is_there = self.population > 0
        kept = self.population[is_there]
        rest = kept.sum() - kept
        scale = np.where(rest > 0, kept.sum() / np.where(rest > 0, rest, 1.0), np.nan)

        def without(cells: Array) -> Array:
            known = np.nan_to_num(cells)
            return (known.sum(axis=1, keepdims=True) - known[:, is_there]) * scale

        return _evaluated(formula, self.now, without), _evaluated(formula, self.before, without)

    def accounts(self) -> tuple[Array, Array]:
        """About how many accounts each group has, now and before; NaN where its rows are nobody's.

        Linear counting over the buckets that have rows (Whang, Vander-Zanden & Taylor 1990): 5 %
        off at 200 accounts. Where every bucket has some, there are too many to tell: everyone.
        """
        return self._occupied(self.now), self._occupied(self.before)

    def _occupied(self, side: Side) -> Array:
        buckets = float((self.population > 0).sum())
        rows = named_rows(side)
        if buckets < FEWEST_BUCKETS or rows is None:
            return np.full(self.groups.height, np.nan)
        occupied = np.asarray((rows > 0).sum(axis=1), dtype=np.float64)
        everyone = self.population.sum()
        with np.errstate(all="ignore"):
            counted = -buckets * np.log1p(-occupied / buckets)
        found = np.minimum(np.where(occupied < buckets, counted, everyone), everyone)
        return np.where((occupied == 0) & (side[ROWS] > 0).any(axis=1), np.nan, found)

    def picked(self, rows: list[int]) -> "Paired":
        """Only these groups, in this order."""
        return replace(
            self,
            groups=self.groups[rows],
            now={key: cells[rows] for key, cells in self.now.items()},
            before={key: cells[rows] for key, cells in self.before.items()},
        )


def _summed(cells: Array) -> Array:
    return np.nan_to_num(cells).sum(axis=1)


def _evaluated(formula: Formula, side: Side, change: Change) -> Array:
    needed = {a.key: change(side[a.key]) for a in formula.aggregates()}
    return np.asarray(formula.evaluate(needed), dtype=np.float64)
