"""Reading: the reductions of one snapshot, through the cache, and whom its rows are of."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from queries.activity import apart, together
from queries.cache import FrameCache
from queries.closing import closed
from queries.dataset import BUCKET, BUCKETS, Dataset
from queries.errors import QueryTimeout
from queries.expression import columns_of
from queries.first_look import FirstLook
from queries.formula import Array
from queries.gather import Reduce, counted_units
from queries.lake.snapshot import Snapshot
from queries.model import Query
from queries.one_scan import Scan, joint, parted, same_rows, scans_of
from queries.paired import FEWEST_BUCKETS
from queries.period import Period
from queries.plan import INHABITED, Plan, over, population_plan
from queries.reduction import Engine, Part, Reduction
from queries.rollup import known_population
from queries.unsplit import unsplit
from queries.value_counts import are_few, by_value, first_values, quantiles

READ_AHEAD = "read ahead"
MANY_ROWS = 300_000
SPLIT_PAYS = 12
"""Of few more rows than that it costs less to split them all by bucket, where that answers."""
PROOF_PAYS = 4
"""A table of fewer times so many rows is counted at once."""
VALUES_PAY = 12
"""Quantiles of a table of fewer times so many rows are left to the engine."""
SHARE_OF_DAYS = 1 / 14
SHARE_OF_ROWS = 0.06


class Reader:
    """Reductions of one snapshot, through the cache.

    Knows whether all of them came from it, and whether any was of the dataset's own table.
    """

    def __init__(
        self,
        engine: Engine,
        cache: FrameCache,
        tables: Snapshot,
        dataset: Dataset,
        *,
        many_rows: int = MANY_ROWS,
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._tables = tables
        self._dataset = dataset
        self._many_rows = many_rows
        self._by_value = dict[Reduction, tuple[Reduction, pl.DataFrame]]()
        self.all_cached = True
        self.has_read_table = False

    @property
    def tables(self) -> Snapshot:
        """The snapshot that is read."""
        return self._tables

    def reduce(self, reduction: Reduction, beside: Sequence[Period] = ()) -> pl.DataFrame:
        """The answer; `beside` are periods of which the same will be asked."""
        off_values = self._off_values(reduction, beside)
        return self._asked(reduction, beside) if off_values is None else off_values

    def _off_values(self, reduction: Reduction, beside: Sequence[Period]) -> pl.DataFrame | None:
        """Quantiles of many rows off the counts of their values, where these are few."""
        counted = by_value(reduction)
        if counted is None or not self._is_plain(reduction):
            return None
        if not are_few(self._asked(first_values(counted, self._many_rows), ())):
            return None
        all_of = replace(counted, keys=())
        finest, frame = self._by_value.get(all_of, (None, None))
        if finest is None or frame is None or not set(counted.keys) <= set(finest.keys):
            frame = self._asked(counted, beside)
            self._by_value[all_of] = counted, frame
        return quantiles(frame, reduction)

    def _is_plain(self, reduction: Reduction) -> bool:
        """Whether it is of all rows of a large table, or of these by time, as their sum is too."""
        rows = self._tables.rows(reduction.source.table)
        is_of_all = all(key.grain is not None for key in reduction.keys)
        return is_of_all and rows >= self._many_rows * VALUES_PAY

    def _asked(self, reduction: Reduction, beside: Sequence[Period]) -> pl.DataFrame:
        found = [
            self._scanned(scan, (self.scans(over(reduction, period))[place] for period in beside))
            for place, scan in enumerate(self.scans(reduction))
        ]
        return _counted(together(reduction, found), reduction)

    def of_both(self, query: Query) -> Reduce:
        """Reduce as `query` needs it: what is asked of both of its periods is read of both at once.

        Of a ranking that is cut, only what has been cut is asked of the earlier period.
        """
        periods = query.periods if query.compare else ()
        is_cut = any(query.dataset.dimension(k.name).is_wide for k in query.by)

        def reduce(reduction: Reduction) -> pl.DataFrame:
            is_split = any(key.name == BUCKET for key in reduction.keys)
            return self.reduce(reduction, periods if is_split or not is_cut else ())

        return reduce

    def read_ahead(self, asked: Iterable[tuple[Reduction, Sequence[Period]]]) -> None:
        """Read at once what several reductions, each of its periods, ask of the same rows.

        What is known, and what nothing else reads, is left to be read when it is asked for.
        """
        coming: list[Scan] = []
        seen = set[Reduction]()
        for reduction, periods in asked:
            for parts in zip(*(self.scans(over(reduction, p)) for p in periods), strict=True):
                new = [s for s in parts if s not in seen and not self._cache.has(self._key(s))]
                seen.update(new)
                coming += scans_of(new)
        for group in same_rows(coming):
            self._cache.remember(
                repr((READ_AHEAD, *(self._key(part) for scan in group for part in scan.parts))),
                partial(self._read_each, group),
            )

    def _read_each(self, group: Sequence[Scan]) -> pl.DataFrame:
        """Keep the answer to every part of a group; nothing where a scan of all takes too long."""
        try:
            frames = self._engine.reduce_each([scan.reduction for scan in group], self._tables)
        except QueryTimeout:
            return pl.DataFrame()
        for scan, frame in zip(group, frames, strict=True):
            for part, answer in zip(scan.parts, scan.answers(frame), strict=True):
                if answer is not None:
                    self._cache.keep(self._key(part), answer)
        return pl.DataFrame()

    def _scanned(self, scan: Reduction, beside: Iterable[Reduction]) -> pl.DataFrame:
        frame, was_cached = self._cache.remember(
            self._key(scan), lambda: self._read(scan, [r for r in beside if r != scan])
        )
        self.all_cached &= was_cached
        self.has_read_table |= self._dataset.table in _tables_of(scan)
        return frame

    def _key(self, scan: Reduction) -> str:
        """All that decides the answer: the work itself, access inside, and the data."""
        contents = {t: self._tables.contents(t) for t in _tables_of(scan)}
        return repr((self._engine.name, contents, scan))

    def _read(self, scan: Reduction, beside: Sequence[Reduction]) -> pl.DataFrame:
        """From the tables, with what is beside it where one scan answers both."""
        all_of = [scan, *(r for r in beside if not self._cache.has(self._key(r)))]
        both = joint(all_of)
        if both is None:
            return self._engine.reduce(scan, self._tables)
        mine, *others = parted(self._engine.reduce(both, self._tables), all_of)
        for other, frame in zip(all_of[1:], others, strict=True):
            if frame is not None:
                self._cache.keep(self._key(other), frame)
        return self._engine.reduce(scan, self._tables) if mine is None else mine

    def scans(self, reduction: Reduction) -> tuple[Reduction, ...]:
        """What the engine does for it; the last days are named where a number is of those."""
        whole = closed(reduction, self._dataset, self._tables)
        return apart(unsplit(whole, self._dataset, self._tables))

    def first_look(self, planned: Plan, reduction: Reduction, fewest: int) -> FirstLook | None:
        """What to look at first of a reduction of `planned`, where that costs less than counting.

        None where a rollup answers, where two periods are read at once, where no account is
        counted, and where rows are few.
        """
        query, period = planned.query, reduction.period
        is_counted = self._dataset.is_of_accounts and bool(fewest) and not query.keeps_small
        is_counted = is_counted and query.compare is None
        is_closing = any(m.is_closing for m in query.metrics)
        if planned.reading or planned.inner or period is None or is_closing or not is_counted:
            return None
        days = self._tables.days(self._dataset.table)
        if days is None or period.end < days[0] or period.start > days[1]:
            return None
        kept, held = Period(max(period.start, days[0]), min(period.end, days[1])), Period(*days)
        rows = self._tables.rows(self._dataset.table) * kept.days / held.days
        is_wide = any(self._dataset.dimension(k.name).is_wide for k in query.by)
        if is_wide and self._is_unsplit(reduction):
            return None
        is_split = not is_wide and all(a.is_additive for a in reduction.aggregates)
        if rows < self._many_rows * (SPLIT_PAYS if is_split else 1):
            return None
        clock = columns_of(self._dataset.time.expression)
        is_timed = any(columns_of(key.expression) & clock for key in reduction.keys)
        share = SHARE_OF_DAYS / 2 if is_wide else SHARE_OF_DAYS
        looked_at = 0 if is_timed or period.end > days[1] else round(kept.days * share)
        return FirstLook(fewest, int(rows * SHARE_OF_ROWS), looked_at)

    def _is_unsplit(self, reduction: Reduction) -> bool:
        """Whether a rollup also tells of how many accounts each of its groups is."""
        asked = replace(reduction, aggregates=(*reduction.aggregates, INHABITED))
        return unsplit(asked, self._dataset, self._tables) is not asked

    def proves(self, counted: Reduction, fewest: int) -> bool:
        """Whether the first rows of a large table are of so many accounts: then all of them are."""
        rows = self._tables.rows(counted.source.table)
        if (
            counted.aggregates != (INHABITED,)
            or counted.keys
            or rows < self._many_rows * PROOF_PAYS
        ):
            return False
        first = self.reduce(replace(counted, part=Part(self._many_rows)))
        return bool(first[INHABITED.key].item() >= fewest)

    @property
    def knows_people(self) -> bool:
        """Whether there are enough accounts for any to be one of many."""
        return bool(self._dataset.people) or self.knows_accounts

    @property
    def knows_accounts(self) -> bool:
        """The same, where rows are what accounts did."""
        units = self._units() if self._dataset.is_of_accounts else None
        return units is not None and bool((units[0] > 0).sum() >= FEWEST_BUCKETS)

    def population(self) -> Array | None:
        """Units by bucket, a row that names none for one; None where the dataset has no unit."""
        units = self._units()
        return None if units is None else units.sum(axis=0)

    def _units(self) -> Array | None:
        """Units by bucket, those that are named and then the others."""
        if not self._dataset.entity:
            return None
        known = known_population(self._dataset, self._tables)
        if known is None:
            known = counted_units(self.reduce(population_plan(self._dataset)))
        return np.asarray(known, dtype=np.float64).reshape(-1, BUCKETS)


def _counted(frame: pl.DataFrame, reduction: Reduction) -> pl.DataFrame:
    """Of no row at all, what a rollup adds up of counts is NULL, and none."""
    counts = [a.key for a in reduction.aggregates if a.operation in ("count", "count_distinct")]
    return frame if reduction.keys else frame.with_columns(pl.col(counts).fill_null(0.0))


def _tables_of(reduction: Reduction) -> tuple[str, ...]:
    source = reduction.source
    inner = () if source.inner is None else _tables_of(source.inner)
    return tuple(dict.fromkeys((source.table, *(j.table for j in source.joins), *inner)))
