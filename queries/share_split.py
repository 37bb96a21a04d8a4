"""Share split: what is needed to say which accounts moved a share, added up by bucket of accounts.

An account watched in both periods, in the later alone, or in the earlier alone. What it did is a
row of an inner reduction; what `queries.analyses.switching` makes of it are sums over accounts, so
no account leaves the engine. Rows that name no account are no part of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from queries.condition import Condition, Dimension, Scalar
from queries.dataset import BUCKET, Access, Dataset
from queries.derived import require
from queries.distribution import UNIT, literal
from queries.errors import AccessDenied, InvalidQuery, UnsafeQuestion
from queries.formula import Aggregate
from queries.model import Query
from queries.period import Period
from queries.plan import needed_joins
from queries.reduction import Column, Reduction, Source, Tables
from queries.refusal import checked
from queries.rollup import ACCOUNT, Reading, covering

NOW, BEFORE = "now", "before"
STAYED, JOINED, LEFT = "stayed", "joined", "left"
_KINDS = {
    STAYED: '"now" > 0 AND "before" > 0',
    JOINED: '"now" > 0 AND COALESCE("before", 0) <= 0',
    LEFT: '"before" > 0 AND COALESCE("now", 0) <= 0',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSplit:
    """Of one additive metric, by one dimension, between a period and the one it is held against.

    `values` are those whose shares are to be split. The answer has a row a bucket, and columns
    `stayed`, `joined` and `left` (accounts), `now` and `before` of each of them (`stayed_now`), and
    of each value, by its place, the same (`stayed_now_0`) with `across_now_0`, what the accounts
    that stayed would have of it now with the shares they had before, and `across_before_0`, what
    they would have had before with the shares they have now.
    """

    query: Query
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if len(self.query.metrics) != 1 or len(self.query.by) != 1 or not self.values:
            raise InvalidQuery("A share is of one metric and of one dimension, of known values.")
        if self.query.compare is None:
            raise InvalidQuery("A split share needs two periods.", "Choose a comparison.")

    @property
    def dataset(self) -> Dataset:
        return self.query.dataset

    @property
    def dimension(self) -> Dimension:
        return self.dataset.dimension(self.query.by[0].name)

    @property
    def periods(self) -> tuple[tuple[str, Period], ...]:
        """Both, by the name of their columns."""
        query = self.query
        assert query.period is not None  # noqa: S101  # a query that compares has one
        assert query.compare is not None  # noqa: S101  # or it was refused
        return ((NOW, query.period), (BEFORE, query.compare.period))


def plan_share_split(question: ShareSplit, access: Access, tables: Tables) -> Reduction:
    """Turn the question into engine work. Raises AccessDenied, UnsafeQuestion or NotLoaded."""
    query, dataset = question.query, question.dataset
    where = checked(query, access)
    amount = _amount(question)
    if any(dataset.entity in a.columns for a in access.hidden):
        raise AccessDenied(
            f"Who moved a share of {query.metrics[0].label} would tell how many accounts there "
            "are, which is hidden from you.",
            f"Ask {dataset.owner or 'the owner'} for access.",
        )
    require(dataset, tables)
    named = {f.dimension.name for f in (where.filters() if where else ())}
    by_account = Aggregate("count_distinct", f'"{dataset.entity}"')
    names = frozenset({question.dimension.name, *named})
    reading = covering(dataset, names, (amount, by_account), tables)
    if reading is None:
        tables.rows(dataset.table)
    inner = _by_account(question, amount, where, reading)
    return Reduction(
        source=Source(inner.source.table, inner=inner),
        keys=(Column(BUCKET, f'"{BUCKET}"'),),
        aggregates=tuple(_sums(len(question.values))),
    )


def accounts_of(sums: pl.DataFrame) -> float:
    """How many accounts an answer is of."""
    return float(sums.select(pl.sum_horizontal(STAYED, JOINED, LEFT).sum()).item() or 0)


def _amount(question: ShareSplit) -> Aggregate:
    """What the metric adds up. A constant that scales it makes no difference to a share."""
    dataset, metric = question.dataset, question.query.metrics[0]
    aggregates = tuple(metric.formula.aggregates())
    is_one = metric.kind == "additive" and len(aggregates) == 1
    if not (dataset.is_of_accounts and is_one):
        raise UnsafeQuestion(
            f"{metric.label} is no single sum over what accounts did, so accounts have no share "
            "of it.",
            "Take an additive metric, such as hours viewed.",
            code="not_additive",
        )
    return aggregates[0]


def _by_account(
    question: ShareSplit, amount: Aggregate, where: Condition | None, reading: Reading | None
) -> Reduction:
    """A row an account, with what it did in each period, in all and of each value."""
    dataset = question.dataset
    unit = f'"{dataset.entity if reading is None else ACCOUNT}"'
    day = dataset.time.expression if reading is None else '"day"'
    summed = amount if reading is None else reading.aggregate(amount)
    column = Column(question.dimension.name, question.dimension.expression)
    value = column.expression if reading is None else reading.column(column).expression
    has_unit = f"{unit} IS NOT NULL"
    base = f"({dataset.base}) AND {has_unit}" if dataset.base and reading is None else has_unit
    within = {name: _within(day, period) for name, period in question.periods}
    aggregates = [
        replace(summed, alias=f"{name}{suffix}", where=" AND ".join(filter(None, parts)))
        for name, days in within.items()
        for suffix, parts in _of_values(days, summed.where, value, question.values)
    ]
    either = " OR ".join(f"({days})" for days in within.values())
    inner = Reduction(
        source=Source(dataset.table if reading is None else reading.table),
        keys=(Column(UNIT, unit), Column(BUCKET, f'"{BUCKET}"')),
        aggregates=tuple(aggregates),
        where=where if reading is None or where is None else reading.condition(where),
        base=f"({base}) AND ({either})",
        time=day,
        period=_span([period for _, period in question.periods]),
    )
    joins = needed_joins(dataset.joins, inner.columns) if reading is None else ()
    return replace(inner, source=Source(inner.source.table, joins))


def _of_values(
    days: str, kept: str | None, value: str, values: tuple[Scalar, ...]
) -> Iterator[tuple[str, tuple[str | None, ...]]]:
    """The conditions of an amount: of all values, then of each."""
    yield "", (days, kept)
    for place, one in enumerate(values):
        yield f"_{place}", (days, kept, f"{value} = {literal(one)}")


def _within(day: str, period: Period) -> str:
    ends = (f"CAST('{end}' AS DATE)" for end in (period.start, period.end))
    return f"{day} BETWEEN {' AND '.join(ends)}"


def _span(periods: list[Period]) -> Period:
    return Period(min(p.start for p in periods), max(p.end for p in periods))


def _sums(values: int) -> Iterator[Aggregate]:
    """What is added up over the accounts of a bucket."""
    for kind, where in _KINDS.items():
        yield Aggregate("count", where=where, alias=kind)
        for side in _sides_of(kind):
            yield Aggregate("sum", f'"{side}"', where, alias=f"{kind}_{side}")
            for n in range(values):
                yield Aggregate("sum", f'"{side}_{n}"', where, alias=f"{kind}_{side}_{n}")
    for n in range(values):
        for one, other in ((NOW, BEFORE), (BEFORE, NOW)):
            across = f'"{one}" * "{other}_{n}" / "{other}"'
            yield Aggregate("sum", across, _KINDS[STAYED], alias=f"across_{one}_{n}")


def _sides_of(kind: str) -> tuple[str, ...]:
    return {STAYED: (NOW, BEFORE), JOINED: (NOW,), LEFT: (BEFORE,)}[kind]
