"""Distribution: how a metric's values lie over rows, or over the units they belong to.

Counts come by bin of one per cent and by bucket of units, so no row leaves the engine; no bin that
is told is of a handful of accounts (`queries.bins`). A row has
what the metric adds up or averages; a unit (an account, a title, a production) has the metric's
formula over its own rows. Access applies as to any question, and counts tell more than a number
does: columns that a hidden number reads, and numbers of units that are hidden, close it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from queries.bins import COUNT, HIGH, LOW, MIDDLE, SIDE, TOTAL, finite, together
from queries.condition import Condition, Filter, Scalar, conjunction
from queries.dataset import BUCKET, BUCKETS, CLUSTER, CLUSTERS, ROWS, Access, Dataset, Metric
from queries.derived import require
from queries.errors import AccessDenied, InvalidQuery, UnsafeQuestion
from queries.estimation import Estimation
from queries.expression import columns_of
from queries.formula import Aggregate, Arithmetic, Constant, Formula
from queries.model import Query
from queries.plan import BIN, BIN_RATIO, needed_joins
from queries.reduction import Column, Reduction, Source, Tables
from queries.refusal import checked
from queries.rollup import ACCOUNT, Reading, covering
from queries.row_value import RowValue, row_value

COLUMNS = (SIDE, CLUSTER, BIN, COUNT, TOTAL, LOW, HIGH)
UNIT = "unit"

Over = Literal["rows", "units"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Of one metric over rows or units: of all of them, or of two sides held against each other.

    `query` has the metric, the condition and the period, and no keys. Sides are the rows that meet
    `split` and those that do not (a row without a value is on neither), or the period and the one
    that the query compares with.
    """

    query: Query
    over: Over = "units"
    split: Filter | None = None

    def __post_init__(self) -> None:
        if self.query.by or len(self.query.metrics) != 1:
            raise InvalidQuery("A distribution is of one metric, without a breakdown.")
        if self.split is not None and self.query.compare is not None:
            raise InvalidQuery("Hold two groups against each other, or two periods; not both.")

    @property
    def dataset(self) -> Dataset:
        return self.query.dataset

    @property
    def metric(self) -> Metric:
        return self.query.metrics[0]


@dataclass(frozen=True, slots=True)
class DistributionPlan:
    """A reduction for each side that has days of its own.

    `leaves_few_out` says that values of a handful of accounts, of a title's say, are no part of it.
    """

    reductions: tuple[Reduction, ...]
    is_rollup: bool
    leaves_few_out: bool = False


def plan_distribution(
    question: Distribution, access: Access, tables: Tables, fewest: int = 0
) -> DistributionPlan:
    """Turn the question into engine work. Raises AccessDenied, UnsafeQuestion or NotLoaded.

    Of a table that counts accounts, values of fewer than `fewest` are left out.
    """
    query, split = question.query, question.split
    by = () if split is None else (split.dimension,)
    where = checked(replace(query, by=by), access)
    _check_told(question, access)
    why = why_not(question.metric, question.dataset, question.over)
    if why:
        raise UnsafeQuestion(why, "Look at another metric.", code="no_distribution")
    require(question.dataset, tables)
    if split is not None:
        where = conjunction(where, Filter(split.dimension, "not missing"))
    reading = _reading(question, where, tables) if question.over == "units" else None
    if reading is None:
        tables.rows(question.dataset.table)
    make = _over_units if question.over == "units" else _over_rows
    periods = [query.period, *([query.compare.period] if query.compare else ())]
    made = (make(replace(question, query=replace(query, period=p)), where, reading)
            for p in periods)  # fmt: skip
    counted = () if question.dataset.is_of_accounts else question.dataset.counted(question.metric)
    if not (counted and fewest):
        return DistributionPlan(tuple(made), reading is not None)
    without = tuple(_without_few(r, counted, fewest) for r in made)
    return DistributionPlan(without, reading is not None, leaves_few_out=True)


def _without_few(reduction: Reduction, counted: tuple[Aggregate, ...], fewest: int) -> Reduction:
    """Without the rows or units that are of some accounts, but of so few."""
    inner = reduction.source.inner
    numbers = [a.argument if inner is None else f'"{a.key}"' for a in counted]
    known = [f"COALESCE({n}, 0)" for n in numbers]
    none, enough = (
        joined.join(f"({n} {sign})" for n in known)
        for joined, sign in ((" AND ", "= 0"), (" OR ", f">= {fewest}"))
    )
    kept = replace(reduction, base=f"({reduction.base}) AND (({none}) OR ({enough}))")
    if inner is None:
        return kept
    aggregates = tuple({a.key: a for a in (*inner.aggregates, *counted)}.values())
    source = replace(kept.source, inner=replace(inner, aggregates=aggregates))
    return replace(kept, source=source)


def why_not(metric: Metric, dataset: Dataset, over: Over) -> str:
    """Why there is no such distribution of a metric; empty where there is one."""
    if not dataset.entity:
        return f"{dataset.label}: rows are published totals and no sample, so nothing is spread."
    if isinstance(metric.formula, Estimation):
        return (
            f"{metric.label} is worked out over all rows together, so nothing smaller has a "
            "value of its own."
        )
    if over == "rows":
        return _no_row_value(metric, metric.formula)
    aggregates = metric.formula.aggregates()
    if any(a.operation == "quantile" for a in aggregates):
        return f"{metric.label} is read off single rows: look at the rows."
    if not any(_differs(a, dataset) for a in aggregates):
        return f"{metric.label} counts each of its {unit_of(dataset)} once: there is no spread."
    return ""


def unit_of(dataset: Dataset) -> str:
    """What the units of a dataset are called, in the plural: accounts, titles, regions."""
    word = dataset.entity.removesuffix("_id")
    return {"geo": "regions"}.get(word, f"{word}s")


def sides(frames: Sequence[pl.DataFrame], fewest: int = 0) -> pl.DataFrame:
    """The answers to the reductions of a plan, told apart by side, 0 and 1.

    Bins of fewer than `fewest` accounts are put together; 0 leaves them as they are. Values that
    are infinite or no number are left out.
    """
    named = [
        f if SIDE in f.columns else f.with_columns(pl.lit(side).alias(SIDE))
        for side, f in enumerate(frames)
    ]
    by_bucket = pl.concat(
        [
            finite(f).select(
                pl.col(SIDE, BIN).cast(pl.Int64),
                pl.col(BUCKET).cast(pl.Int64).fill_null(BUCKETS),
                *(pl.col(name).cast(pl.Float64) for name in (COUNT, TOTAL, LOW, HIGH)),
            )
            for f in named
        ]
    )
    told = together(by_bucket, fewest) if fewest else by_bucket
    cluster = (pl.col(BUCKET) % BUCKETS // (BUCKETS // CLUSTERS)).alias(CLUSTER)
    return (
        told.group_by(SIDE, cluster, BIN)
        .agg(pl.col(COUNT, TOTAL).sum(), pl.col(LOW).min(), pl.col(HIGH).max())
        .select(COLUMNS)
    )


def has_others(frames: Sequence[pl.DataFrame]) -> bool:
    """Whether some values are infinite or no number, and so left out."""
    return any(finite(f).height < f.height for f in frames)


def _no_row_value(metric: Metric, formula: Formula) -> str:
    if metric.is_closing:
        return f"{metric.label} is of the last day of a period: its rows are days of the same."
    if row_value(formula) is None:
        return f"{metric.label} is no sum or mean of anything that a single row has."
    return ""


def _differs(aggregate: Aggregate, dataset: Dataset) -> bool:
    """Whether units can have different numbers of it, beyond having one at all."""
    own = frozenset({dataset.entity})
    return aggregate.operation != "count_distinct" or columns_of(aggregate.argument) != own


def _check_told(question: Distribution, access: Access) -> None:
    """Counts by value give every total of these columns away, and how many rows or units."""
    dataset, metric = question.dataset, question.metric
    reads = frozenset[str]().union(*(a.columns for a in metric.formula.aggregates()))
    told = reads - {dataset.entity}
    counts = {ROWS} if question.over == "rows" else set[Aggregate]()
    is_told = any(
        a.columns & told
        or a in counts
        or (a.operation == "count_distinct" and dataset.entity in a.columns)
        for a in access.hidden
    )
    if is_told:
        raise AccessDenied(
            f"The distribution of {metric.label} would tell numbers that are hidden from you.",
            f"Ask {dataset.owner or 'the owner'} for access.",
        )


def _over_rows(
    question: Distribution, where: Condition | None, reading: Reading | None
) -> Reduction:
    """Rows by bin; those without a value are no part of it."""
    assert reading is None  # noqa: S101  # rollups have no rows
    dataset = question.dataset
    value = _row_value(question.metric)
    kept = [f"({text})" for text in (dataset.base, value.where) if text]
    reduction = Reduction(
        source=Source(dataset.table),
        keys=(*_side_key(question, None), *_tallied_by(value.expression)),
        aggregates=_tallied(value.expression),
        where=where,
        base=" AND ".join([*kept, f"({value.expression}) IS NOT NULL"]),
        time=dataset.time.expression,
        period=question.query.period,
    )
    joins = needed_joins(dataset.joins, reduction.columns)
    return replace(reduction, source=Source(dataset.table, joins))


def _row_value(metric: Metric) -> RowValue:
    found = None if isinstance(metric.formula, Estimation) else row_value(metric.formula)
    assert found is not None  # noqa: S101  # or `why_not` says why
    return found


def _over_units(
    question: Distribution, where: Condition | None, reading: Reading | None
) -> Reduction:
    """The formula of every unit first, then units by bin; those without a value are left out."""
    dataset, formula = question.dataset, question.metric.formula
    assert not isinstance(formula, Estimation)  # noqa: S101  # or `why_not` says why
    aggregates = tuple(sorted(_needed(formula), key=lambda a: a.key))
    unit = f'"{dataset.entity if reading is None else ACCOUNT}"'
    has_unit = f"{unit} IS NOT NULL"
    base = f"({dataset.base}) AND {has_unit}" if dataset.base and reading is None else has_unit
    inner = Reduction(
        source=Source(dataset.table if reading is None else reading.table),
        keys=(
            *_side_key(question, reading),
            Column(UNIT, unit),
            Column(BUCKET, f'"{BUCKET}"'),
        ),
        aggregates=aggregates if reading is None else tuple(map(reading.aggregate, aggregates)),
        where=where if reading is None or where is None else reading.condition(where),
        base=base,
        time=dataset.time.expression if reading is None else '"day"',
        period=question.query.period,
    )
    if reading is None:
        joins = needed_joins(dataset.joins, inner.columns)
        inner = replace(inner, source=Source(dataset.table, joins))
    value = _own(formula)
    side = () if question.split is None else (Column(SIDE, f'"{SIDE}"'),)
    return Reduction(
        source=Source(inner.source.table, inner=inner),
        keys=(*side, *_tallied_by(value)),
        aggregates=_tallied(value),
        base=f"({value}) IS NOT NULL",
    )


def _reading(question: Distribution, where: Condition | None, tables: Tables) -> Reading | None:
    """The rollup by account that answers, if any does."""
    dataset, formula = question.dataset, question.metric.formula
    named = {f.dimension.name for f in (where.filters() if where else ())}
    by_unit = Aggregate("count_distinct", f'"{dataset.entity}"')
    if any(not a.is_additive for a in formula.aggregates()) or isinstance(formula, Estimation):
        return None
    return covering(dataset, frozenset(named), (*_needed(formula), by_unit), tables)


def _needed(formula: Formula) -> set[Aggregate]:
    """The formula's aggregates, and what tells a sum of nothing from one that nobody knows."""
    aggregates = formula.aggregates()
    filtered = {a for a in aggregates if a.operation == "sum" and (a.where or a.is_closing)}
    return {*aggregates, *(a.matching for a in filtered)}


def _own(formula: Formula) -> str:
    """The formula as a row expression over its aggregates' columns."""
    match formula:
        case Constant(value):
            return repr(value)
        case Aggregate(operation="sum") if formula.where or formula.is_closing:
            return f'CASE WHEN "{formula.matching.key}" > 0 THEN "{formula.key}" ELSE 0 END'
        case Aggregate():
            return f'"{formula.key}"'
        case Arithmetic(name, operands):
            return _calculated(name, [f"({_own(o)})" for o in operands])


def _calculated(name: str, parts: list[str]) -> str:
    """What has no number (a division by zero, a logarithm of nothing) is NULL."""
    first = parts[0]
    match name:
        case "/":
            return " / ".join([first, *(f"NULLIF({p}, 0)" for p in parts[1:])])
        case "ln":
            return f"CASE WHEN {first} > 0 THEN LN({first}) END"
        case "sqrt":
            return f"CASE WHEN {first} >= 0 THEN POWER({first}, 0.5) END"
        case "abs":
            return f"ABS({first})"
        case "power":
            return f"POWER({parts[0]}, {parts[1]})"
        case operator:
            return f" {operator} ".join(parts)


def _side_key(question: Distribution, reading: Reading | None) -> Iterator[Column]:
    """0 for rows that meet the split, 1 for the others."""
    split = question.split
    if split is None:
        return
    name, text = split.dimension.name, split.dimension.expression
    found = text if reading is None else reading.column(Column(name, text)).expression
    values = ", ".join(literal(value) for value in split.values)
    yield Column(SIDE, f"CASE WHEN {found} IN ({values}) THEN 0 ELSE 1 END")


def literal(value: Scalar) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    quoted = "'" + str(value).replace("'", "''") + "'"
    return quoted if isinstance(value, str) else f"CAST({quoted} AS DATE)"


def _tallied_by(value: str) -> tuple[Column, ...]:
    def step(size: str) -> str:
        return f"FLOOR(LN({size}) / LN({BIN_RATIO}))"

    number = (
        f"CASE WHEN ({value}) > 0 THEN {MIDDLE} + {step(f'({value})')} "
        f"WHEN ({value}) < 0 THEN -{MIDDLE} - {step(f'(-({value}))')} ELSE 0 END"
    )
    return (Column(BUCKET, f'"{BUCKET}"'), Column(BIN, number))


def _tallied(value: str) -> tuple[Aggregate, ...]:
    return (
        Aggregate("count", alias=COUNT),
        Aggregate("sum", value, alias=TOTAL),
        Aggregate("min", value, alias=LOW),
        Aggregate("max", value, alias=HIGH),
    )
