"""What may be asked: metrics, datasets, and what a viewer may see of them.

All types are frozen values; the catalogue makes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from queries.condition import Dimension, Scalar
from queries.errors import UnknownField, UnsafeQuestion
from queries.estimation import Estimation
from queries.expression import columns_of
from queries.formula import Aggregate, Formula, unbound
from queries.period import Grain

BUCKETS = 256
"""Accounts lie in buckets 0 to 255; rows that name none in 256 to 511, to cluster as 256 less."""

BUCKET = "bucket"

CLUSTERS = 32

CLUSTER = "cluster"

ROWS = Aggregate("count")

CLOSING_ROWS = ROWS.closing()

IS_NAMED = f'"{BUCKET}" < {BUCKETS}'

MetricClass = Literal["additive", "semi-additive", "ratio", "distinct", "quantile", "model"]

Better = Literal["up", "down", "none"]

IntervalKind = Literal["bucket", "proportion", "wilson", "quantile", "none"]

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


SMALL = "small"
_PEOPLE = ("account_id", "profile_id")
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
    one with a text in `defaults` need not be bound. `guardrail` is the metric of the same dataset
    that must not get worse where this one is pushed; shown beside its targets.
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
    status: Literal["agreed", "draft", "deprecated"] = "agreed"
    smallest_grain: Grain | None = None
    dimensions: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    id: str = ""
    bound: tuple[tuple[str, str], ...] = ()
    material: float = 0.01
    defaults: tuple[tuple[str, str], ...] = ()
    guardrail: str = ""

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
        settings = self.formula.unset if isinstance(self.formula, Estimation) else frozenset[str]()
        return unbound(self.formula.aggregates()) | settings

    def bind(self, values: Mapping[str, str]) -> "Metric":
        """The metric with its parameters filled in, those not given by what is usual."""
        bound = {**dict(self.bound), **values}
        filled = {**dict(self.defaults), **bound}
        return replace(self, formula=self.formula.bind(filled), bound=tuple(sorted(bound.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMetric:
    """A metric that is no number by group, so that only its `page` can show it."""

    name: str
    label: str
    page: str
    unit: str = ""
    better: Better = "none"
    description: str = ""
    convention: str = ""
    source: str = ""
    owner: str = ""
    id: str = ""


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
    accounts stay exact. Holds the additive aggregates of `metrics`, of all where none is named; of
    a named metric that has an estimator, those it is given. With `only`, a canonical row
    expression, it holds the rows that meet it, and answers what looks at no others. Without
    `by_bucket` it is of columns that have too many values to keep every bucket of each, such as
    titles: it knows in which buckets there are rows, and no interval (`queries.unsplit`).
    """

    name: str
    dimensions: tuple[str, ...]
    by_account: bool = False
    metrics: tuple[str, ...] = ()
    only: str | None = field(default=None, repr=False)
    by_bucket: bool = field(default=True, repr=False)


@dataclass(frozen=True, slots=True)
class Activity:
    """The days on which each account counts, folded into bits: any days' accounts are rows of it.

    Folded from the rollup `of`, which is by account, for `dimensions` of it and for every part of
    them. A row is an account and its values of one such part (`queries.activity`).
    """

    name: str
    of: Rollup
    dimensions: tuple[str, ...] = ()


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
    lacks stands for a table without rows. `sliced` names inputs that may be read a span of buckets
    at a time, since no row of the table is made of accounts of several; `whole_` before the name
    reads all of such an input.
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
    sliced: tuple[str, ...] = ()

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
    are the derived tables it reads, those they are made of first. `page_metrics` cannot be asked.
    `unnamed` are metrics that no hint may name, since whoever asks may not see them.
    `leading` names the dimensions that are asked for most, those first.
    `people` pairs a column that is made of accounts, in a table whose rows are none's, with the
    aggregate that says of how many: a sum where no account is in two rows, else the most of a row.
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
    activities: tuple[Activity, ...] = ()
    derived: tuple[DerivedTable, ...] = ()
    smallest_grain: Grain = Grain.DAY
    exclusive: str = ""
    open: bool = False
    load_hint: str = ""
    page_metrics: tuple[PageMetric, ...] = ()
    unnamed: frozenset[str] = frozenset()
    people: tuple[tuple[str, Aggregate], ...] = ()
    leading: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Of its name and table: what it means is compared only with one of the same."""
        return hash((self.name, self.table))

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
        shown = next((m for m in self.page_metrics if m.name == name), None)
        if shown is not None:
            raise UnsafeQuestion(
                f"{shown.label} is no number of a group of rows.",
                f"See the page {shown.page}: it is worked out there.",
                code="shown_on_a_page",
            )
        if name not in self._metrics:
            raise UnknownField("metric", name, self._metrics.keys() - self.unnamed)
        return self._metrics[name]

    def has_dimension(self, name: str) -> bool:
        return name in self._dimensions

    @property
    def is_of_accounts(self) -> bool:
        """Whether its rows are what accounts did."""
        return self.entity in _PEOPLE

    @property
    def is_of_people(self) -> bool:
        """Whether a number of it is made of accounts, so that a cell of few tells of somebody."""
        return self.is_of_accounts or bool(self.people)

    def counted(self, metric: Metric) -> tuple[Aggregate, ...]:
        """What counts the accounts behind a metric where rows are none's: the most of these."""
        marks = dict(self.people)
        pairs = {
            (marks[column], aggregate.where)
            for aggregate in metric.formula.aggregates()
            for column in columns_of(aggregate.argument) & marks.keys()
            if aggregate.argument != "*"
        }
        found = {replace(count, where=where or count.where) for count, where in pairs}
        return tuple(sorted(found, key=lambda a: a.key))

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
        if not self.hidden:
            return False
        needed = {a.of_every_day for a in metric.formula.aggregates()}
        is_needed = any(a in self.hidden or replace(a, where=None) in self.hidden for a in needed)
        return is_needed or any(d.retells(a) for d in dataset.derived for a in self.hidden)

    def discreet(self, dataset: Dataset) -> Dataset:
        """The dataset with hints that name nothing the viewer may not see."""
        if not self.hidden:
            return dataset
        hidden = frozenset(m.name for m in dataset.metrics if self.hides(m, dataset))
        return replace(dataset, unnamed=hidden)


def merged(metrics: Iterable[Metric]) -> tuple[Aggregate, ...]:
    """Every aggregate the formulas of metrics need, once each, in a stable order.

    Those of estimations are counted by keys of their own.
    """
    formulas = (m.formula for m in metrics if not isinstance(m.formula, Estimation))
    needed = frozenset[Aggregate]().union(*(f.aggregates() for f in formulas))
    return tuple(sorted(needed, key=lambda a: a.key))
