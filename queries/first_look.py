"""Of how many accounts a cell is, known from few rows: what some rows prove, all rows hold.

Accounts are buckets with rows. A group that has rows in enough buckets on a few days, or among the
first rows of each file, is neither withheld nor grey, whatever the others add; only of what remains
more is counted. What is shown, withheld and marked is just what a count of everything would make
it.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.cells import (
    GROUP,
    Cells,
    bucket_of,
    indexed_by_group,
    laid_out,
    laid_out_by_bucket,
)
from queries.condition import Filter
from queries.dataset import BUCKETS, ROWS, TimeBucket
from queries.formula import Array
from queries.model import Query
from queries.period import Period
from queries.plan import by_bucket, only
from queries.reduction import Part, Reduce, Reduction
from queries.small_cells import accounts, is_few, is_withheld

_Mask = NDArray[np.bool_]

MOST_NAMED = 500
ROUNDS = 4
PORTION = 3
SPARING = 40
#: The fewest buckets with rows that are grey no longer.
ENOUGH = int(is_few(accounts(np.arange(BUCKETS + 1.0))).sum()) + 1


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Which rows are looked at first, and of how many accounts a cell must be to be shown.

    Those of the last `days` of the period; without them, about `rows`, the first of each file.
    """

    fewest: int
    rows: int
    days: int = 0

    def first(self, reduction: Reduction) -> Reduction:
        """The same of the rows that are looked at first."""
        if not self.days or reduction.period is None:
            return replace(reduction, part=Part(self.rows))
        end = reduction.period.end
        return replace(reduction, period=Period(end - timedelta(self.days - 1), end))

    def rest(self, reduction: Reduction) -> Reduction:
        """The same of the days before; without days of all rows, which costs less than to skip."""
        if not self.days or reduction.period is None:
            return reduction
        start, end = reduction.period.start, reduction.period.end
        return replace(reduction, period=Period(start, end - timedelta(self.days)))

    def beyond(self, reduction: Reduction) -> list[Reduction]:
        """The rest in portions, the nearest days first."""
        rest = self.rest(reduction)
        if not self.days or rest.period is None or rest.period.days <= PORTION * self.days:
            return [rest]
        start, end = rest.period.start, rest.period.end
        edge = end - timedelta(PORTION * self.days - 1)
        portions = Period(edge, end), Period(start, edge - timedelta(1))
        return [replace(rest, period=portion) for portion in portions]


@dataclass(slots=True)
class Seen:
    """The buckets that each group has rows in, as far as it was looked at.

    `rows` were looked at of each; where they are all of `total` it is exact. Rows that name no
    account are of no bucket here.
    """

    buckets: _Mask
    rows: Array
    total: Array

    @property
    def is_exact(self) -> _Mask:
        return self.rows >= self.total

    @property
    def occupied(self) -> Array:
        return self.buckets.sum(axis=1).astype(np.float64)

    @property
    def is_open(self) -> _Mask:
        """Whose mark is not known yet."""
        return ~self.is_exact & (self.occupied < ENOUGH)

    @property
    def most(self) -> Array:
        """In how many buckets each may have rows at most."""
        return np.where(self.is_exact, self.occupied, np.minimum(self.total, BUCKETS))

    def look(self, frame: pl.DataFrame, groups: pl.DataFrame, chosen: _Mask | None = None) -> None:
        """Take in rows by group and bucket: the first ones, or every row of the `chosen` groups."""
        keys = [name for name in frame.columns if name in groups.columns]
        indexed = indexed_by_group(frame, groups, keys)
        if chosen is None:
            weights = indexed[ROWS.key].to_numpy()
            rows = np.bincount(indexed[GROUP].to_numpy(), weights, len(self.rows))
            self.rows = rows.astype(np.float64)
        else:
            self.rows = np.where(chosen, self.total, self.rows)
        bucket = bucket_of(indexed)
        is_named = bucket < BUCKETS
        self.buckets[indexed[GROUP].to_numpy()[is_named], bucket[is_named]] = True


@dataclass(frozen=True, slots=True)
class Search:
    """How to count the buckets of cells: of a question, by a reduction of its groups."""

    query: Query
    reduction: Reduction
    reduce: Reduce
    first_look: FirstLook

    def of_all(self, cells: Cells, seen: Seen) -> Array:
        """In how many buckets each cell has rows; where it is `ENOUGH` it may be more.

        Exact, too, where it decides what is withheld beside what is too small.
        """
        *portions, last = self.first_look.beyond(self.reduction)
        for portion in portions:
            if seen.is_open.any():
                frame = self._counted(portion, cells.groups.filter(pl.Series(seen.is_open)))
                seen.look(frame, cells.groups, np.zeros_like(seen.is_open))
        if seen.is_open.any():
            frame = self._counted(last, cells.groups.filter(pl.Series(seen.is_open)))
            seen.look(frame, cells.groups, seen.is_open)
        gone = is_withheld(seen.occupied, self.first_look.fewest, cells.groups)
        if (gone & ~seen.is_exact).any():
            self._complete(seen, ~seen.is_exact, cells.groups)
        return seen.occupied

    def of_top(self, cells: Cells, seen: Seen, order: NDArray[np.intp]) -> Array:
        """The same of the first in an order that may be shown, as many as are asked for.

        Of those behind them too little may be known. By a single key the smallest cell that may be
        shown is withheld beside those that may not: one behind that is surely smaller than all of
        the first spares these. Where none is, or they are too few, everything is counted.
        """
        fewest, limit = self.first_look.fewest, self.query.limit
        first = _first(seen, order, fewest, limit)
        for _ in range(ROUNDS):
            if not (first & seen.is_open).any():
                break
            self._complete(seen, first & seen.is_open, cells.groups)
            first = _first(seen, order, fewest, limit)
        least = seen.occupied[first].min(initial=np.inf)
        may_spare = ~first & (seen.most < least) & ~seen.is_exact
        if not _spare(seen, first, fewest).any() and may_spare.any():
            # Those with most rows of them are likely to be of enough accounts.
            likely = np.argsort(np.where(may_spare, seen.total, -1), kind="stable")[-SPARING:]
            self._complete(seen, may_spare & np.isin(np.arange(len(first)), likely), cells.groups)
        is_known = first.sum() == limit and not (first & seen.is_open).any()
        is_spared = _spare(seen, first, fewest).any() or (seen.occupied >= fewest).all()
        if not (is_known and is_spared):
            self._complete(seen, ~seen.is_exact, cells.groups)
        return seen.occupied

    def first(self, cells: Cells) -> Seen:
        """What the first rows show of the cells."""
        seen = unseen(cells)
        counted = by_bucket(replace(self.reduction, aggregates=(ROWS,)))
        seen.look(self.reduce(self.first_look.first(counted)), cells.groups)
        return seen

    def in_parts(self, groups: pl.DataFrame | None) -> tuple[Cells, Seen]:
        """The cells of all rows, those of the first days by bucket, so that each row is read once.

        For what adds up over rows.
        """
        keys = [k.name for k in self.reduction.keys]
        split = by_bucket(self.first_look.first(self.reduction))
        rest = self.first_look.rest(self.reduction)
        frames = self.reduce(split), self.reduce(rest)
        if groups is None and keys:
            groups = pl.concat([f.select(keys) for f in frames]).unique(maintain_order=True)
        first = laid_out_by_bucket(frames[0], split, groups)
        other = laid_out(frames[1], rest, groups)
        rows = [part.totals[ROWS.key] for part in (first, other)]
        totals = {
            key: _added((value, other.totals[key]), (rows[0] > 0, rows[1] > 0))
            for key, value in first.totals.items()
        }
        found = first.named(ROWS.key)
        assert found is not None  # noqa: S101  # `first` is by bucket
        return Cells(other.groups, totals), Seen(found, rows[0], totals[ROWS.key])

    def _complete(self, seen: Seen, chosen: _Mask, groups: pl.DataFrame) -> None:
        """Count the chosen groups to the end."""
        if chosen.any():
            rest = self.first_look.rest(self.reduction)
            frame = self._counted(rest, groups.filter(pl.Series(chosen)))
            seen.look(frame, groups, chosen)

    def _counted(self, reduction: Reduction, groups: pl.DataFrame) -> pl.DataFrame:
        """Rows by bucket of these groups, and perhaps of some others."""
        counted = by_bucket(replace(reduction, aggregates=(ROWS,)))
        for condition in self._conditions(groups):
            counted = only(counted, condition)
        return self.reduce(counted)

    def _conditions(self, groups: pl.DataFrame) -> list[Filter]:
        """What keeps rows of these groups, and perhaps of some others."""
        found: list[Filter] = []
        for key in self.query.by:
            values = groups[key.name].unique().sort()
            if not isinstance(key, TimeBucket) and not values.null_count():
                named = tuple(values.to_list())
                found += [Filter(key, "in", named)] if len(named) <= MOST_NAMED else []
        return found


def unseen(cells: Cells) -> Seen:
    """Nothing known yet of these cells."""
    count = cells.groups.height
    found = np.zeros((count, BUCKETS), dtype=bool)
    return Seen(found, np.zeros(count), cells.totals[ROWS.key])


def _first(seen: Seen, order: NDArray[np.intp], fewest: int, limit: int) -> _Mask:
    """The first in an order that are not known to be small."""
    is_small = seen.is_exact & (seen.occupied < fewest)
    first = np.zeros(len(order), dtype=bool)
    first[order[~is_small[order]][:limit]] = True
    return first


def _spare(seen: Seen, first: _Mask, fewest: int) -> _Mask:
    """Those not among the first that may be shown and are smaller than any of the first."""
    least = seen.occupied[first].min(initial=np.inf)
    return ~first & (seen.occupied >= fewest) & (seen.most < least)


def _added(parts: tuple[Array, Array], are_there: tuple[_Mask, _Mask]) -> Array:
    """Of two parts of the rows: no number where one has rows without any, and none has some."""
    known = [~np.isnan(part) & is_there for part, is_there in zip(parts, are_there, strict=True)]
    is_bare = (np.isnan(parts[0]) | np.isnan(parts[1])) & ~(known[0] | known[1])
    return np.where(is_bare, np.nan, np.nan_to_num(parts[0]) + np.nan_to_num(parts[1]))
