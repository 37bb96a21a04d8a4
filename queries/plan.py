"""Plan an answer: apply the viewer's access, refuse what has no right answer, pick the source.

Pure: nothing here reads data. There is no other way from a question to an engine, so there is
no SQL without an access inside it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from queries import activity
from queries.condition import Condition, conjunction
from queries.dataset import (
    BUCKET,
    BUCKETS,
    CLOSING_ROWS,
    CLUSTER,
    CLUSTERS,
    IS_NAMED,
    ROWS,
    Access,
    Dataset,
    Join,
    Key,
    Metric,
    TimeBucket,
    merged,
)
from queries.derived import require
from queries.estimation import Estimation
from queries.expression import columns_of, conjuncts
from queries.formula import Aggregate, fraction
from queries.model import Query
from queries.period import Period
from queries.reduction import Column, Reduction, Source, Tables
from queries.refusal import adds_over, check_access, checked, keeps_one, row_rules
from queries.rollup import Reading, covering

SUPERBUCKETS = CLUSTERS
BIN = "bin"
BIN_RATIO = 1.01
ZERO_BIN = -1_000_000
UNITS = "units"
LONERS = "loners"
INHABITED = Aggregate("count_distinct", f'"{BUCKET}"', where=IS_NAMED)
"""In how many buckets accounts have rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a query is answered: the reduction of its groups, from which the others derive.

    `reading` is the rollup it reads; None where it reads the raw table. `adding` then is the rollup
    that has what is a sum over buckets, where that is only part of what is asked.
    `inner` are the counts of estimations, by the name of their metric, each of a source of its own.
    """

    query: Query
    groups: Reduction
    reading: Reading | None = None
    adding: Reading | None = None
    inner: tuple[tuple[str, Reduction], ...] = ()

    @property
    def is_rollup(self) -> bool:
        """Whether nothing but a rollup is read."""
        raw = self.query.dataset.table
        return self.reading is not None and all(r.source.table != raw for _, r in self.inner)

    @property
    def reductions(self) -> tuple[Reduction, ...]:
        """Of the groups, then of what is counted inside them, each once."""
        return tuple(dict.fromkeys((self.groups, *(r for _, r in self.inner))))

    @property
    def scans(self) -> tuple[Reduction, ...]:
        """The reductions, and what is read by bucket of another rollup beside them."""
        if self.adding is None or not (self.query.interval or is_counted_by_bucket(self.query)):
            return self.reductions
        dataset, asked = self.query.dataset, self.groups
        parts = tuple(a for a in asked.aggregates if is_partitioned(a, dataset))
        return (*self.reductions, by_bucket(added(self, asked, parts)))

    @property
    def table(self) -> str:
        return self.reductions[-1].source.table


def plan(query: Query, access: Access, tables: Tables) -> Plan:
    """Turn a question into engine work. Raises AccessDenied, UnsafeQuestion or NotLoaded."""
    query = query.filled
    return _planned(query, checked(query, access), tables)


def plan_whole(query: Query, access: Access, tables: Tables) -> Plan:
    """The same for all groups of a question together, once that has been planned itself."""
    where = conjunction(query.where, *row_rules(query.dataset, access))
    check_access(query, access)
    return _planned(whole_of(query), where, tables)


def population_plan(dataset: Dataset) -> Reduction:
    """How many units there are in each bucket, whatever the question.

    Rows of a log that knows no accounts count as a unit each (`LONERS`).
    """
    unit = f'"{dataset.entity}"'
    return Reduction(
        source=Source(dataset.table),
        keys=(Column(BUCKET, f'"{BUCKET}"'),),
        aggregates=(
            Aggregate("count_distinct", unit, alias=UNITS),
            Aggregate("count", where=f"{unit} IS NULL", alias=LONERS),
        ),
        base=dataset.base,
    )


def crowd_plans(query: Query, access: Access, tables: Tables) -> tuple[Reduction, ...]:
    """Of how many accounts all that a question looks at is: a number for each of its periods.

    One for every metric where a table says itself how many are behind it; empty where nobody is.
    """
    dataset = query.dataset
    where = conjunction(query.where, *row_rules(dataset, access))
    named = frozenset(f.dimension.name for f in (where.filters() if where else ()))
    asked = whole_of(query)
    if dataset.is_of_accounts:
        reading = covering(dataset, named, (ROWS,), tables)
        plans = (
            _from_table(asked, where, (), (INHABITED,))
            if reading is None
            else _from_rollup(asked, where, reading, (), (INHABITED,)),
        )
    else:
        found = dict.fromkeys(_people(query, m) for m in query.metrics)
        plans = tuple(_from_table(asked, where, (), counts) for counts in found if counts)
    periods = [query.period, *([query.compare.period] if query.compare else ())]
    return tuple(replace(p, period=period) for p in plans for period in periods)


def by_bucket(reduction: Reduction) -> Reduction:
    """The same groups, split by bucket."""
    return replace(reduction, keys=(*reduction.keys, Column(BUCKET, f'"{BUCKET}"')))


def whole_of(query: Query) -> Query:
    """The same question about all groups together."""
    return replace(query, by=(), order_by=None, thresholds=(), calculations=())


def adds_levels(query: Query, planned: Plan) -> bool:
    """Whether all groups together would add values that overlap: there is no total then."""
    name = query.dataset.exclusive
    if not name or keeps_one(planned.groups.where, name):
        return False
    return adds_over(query, name)


def over(reduction: Reduction, period: Period) -> Reduction:
    """The same question over another period."""
    return replace(reduction, period=period)


def only(reduction: Reduction, condition: Condition) -> Reduction:
    """The same question about fewer rows."""
    return replace(reduction, where=conjunction(reduction.where, condition))


def added(planned: Plan, reduction: Reduction, aggregates: tuple[Aggregate, ...]) -> Reduction:
    """The same question about aggregates that are sums over buckets, off a rollup of those."""
    reading = planned.adding
    if reading is None:
        return replace(reduction, aggregates=aggregates)
    parts = tuple(map(reading.aggregate, aggregates))
    asked = _from_rollup(planned.query, reduction.where, reading, reduction.keys, parts)
    return replace(asked, period=reduction.period)


def is_counted_by_bucket(query: Query) -> bool:
    """Whether accounts behind few groups are to be known: counting them by bucket costs least."""
    counts = query.dataset.is_of_accounts and not query.keeps_small
    return counts and not any(query.dataset.dimension(k.name).is_wide for k in query.by)


def matching(planned: Plan, key: str) -> Aggregate | None:
    """How many rows the sum of this key looked at, as the plan's source can count them.

    None for a sum over all rows of a group: a group that is there has some.
    """
    asked = next((a for a in merged(planned.query.metrics) if a.key == key), None)
    if asked is None or (asked.where is None and not asked.is_closing):
        return None
    counted = asked.matching
    return planned.reading.aggregate(counted) if planned.reading else counted


def binned(reduction: Reduction, quantile: Aggregate) -> Reduction:
    """How often each value occurs, by bin of one per cent and superbucket.

    Quantiles of the groups, and how they vary over accounts, can be read off it.
    """
    value = quantile.argument
    bin_number = (
        f"CASE WHEN {value} > 0 THEN CAST(FLOOR(LN({value}) / LN({BIN_RATIO})) AS INT) "
        f"ELSE {ZERO_BIN} END"
    )
    known = f"{value} IS NOT NULL"
    kept = f"{quantile.where} AND {known}" if quantile.where else known
    width = 256 // SUPERBUCKETS
    return replace(
        reduction,
        keys=(*reduction.keys, Column(BUCKET, f'"{BUCKET}" // {width}'), Column(BIN, bin_number)),
        aggregates=(Aggregate("count", where=kept, alias="n"),),
    )


def _planned(query: Query, where: Condition | None, tables: Tables) -> Plan:
    dataset = query.dataset
    require(dataset, tables)
    aggregates = _aggregates(query)
    named = {k.name for k in query.by} | {
        f.dimension.name for f in (where.filters() if where else ())
    }
    keys = tuple(_column(k) for k in query.by)
    reading = counting = None
    rest = aggregates
    if all(a.operation != "quantile" for a in aggregates):
        counting = activity.covering(query, where, aggregates, tables)
        counted = dict(counting.columns) if counting else {}
        rest = tuple(a for a in aggregates if a.key not in counted)
        reading = covering(dataset, frozenset(named), rest, tables)
    groups = (
        _from_rollup(query, where, reading, keys, tuple(map(reading.aggregate, rest)))
        if reading is not None
        else _from_table(query, where, keys, aggregates)
    )
    if reading is not None and counting is not None:
        groups = activity.beside(groups, counting)
    inner = tuple(
        (m.name, _inner(query, m.formula, where, tables))
        for m in query.metrics
        if isinstance(m.formula, Estimation)
    )
    if inner or reading is None:
        tables.rows(dataset.table)
    adding = _adding(query, aggregates, named, tables) if reading is None else None
    return Plan(query=query, groups=groups, reading=reading, adding=adding, inner=inner)


def _adding(
    query: Query, aggregates: tuple[Aggregate, ...], named: set[str], tables: Tables
) -> Reading | None:
    """The rollup of what is a sum over buckets, where something else that is asked is none."""
    dataset = query.dataset
    parts = tuple(a for a in aggregates if is_partitioned(a, dataset))
    is_apart = dataset.is_of_accounts and len(parts) < len(aggregates)
    if not is_apart or any(a.is_closing for a in aggregates):
        return None
    return covering(dataset, frozenset(named), parts, tables)


def _aggregates(query: Query) -> tuple[Aggregate, ...]:
    """What the metrics need, and how many rows are behind them."""
    rows = {CLOSING_ROWS if m.is_closing else ROWS for m in query.metrics}
    rows |= {a for m in query.metrics if query.interval for a in _rows_below(m)}
    metrics = () if query.keeps_small else query.metrics
    people = {a for m in metrics for a in _people(query, m)}
    return tuple(sorted({*merged(query.metrics), *rows, ROWS, *people}, key=lambda a: a.key))


def _rows_below(metric: Metric) -> Iterator[Aggregate]:
    """What counts the rows below the line of a proportion, whatever they weigh."""
    if metric.interval == "proportion" and not isinstance(metric.formula, Estimation):
        sides = fraction(metric.formula)
        if sides is not None and sides[1].operation == "sum":
            yield sides[1].matching


def _people(query: Query, metric: Metric) -> tuple[Aggregate, ...]:
    """What counts the accounts behind a metric, where the buckets with rows do not."""
    return () if query.dataset.is_of_accounts else query.dataset.counted(metric)


def _from_table(
    query: Query,
    where: Condition | None,
    keys: tuple[Column, ...],
    aggregates: tuple[Aggregate, ...],
) -> Reduction:
    dataset = query.dataset
    reduction = Reduction(
        source=Source(dataset.table),
        keys=keys,
        aggregates=aggregates,
        where=where,
        base=dataset.base,
        time=dataset.time.expression,
        period=query.period,
    )
    joins = needed_joins(dataset.joins, reduction.columns)
    return replace(reduction, source=Source(dataset.table, joins))


def _inner(
    query: Query, estimation: Estimation, where: Condition | None, tables: Tables
) -> Reduction:
    """The counts of an estimation: by the question's keys, its own, and cluster of accounts."""
    dataset = query.dataset
    asked = {k.name for k in query.by}
    own = [_column(dataset.dimension(n)) for n in estimation.dimensions if n not in asked]
    if dataset.entity and (query.interval or estimation.estimator.needs_clusters):
        own.append(Column(CLUSTER, f'"{BUCKET}" // {BUCKETS // CLUSTERS}'))
    keys = (*(_column(k) for k in query.by), *own)
    aggregates = tuple(sorted(estimation.aggregates(), key=lambda a: a.key))
    filters = where.filters() if where else ()
    named = {*asked, *estimation.dimensions, *(f.dimension.name for f in filters)}
    reading = covering(dataset, frozenset(named), aggregates, tables)
    if reading is not None:
        return _from_rollup(query, where, reading, keys, tuple(map(reading.aggregate, aggregates)))
    counts = _from_table(query, where, keys, aggregates)
    return _looked_at(counts) if estimation.estimator.skips_empty else counts


def _looked_at(reduction: Reduction) -> Reduction:
    """The same of those rows alone that meet what all its aggregates ask of a row."""
    asked = [conjuncts(a.where) if a.where else frozenset[str]() for a in reduction.aggregates]
    parts = (reduction.base, *sorted(asked[0].intersection(*asked[1:])))
    return replace(reduction, base=" AND ".join(f"({part})" for part in parts if part) or None)


def _from_rollup(
    query: Query,
    where: Condition | None,
    reading: Reading,
    keys: tuple[Column, ...],
    aggregates: tuple[Aggregate, ...],
) -> Reduction:
    """Aggregates are those of the rollup's own columns."""
    return Reduction(
        source=Source(reading.table),
        keys=tuple(reading.column(k) for k in keys),
        aggregates=aggregates,
        where=reading.condition(where) if where is not None else None,
        time='"day"',
        period=query.period,
    )


def _column(key: Key) -> Column:
    if isinstance(key, TimeBucket):
        return Column(key.name, key.dimension.expression, key.grain)
    return Column(key.name, key.expression)


def needed_joins(joins: Iterable[Join], columns: frozenset[str]) -> tuple[Join, ...]:
    """The look-ups that these columns come from."""
    return tuple(j for j in joins if any(c.startswith(f"{j.name}.") for c in columns))


def is_partitioned(aggregate: Aggregate, dataset: Dataset) -> bool:
    """Whether a group's number is the sum of its buckets' numbers."""
    if aggregate.is_additive:
        return True
    argument = columns_of(aggregate.argument) if aggregate.argument != "*" else frozenset[str]()
    return aggregate.operation == "count_distinct" and bool(argument & {dataset.entity, "account"})
