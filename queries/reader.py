"""Reading: the reductions of one snapshot, through the cache, and whom its rows are of."""

import numpy as np
import polars as pl

from queries.activity import apart, together
from queries.cache import FrameCache
from queries.closing import closed
from queries.dataset import Dataset
from queries.formula import Array
from queries.gather import counted_units
from queries.lake.snapshot import Snapshot
from queries.paired import FEWEST_BUCKETS
from queries.plan import population_plan
from queries.reduction import Engine, Reduction
from queries.rollup import known_population


class Reader:
    """Reductions of one snapshot, through the cache. Knows whether all of them came from it."""

    def __init__(
        self, engine: Engine, cache: FrameCache, tables: Snapshot, dataset: Dataset
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._tables = tables
        self._dataset = dataset
        self.all_cached = True

    def reduce(self, reduction: Reduction) -> pl.DataFrame:
        """The key is all that decides the answer: the work itself, access inside, and the data."""
        return together(reduction, [self._scanned(r) for r in self.scans(reduction)])

    def _scanned(self, reduction: Reduction) -> pl.DataFrame:
        contents = {t: self._tables.contents(t) for t in _tables_of(reduction)}
        key = repr((self._engine.name, contents, reduction))
        frame, was_cached = self._cache.remember(
            key, lambda: self._engine.reduce(reduction, self._tables)
        )
        self.all_cached &= was_cached
        return frame

    def scans(self, reduction: Reduction) -> tuple[Reduction, ...]:
        """What the engine does for it; the last days are named where a number is of those."""
        return apart(closed(reduction, self._dataset, self._tables))

    @property
    def knows_people(self) -> bool:
        """Whether there are enough accounts for any to be one of many."""
        return bool(self._dataset.people) or self.knows_accounts

    @property
    def knows_accounts(self) -> bool:
        """The same, where rows are what accounts did."""
        population = self.population() if self._dataset.is_of_accounts else None
        return population is not None and bool((population > 0).sum() >= FEWEST_BUCKETS)

    def population(self) -> Array | None:
        """Units by bucket; None where the dataset's rows are nobody's."""
        if not self._dataset.entity:
            return None
        known = known_population(self._dataset, self._tables)
        if known is not None:
            return np.asarray(known, dtype=np.float64)
        return counted_units(self.reduce(population_plan(self._dataset)))


def _tables_of(reduction: Reduction) -> tuple[str, ...]:
    source = reduction.source
    inner = () if source.inner is None else _tables_of(source.inner)
    return tuple(dict.fromkeys((source.table, *(j.table for j in source.joins), *inner)))
