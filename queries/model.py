"""A question and its answer.

All types are frozen values. A `Query` that exists is valid; nothing downstream has to check
it again.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import polars as pl

from queries.condition import Condition
from queries.dataset import Dataset, Key, Metric, TimeBucket
from queries.errors import InvalidQuery, UnknownField
from queries.paired import Paired
from queries.period import Period


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
    add up. `keeps_small` is for analyses, which add up cells of few people before anybody sees
    them; their rows together are never of few (`queries.small_cells`).
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
    keeps_small: bool = False

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
    def filled(self) -> "Query":
        """With what is usual for the parameters that nobody gave."""
        if not any(m.unbound and m.defaults for m in self.metrics):
            return self
        return replace(self, metrics=tuple(m.bind({}) for m in self.metrics))

    @property
    def names(self) -> tuple[str, ...]:
        return (*(k.name for k in self.by), *(m.name for m in self.metrics))

    @property
    def needs_total(self) -> bool:
        """Whether all groups together are asked for, or needed for a share of them."""
        return self.with_total or any(c.kind == "share" for c in self.calculations)

    @property
    def periods(self) -> tuple[Period, ...]:
        """The period asked for, where there is one, and the one it is held against."""
        spans = (self.period, self.compare.period if self.compare else None)
        return tuple(span for span in spans if span is not None)

    @property
    def time_key(self) -> TimeBucket | None:
        return next((k for k in self.by if isinstance(k, TimeBucket)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An answer, with enough context to explain itself.

    `frame` has a column per key, then per metric: `m` the value, `m__low` and `m__high` its 95 %
    interval, `m__n` the rows behind it; with a comparison `m__previous`, `m__delta`,
    `m__delta_low`, `m__delta_high`, `m__relative`, `m__relative_low`, `m__relative_high`; one
    column per calculation; `incomplete` when keyed by time; and `small` where a cell is of few
    accounts, `few` or `withheld`, whose values are null. `total` is the same shape with a
    single row, over all groups: adding only what adds up; all null where it was not asked for, or
    where groups overlap. A metric without an interval has nulls.
    `paired` has both periods by bucket, where the question compares and asks for intervals.
    `doubts` say why a number is not to be trusted: a test of a metric, or an invariant of its
    tables, fails, or one of these is late; `late` are those of them that time alone has brought.
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
    late: tuple[str, ...] = ()
