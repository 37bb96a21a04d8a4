"""The answers of an engine laid out as arrays: a number a group, or one for each of its buckets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.dataset import BUCKET, BUCKETS, CLOSING_ROWS, ROWS, Dataset, Metric
from queries.estimators.estimator import Estimates
from queries.formula import Array, Formula
from queries.interval import Histogram
from queries.paired import NAMED, named_rows
from queries.plan import INHABITED
from queries.reduction import Reduction

GROUP = "__group"
_ROW_COUNTS = {ROWS.key, CLOSING_ROWS.key}
_VALUES = frozenset(("quantile", "min", "max"))


@dataclass(frozen=True, slots=True)
class Cells:
    """Aggregates of `groups`: `totals` one number a group, `buckets` `groups x 256` of them.

    An aggregate that is no sum over buckets has a total only. A sum over rows whose values are all
    missing is NaN, in its total and in its buckets. `histograms` are by the key of their
    quantile, `estimates` by the name of the metric. Where some rows name no account, `buckets` also
    has those that do, by the key of all and `NAMED`. `inhabited` says in how many buckets accounts
    have rows, where it is not split by bucket. `left_out` groups of a handful are in no ranking.
    `steady` totals are the same whichever bucket is left out: the days of a period.
    """

    groups: pl.DataFrame
    totals: Mapping[str, Array]
    buckets: Mapping[str, Array] = field(default_factory=dict[str, Array])
    histograms: Mapping[str, Histogram] = field(default_factory=dict[str, Histogram])
    estimates: Mapping[str, Estimates] = field(default_factory=dict[str, Estimates])
    inhabited: Array | None = None
    left_out: int = 0
    steady: frozenset[str] = frozenset()

    def values(self, formula: Formula) -> Array:
        """The formula's value of every group."""
        values = formula.evaluate(self.totals)
        return np.broadcast_to(values, (self.groups.height,)).astype(np.float64)

    def occupied(self, key: str) -> Array | None:
        """In how many buckets accounts have rows of each group; None where nobody counted."""
        found = self.named(key)
        return self.inhabited if found is None else np.asarray(found.sum(axis=1), np.float64)

    def named(self, key: str) -> NDArray[np.bool_] | None:
        """In which buckets accounts have rows of each group, counted by `key`."""
        rows = named_rows(self.buckets, key if key in self.buckets else ROWS.key)
        return rows if rows is None else rows > 0

    def behind(self, metric: Metric, dataset: Dataset) -> Array | None:
        """Of how many buckets or accounts a metric of each group is; None where of nobody's."""
        if dataset.is_of_accounts:
            return self.occupied((CLOSING_ROWS if metric.is_closing else ROWS).key)
        counted = [self.totals[a.key] for a in dataset.counted(metric) if a.key in self.totals]
        return np.fmax.reduce(counted) if counted else None

    def has_buckets(self, formula: Formula) -> bool:
        keys = {a.key for a in formula.aggregates()}
        return keys <= self.steady | self.buckets.keys() and bool(keys - self.steady)


def indexed_by_group(frame: pl.DataFrame, groups: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The rows of a frame that are of some of the groups, with their number in `GROUP`."""
    if not keys:
        return frame.hstack([pl.Series(GROUP, np.zeros(frame.height, np.uint32))])
    return frame.join(
        groups.select(keys).with_row_index(GROUP), on=keys, how="inner", nulls_equal=True
    )


def laid_out(frame: pl.DataFrame, reduction: Reduction, groups: pl.DataFrame | None) -> Cells:
    """The cells of a reduction: of `groups`, or of all it has."""
    keys = [k.name for k in reduction.keys]
    if groups is None and keys:
        groups, indexed = frame.select(keys), frame
        at = np.arange(frame.height)
    else:
        groups = pl.DataFrame({GROUP: [0]}) if groups is None else groups
        indexed = indexed_by_group(frame, groups, keys)
        at = indexed[GROUP].to_numpy()
    totals: dict[str, Array] = {}
    for aggregate in reduction.aggregates:
        # A group that is not there has nothing to add; a quantile of no rows is not a number.
        values = np.full(groups.height, np.nan if aggregate.operation in _VALUES else 0.0)
        values[at] = _numbers(indexed[aggregate.key])
        totals[aggregate.key] = values
    return Cells(groups, totals, inhabited=totals.pop(INHABITED.key, None))


def laid_out_by_bucket(
    frame: pl.DataFrame, reduction: Reduction, groups: pl.DataFrame | None
) -> Cells:
    """The cells of a reduction by bucket, with their totals: of `groups`, or of all it has."""
    keys = [k.name for k in reduction.keys if k.name != BUCKET]
    if groups is None:
        unique = frame.select(keys).unique(maintain_order=True) if keys else None
        groups = pl.DataFrame({GROUP: [0]}) if unique is None else unique
    indexed = indexed_by_group(frame, groups, keys)
    group, bucket = indexed[GROUP].to_numpy(), bucket_of(indexed)
    is_named = bucket < BUCKETS
    at = group.astype(np.int64) * BUCKETS + bucket % BUCKETS
    shape = (groups.height, BUCKETS)

    def placed(values: Array) -> Array:
        flat = np.bincount(at, values, groups.height * BUCKETS)
        return flat.astype(np.float64, copy=False).reshape(shape)

    buckets: dict[str, Array] = {}
    totals: dict[str, Array] = {}
    for aggregate in reduction.aggregates:
        values = _numbers(indexed[aggregate.key])
        is_missing = np.isnan(values)
        buckets[aggregate.key] = placed(np.where(is_missing, 0, values))
        totals[aggregate.key] = buckets[aggregate.key].sum(axis=1)
        if aggregate.key in _ROW_COUNTS and not is_named.all():
            buckets[aggregate.key + NAMED] = placed(np.where(is_named, values, 0))
        if is_missing.any():
            is_known = np.zeros(groups.height, dtype=bool)
            is_known[group[~is_missing]] = True
            is_there = np.zeros(groups.height, dtype=bool)
            is_there[group] = True
            totals[aggregate.key][is_there & ~is_known] = np.nan
    return Cells(groups, totals, buckets)


def _numbers(values: pl.Series) -> Array:
    """As floats, NaN where there is none."""
    return np.asarray(values.to_numpy(), dtype=np.float64)


def bucket_of(indexed: pl.DataFrame) -> NDArray[np.int64]:
    """From `BUCKETS` on it is nobody's, and so is a row without any."""
    return np.nan_to_num(_numbers(indexed[BUCKET]), nan=BUCKETS).astype(np.int64)
