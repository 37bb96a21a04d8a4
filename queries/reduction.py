"""What an engine is told: one scan, one filter, one group-by, over one snapshot of the lake.

All types are frozen values or protocols; nothing here knows of metrics.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import polars as pl

from queries.condition import Condition
from queries.dataset import Join
from queries.expression import columns_of
from queries.formula import Aggregate
from queries.period import Grain, Period


@dataclass(frozen=True, slots=True)
class Counting:
    """The activity that a reduction of a rollup has its distinct accounts from.

    `columns` pairs the key of each such aggregate with the count whose days are kept as bits, and
    `grain` tells the rows to look at. `once` says that no account has two of them in a group. Keys
    in `days` count each account once a day.
    """

    table: str
    grain: int
    blocks: tuple[int, ...]
    columns: tuple[tuple[str, str], ...]
    once: bool
    days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What a reduction scans: a table of the lake, with its look-ups.

    With `inner` it scans the groups that another reduction of that table makes, a row each. What
    `counting` tells comes from a scan of its own; no engine is given a reduction that has it.
    """

    table: str
    joins: tuple[Join, ...] = ()
    inner: "Reduction | None" = None
    counting: Counting | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A named row expression: a group key of a reduction."""

    name: str
    expression: str
    grain: Grain | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """Rows whose `column` lies in `period`: no file is read that has none."""

    column: str
    period: Period

    @classmethod
    def of(cls, time: str | None, period: Period | None) -> "Days | None":
        """The days of a period by a row expression, where that is a column of the table itself."""
        if time is None or period is None:
            return None
        name = next(iter(columns_of(time)), "")
        is_bare = time == f'"{name}"' and "." not in name
        return cls(name, period) if is_bare else None


@dataclass(frozen=True, slots=True)
class Part:
    """About `rows` rows of a table: the first of each file, of each as many."""

    rows: int

    def of_each(self, files: int) -> int:
        """How many rows of each file are the first."""
        return -(-self.rows // files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What an engine must do: one scan, one filter, one group-by.

    The answer has a column per key, by its name, and one per aggregate, by its key. `where` is a
    condition, `base` a canonical row expression; `period` bounds `time`, both ends included.
    With `part` it looks at no more than that part of the rows.
    """

    source: Source
    keys: tuple[Column, ...]
    aggregates: tuple[Aggregate, ...]
    where: Condition | None = None
    base: str | None = None
    time: str | None = None
    period: Period | None = None
    part: Part | None = None

    @property
    def days(self) -> Days | None:
        """The days it is bound to, where a column of its table has them as they are."""
        return None if self.source.inner is not None else Days.of(self.time, self.period)

    @property
    def columns(self) -> frozenset[str]:
        """Every column the reduction reads, `joined.column` for those of a joined table."""
        from_keys = [columns_of(k.expression) for k in self.keys]
        from_aggregates = [a.columns for a in self.aggregates]
        from_filters = [
            columns_of(f.dimension.expression) for f in (self.where.filters() if self.where else ())
        ]
        texts = [columns_of(t) for t in (self.base, self.time) if t]
        return frozenset[str]().union(*from_keys, *from_aggregates, *from_filters, *texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The rows of a scan themselves: its keys are their columns, and nothing is grouped.

    `order` has row expressions and whether the largest come first; what is missing comes last.
    """

    scan: Reduction
    order: tuple[tuple[str, bool], ...]
    limit: int
    skip: int = 0


class Engine(Protocol):
    """Anything that can reduce a source to one row per group, or hand over its rows."""

    name: str

    def reduce(self, reduction: Reduction, tables: "Tables") -> pl.DataFrame: ...

    def reduce_each(
        self, reductions: Sequence[Reduction], tables: "Tables"
    ) -> Sequence[pl.DataFrame]:
        """The answers to reductions that read the same rows (`queries.one_scan.same_rows`)."""
        ...

    def select(self, selection: Selection, tables: "Tables") -> pl.DataFrame: ...

    def columns(
        self, table: str, tables: "Tables", days: Days | None = None
    ) -> tuple[str, ...]: ...

    def explain(self, work: Reduction | Selection, tables: "Tables") -> str: ...


class Tables(Protocol):
    """One snapshot of the lake: the files of each table, at one version."""

    data_version: str

    @property
    def versions(self) -> Mapping[str, int]: ...

    @property
    def details(self) -> Mapping[str, Any]: ...

    def files(self, table: str, days: Days | None = None) -> tuple[str, ...]:
        """Parquet files of a table. Raises NotLoaded where the snapshot has no such table.

        With `days`, those are left out that surely have no row of these days; one stays.
        """
        ...

    def has(self, table: str) -> bool: ...

    def rows(self, table: str) -> int: ...

    def complete_through(self, table: str) -> date | None: ...


Reduce = Callable[[Reduction], pl.DataFrame]
"""What answers a reduction, from wherever."""
