"""What an estimator is, what it is given, and what it gives back.

Counts come by group, inner keys and cluster of accounts. The value is of all clusters together; how
it varies is seen by leaving one of them out at a time (the grouped jackknife of
`queries.interval`), unless the estimator knows an interval of its own.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.errors import InvalidQuery
from queries.formula import Array
from queries.interval import margin_of_present

Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Inner:
    """A key that is counted by within every group.

    A question may break down by it, or keep some of its values, only where that leaves the number
    what it is called: an effective number of titles by title is always one. With `is_asked` the
    question must break down by it; `is_optional` ones need not be named by a metric.
    """

    name: str
    may_group: bool = False
    may_filter: bool = False
    is_asked: bool = False
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that an estimator works by, such as a horizon; what it may be."""

    name: str
    low: float
    high: float
    is_whole: bool = False

    def read(self, text: str) -> float:
        """Raises InvalidQuery where the text is no number, or one that it may not be."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if self.low <= number <= self.high and (not self.is_whole or number.is_integer()):
            return number
        raise InvalidQuery(
            f"“{text}” is nothing {self.name} can be.",
            f"It is a {'whole ' if self.is_whole else ''}number from {self.low:g} to "
            f"{self.high:g}.",
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts to estimate from: a row for each combination of keys that occurs.

    `group` is the place of a row's group among `groups`; -1 where that group is not asked for,
    which matters to what is learnt from all rows. `around` numbers the combinations of the
    question's keys that are not inner ones. `keys` are by the names of inner keys, `amounts` are
    `rows x clusters`. `scale` weighs what is left without a cluster back to all accounts.
    """

    groups: int
    group: Indices
    around: Indices
    keys: pl.DataFrame
    amounts: Mapping[str, Array]
    has_clusters: bool
    scale: Array | None = None
    settings: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def clusters(self) -> int:
        return next(iter(self.amounts.values())).shape[1]

    def columns(self, name: str, *, is_total: bool = False) -> Array:
        """All clusters together, then without one at a time: `rows x (1 + clusters)`."""
        return left_out_too(self.amounts[name], self.scale if is_total else None)

    def present(self) -> Flags:
        """Which clusters a group has rows of: `groups x clusters`."""
        found = np.zeros((self.groups, self.clusters), dtype=np.bool_)
        asked = self.group >= 0
        for amounts in self.amounts.values():
            np.logical_or.at(found, self.group[asked], amounts[asked] != 0)
        return found


@dataclass(frozen=True, slots=True)
class Estimates:
    """A value a group with its 95 % interval, NaN where there is none.

    `replicates` are `groups x clusters`, the value without a cluster; only those `present` count.
    """

    values: Array
    low: Array
    high: Array
    replicates: Array
    present: Flags

    @classmethod
    def jackknifed(cls, columns: Array, present: Flags) -> "Estimates":
        """From `groups x (1 + clusters)`: the values, and what they are without a cluster."""
        values, replicates = columns[:, 0], columns[:, 1:]
        spread = margin_of_present(replicates, present)
        return cls(values, values - spread, values + spread, replicates, present)

    @classmethod
    def unknown(cls, groups: int) -> "Estimates":
        """Nothing is known of any group."""
        blank = np.full(groups, np.nan)
        return cls(blank, blank, blank, blank[:, None], np.zeros((groups, 1), dtype=np.bool_))

    def without_intervals(self) -> "Estimates":
        """The values alone."""
        return replace(self.unknown(len(self.values)), values=self.values)

    def within(self, low: float, high: float = np.inf) -> "Estimates":
        """With intervals cut to what is possible."""
        ends = (np.clip(end, low, high) for end in (self.low, self.high))
        return replace(self, low=next(ends), high=next(ends))


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """How one number is worked out. `amounts` and `inner` are what a metric must give it.

    `settings` are parameters of the metric: what a question gives, or else its defaults.
    One that `needs_clusters` for the value itself gets them where no interval is asked for, too.
    To one that `skips_empty` it is all the same whether keys come whose amounts are all 0, so rows
    that no amount looks at need not be counted.
    """

    estimate: Callable[[Counted], Estimates]
    amounts: tuple[str, ...]
    inner: tuple[Inner, ...]
    needs_clusters: bool = False
    skips_empty: bool = False
    settings: tuple[Setting, ...] = ()

    def key(self, name: str) -> Inner:
        return next(inner for inner in self.inner if inner.name == name)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one group, amounts as `rows x (1 + clusters)`."""

    keys: pl.DataFrame
    amounts: Mapping[str, Array]
    settings: Mapping[str, float]


def by_group(
    read: Callable[[Part], Array],
    *,
    low: float = -np.inf,
    high: float = np.inf,
    is_total: bool = False,
) -> Callable[[Counted], Estimates]:
    """An estimate of each group by itself: `read` gives a value for each column of the amounts.

    `low` and `high` are the ends of what the value can be. A total is scaled to all accounts.
    """

    def estimate(counted: Counted) -> Estimates:
        columns = np.full((counted.groups, 1 + counted.clusters), np.nan)
        laid_out = {n: counted.columns(n, is_total=is_total) for n in counted.amounts}
        for group, rows in rows_by_group(counted):
            amounts = {n: a[rows] for n, a in laid_out.items()}
            columns[group] = read(Part(counted.keys[rows], amounts, counted.settings))
        return estimates(columns, counted, is_total=is_total).within(low, high)

    return estimate


def estimates(columns: Array, counted: Counted, *, is_total: bool = False) -> Estimates:
    """`groups x (1 + clusters)` as estimates; without an interval where there are no clusters."""
    present = counted.present()
    if is_total:
        present |= present.any(axis=1, keepdims=True)
    if not counted.has_clusters:
        present = np.zeros_like(present)
    return Estimates.jackknifed(columns, present)


def rows_by_group(counted: Counted) -> list[tuple[int, Indices]]:
    """Every group that has rows, with the places of its rows."""
    order = np.argsort(counted.group, kind="stable")
    ends = np.searchsorted(counted.group[order], np.arange(counted.groups + 1))
    found = ((g, order[ends[g] : ends[g + 1]]) for g in range(counted.groups))
    return [(g, rows) for g, rows in found if len(rows)]


def left_out_too(amounts: Array, scale: Array | None = None) -> Array:
    """The sum over the last axis, then that without one of them at a time."""
    whole = amounts.sum(axis=-1, keepdims=True)
    left = whole - amounts
    return np.concatenate([whole, left if scale is None else left * scale], axis=-1)


def summed_by(place: Indices, values: Array, size: int) -> Array:
    """Sums of rows (`rows x k`) by place, along the first axis."""
    found = np.zeros((size, values.shape[1]))
    np.add.at(found, place, values)
    return found
