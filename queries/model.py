"""The vocabulary of a question: every noun the rest of the code is written in.

All types are frozen values. A `Query` that exists is valid; nothing downstream has to check
it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal, Protocol

import polars as pl

from queries.condition import Condition, Dimension, Filter, Scalar
from queries.errors import InvalidQuery, UnknownField
from queries.estimation import Estimation
from queries.expression import columns_of
from queries.formula import Aggregate, Formula, unbound
from queries.paired import Paired
from queries.period import Grain, Period

__all__ = ["Condition", "Dimension", "Filter", "Grain", "Period", "Scalar"]

BUCKETS = 256
BUCKET = "bucket"
CLUSTERS = 32
CLUSTER = "cluster"
ROWS = Aggregate("count")
CLOSING_ROWS = ROWS.closing()

MetricClass = Literal["additive", "semi-additive", "ratio", "distinct", "quantile", "model"]
Better = Literal["up", "down", "none"]
IntervalKind = Literal["bucket", "wilson", "quantile", "none"]
Clock = Literal["local", "utc"]


@dataclass(frozen=True, slots=True)
class TimeBucket:
    """A time dimension cut at a grain."""

    dimension: Dimension
    grain: Grain

    @property
    def name(self) -> str:
        return self.dimension.name

    @property
    def label(self) -> str:
        return self.grain.value.capitalize()


Key = Dimension | TimeBucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number the company has agreed how to compute.

    `formula` is arithmetic over aggregates, or an estimation where no formula can say it.
    `format` is one of `number`, `decimal`, `percent`, `seconds`, `usd`, `ratio`. `dimensions`
    empty means every dimension of the dataset; `parameters` are the names a question must bind.
    `smallest_grain` is the finest time grain the metric may be cut at. `convention` says which of
    several usual definitions it is, where libraries disagree, and why. `tests` are canonical
    conditions on `value` that every answer must meet. `bound` says what its parameters stand for;
    one with a text in `defaults` need not be bound.
    `material` is the smallest change worth saying, as a share of the value; of a percentage, as a
    share of the nearer of it and its complement.
    """

    name: str
    label: str
    formula: Formula | Estimation
    unit: str = ""
    format: str = "number"
    better: Better = "none"
    kind: MetricClass = "additive"
    interval: IntervalKind = "bucket"
    description: str = ""
    convention: str = ""
    source: str = ""
    owner: str = ""
    status: Literal["certified", "draft", "deprecated"] = "certified"
    smallest_grain: Grain | None = None
    dimensions: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    id: str = ""
    bound: tuple[tuple[str, str], ...] = ()
    material: float = 0.01
    defaults: tuple[tuple[str, str], ...] = ()

    @property
    def is_closing(self) -> bool:
        """Whether it is the value on the last day of a bucket or period (`queries.closing`)."""
        return any(a.is_closing for a in self.formula.aggregates())

    @property
    def parameters(self) -> frozenset[str]:
        """Those that a question must bind."""
        return self.unbound - dict(self.defaults).keys()

    @property
    def unbound(self) -> frozenset[str]:
        return unbound(self.formula.aggregates())

    def bind(self, values: Mapping[str, str]) -> "Metric":
        """The metric with its parameters filled in, those not given by what is usual."""
        bound = {**dict(self.bound), **values}
        filled = {**dict(self.defaults), **bound}
        return replace(self, formula=self.formula.bind(filled), bound=tuple(sorted(bound.items())))


@dataclass(frozen=True, slots=True)
class Join:
    """A many-to-one look-up: `on` in the dataset's table equals the unique `key` of `table`."""

    name: str
    table: str
    on: str
    key: str


@dataclass(frozen=True, slots=True)
class Rollup:
    """A smaller table that answers the questions whose dimensions it kept.

    Grouped by day, bucket and `dimensions`; with `by_account` also by account, so that distinct
    accounts stay exact. Holds the additive aggregates of `metrics`, of all where none is named.
    """

    name: str
    dimensions: tuple[str, ...]
    by_account: bool = False
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionalInput:
    """A table that a lake may lack, and the columns that are read of it, by name and type."""

    name: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedTable:
    """A table of the lake that one SELECT makes of its `inputs`; never a source of its own.

    `select` is DuckDB's SQL over the names of the inputs; `getvariable('complete_through')` is the
    last day for which all of them are complete. `day` names the column of the table's day; a row
    says everything once `follow_up_days` days from it on, its own included, are complete. `over`
    holds those inputs that are derived too. The name of an `optional` input that the lake
    lacks stands for a table without rows.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    inputs: tuple[str, ...]
    select: str
    day: str = ""
    follow_up_days: int = 1
    description: str = ""
    over: "tuple[DerivedTable, ...]" = ()
    optional: tuple[OptionalInput, ...] = ()

    def retells(self, aggregate: Aggregate) -> bool:
        """Whether an aggregate over a source might be read off this table under another name.

        A distinct count might where the table has a row for each thing that is counted, any other
        where the SELECT reads all that it adds up.
        """
        if aggregate.argument == "*":
            return False
        reads = columns_of(aggregate.argument)
        if aggregate.operation == "count_distinct":
            is_told = bool(reads & set(self.key))
        else:
            is_told = reads <= columns_of(self.select)
        return is_told or any(below.retells(aggregate) for below in self.over)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One table, its joins, and everything that may be asked of it.

    `entity` is the column of the unit that intervals cluster by (the account), empty where rows
    are published totals and an interval would mean nothing. `exclusive` names a dimension whose
    values overlap: a question must group by it or keep one value. `base` is a filter that holds
    always (members only). `open` datasets are public: row rules do not apply to them. `derived`
    are the derived tables it reads, those they are made of first.
    """

    name: str
    label: str
    table: str
    time: Dimension
    dimensions: tuple[Dimension, ...]
    metrics: tuple[Metric, ...]
    description: str = ""
    row_label: str = "rows"
    grain: str = ""
    owner: str = ""
    entity: str = ""
    clock: Clock = "utc"
    base: str | None = None
    joins: tuple[Join, ...] = ()
    rollups: tuple[Rollup, ...] = ()
    derived: tuple[DerivedTable, ...] = ()
    smallest_grain: Grain = Grain.DAY
    exclusive: str = ""
    open: bool = False
    load_hint: str = ""

    @cached_property
    def _dimensions(self) -> dict[str, Dimension]:
        return {d.name: d for d in (self.time, *self.dimensions)}

    @cached_property
    def _metrics(self) -> dict[str, Metric]:
        return {m.name: m for m in self.metrics}

    def dimension(self, name: str) -> Dimension:
        if name not in self._dimensions:
            raise UnknownField("dimension", name, self._dimensions)
        return self._dimensions[name]

    def metric(self, name: str) -> Metric:
        if name not in self._metrics:
            raise UnknownField("metric", name, self._metrics)
        return self._metrics[name]

    def has_dimension(self, name: str) -> bool:
        return name in self._dimensions

    @cached_property
    def definition(self) -> str:
        """Fingerprint of what the numbers mean: changes whenever a formula or a filter does."""
        return repr(
            (self.table, self.base, self.joins, self.rollups, self.dimensions, self.metrics)
        )


@dataclass(frozen=True, slots=True)
class Access:
    """What a viewer may see. `plan` cannot be called without one.

    `rows` are filters by dimension name, applied to every dataset that is not open; a dataset
    without such a dimension is refused. Hiding an aggregate hides every metric that needs it; one
    without a filter is hidden under every filter, or a filter that keeps all would show it. It also
    hides every metric of a dataset over a derived table that could tell it again.
    """

    rows: tuple[tuple[str, tuple[Scalar, ...]], ...] = ()
    hidden: frozenset[Aggregate] = frozenset()

    def hides(self, metric: Metric, dataset: Dataset) -> bool:
        """Whether a metric of the dataset is kept from the viewer."""
        needed = {a.of_every_day for a in metric.formula.aggregates()}
        is_needed = any(a in self.hidden or replace(a, where=None) in self.hidden for a in needed)
        return is_needed or any(d.retells(a) for d in dataset.derived for a in self.hidden)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a period is held against."""

    kind: Literal["previous", "last year", "custom"]
    period: Period


@dataclass(frozen=True, slots=True)
class Threshold:
    """Keep groups whose metric lies on this side of a value."""

    metric: str
    operation: Literal[">=", ">", "<=", "<", "="]
    value: float


@dataclass(frozen=True, slots=True)
class Calculation:
    """A column worked out from a metric's column after shaping. `window` counts time buckets."""

    kind: Literal["share", "rank", "running", "rolling"]
    metric: str
    window: int = 7

    @property
    def name(self) -> str:
        return f"{self.metric}__{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question: these metrics, by these keys, where, over a period, against another.

    `period` holds resolved dates of the dataset's own clock. `order_by` names a key, a metric or
    a column of the answer such as `hours_viewed__delta`. `interval=False` skips the error bars,
    `with_total=False` what all groups come to together: a scan of its own where a number does not
    add up.
    """

    dataset: Dataset
    metrics: tuple[Metric, ...]
    by: tuple[Key, ...] = ()
    where: Condition | None = None
    thresholds: tuple[Threshold, ...] = ()
    period: Period | None = None
    compare: Comparison | None = None
    order_by: str | None = None
    descending: bool = True
    limit: int = 10_000
    calculations: tuple[Calculation, ...] = ()
    interval: bool = True
    with_total: bool = True

    def __post_init__(self) -> None:
        if not self.metrics:
            raise InvalidQuery("Pick at least one metric.")
        if len({k.name for k in self.by}) != len(self.by):
            raise InvalidQuery("The same dimension is asked for twice.")
        for metric in self.metrics:
            self.dataset.metric(metric.name)
        for key in self.by:
            self.dataset.dimension(key.name)
        if self.compare is not None and self.period is None:
            raise InvalidQuery(
                "A comparison needs a period.", "Say which period, for example “last 28 days”."
            )
        if self.order_by is not None and self.order_by.split("__")[0] not in self.names:
            raise UnknownField("column", self.order_by, self.names)

    @property
    def names(self) -> tuple[str, ...]:
        return (*(k.name for k in self.by), *(m.name for m in self.metrics))

    @property
    def needs_total(self) -> bool:
        """Whether all groups together are asked for, or needed for a share of them."""
        return self.with_total or any(c.kind == "share" for c in self.calculations)

    @property
    def time_key(self) -> TimeBucket | None:
        return next((k for k in self.by if isinstance(k, TimeBucket)), None)


@dataclass(frozen=True, slots=True)
class Source:
    """What a reduction scans: a table of the lake, with its look-ups."""

    table: str
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A named row expression: a group key of a reduction."""

    name: str
    expression: str
    grain: Grain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What an engine must do: one scan, one filter, one group-by.

    The answer has a column per key, by its name, and one per aggregate, by its key. `where` is a
    condition, `base` a canonical row expression; `period` bounds `time`, both ends included.
    """

    source: Source
    keys: tuple[Column, ...]
    aggregates: tuple[Aggregate, ...]
    where: Condition | None = None
    base: str | None = None
    time: str | None = None
    period: Period | None = None

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

    def select(self, selection: Selection, tables: "Tables") -> pl.DataFrame: ...

    def columns(self, table: str, tables: "Tables") -> tuple[str, ...]: ...

    def explain(self, work: Reduction | Selection, tables: "Tables") -> str: ...


class Tables(Protocol):
    """One snapshot of the lake: the files of each table, at one version."""

    data_version: str

    @property
    def versions(self) -> Mapping[str, int]: ...

    @property
    def details(self) -> Mapping[str, Any]: ...

    def files(self, table: str) -> tuple[str, ...]:
        """Parquet files of a table. Raises NotLoaded where the snapshot has no such table."""
        ...

    def has(self, table: str) -> bool: ...

    def rows(self, table: str) -> int: ...

    def complete_through(self, table: str) -> date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An answer, with enough context to explain itself.

    `frame` has a column per key, then per metric: `m` the value, `m__low` and `m__high` its 95 %
    interval, `m__n` the rows behind it; with a comparison `m__previous`, `m__delta`,
    `m__delta_low`, `m__delta_high`, `m__relative`, `m__relative_low`, `m__relative_high`; one
    column per calculation; and `incomplete` when keyed by time. `total` is the same shape with a
    single row, over all groups: adding only what adds up; all null where it was not asked for, or
    where groups overlap. A metric without an interval has nulls.
    `paired` has both periods by bucket, where the question compares and asks for intervals.
    `doubts` say why a number is not to be trusted: a test of a metric, or an invariant of its
    tables, fails.
    """

    query: Query
    frame: pl.DataFrame
    total: pl.DataFrame
    data_version: str
    source: Literal["rollup", "raw", "cache"]
    table: str
    sql: str
    took_ms: float
    complete_through: date | None = None
    notes: tuple[str, ...] = field(default=())
    paired: Paired | None = field(default=None, repr=False, compare=False)
    doubts: tuple[str, ...] = ()


def merged(metrics: Iterable[Metric]) -> tuple[Aggregate, ...]:
    """Every aggregate the formulas of metrics need, once each, in a stable order.

    Those of estimations are counted by keys of their own.
    """
    formulas = (m.formula for m in metrics if not isinstance(m.formula, Estimation))
    needed = frozenset[Aggregate]().union(*(f.aggregates() for f in formulas))
    return tuple(sorted(needed, key=lambda a: a.key))
