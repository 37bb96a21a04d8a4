"""What a rollup holds, and how a question is rewritten to read it.

A rollup is a table of the lake named `rollup_<dataset>_<name>`: one row per day, bucket and its
dimensions (and account), with a column per additive aggregate of the dataset's metrics, named by
the aggregate's key; with `only`, of the rows that meet a condition. It is current when it was built
from the very tables and definition that the snapshot holds; a stale one is never read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from queries import derived
from queries.condition import Both, Condition, Either, Filter
from queries.dataset import BUCKET, ROWS, Activity, Dataset, Rollup, merged
from queries.estimation import Estimation
from queries.expression import columns_of, conjuncts
from queries.formula import Aggregate
from queries.reduction import Column, Reduction, Source, Tables

DAY = "day"
WORD = 63
"""Bits of a BIGINT besides its sign: so many buckets a column tells of, where that is no key."""
ACCOUNT = "account"
DETAILS = "rollups"
POPULATIONS = "populations"
FORMAT = 2
"""What the columns of a rollup hold: since 2, a sum over nothing known is NULL."""


def table_of(dataset: Dataset, rollup: Rollup | Activity) -> str:
    return f"rollup_{dataset.name}_{rollup.name}"


@lru_cache(maxsize=256)
def stored(dataset: Dataset, rollup: Rollup) -> tuple[Aggregate, ...]:
    """The aggregates a rollup of the dataset keeps: whatever adds up of the metrics it is for.

    Also how many rows meet the condition of each sum, so that nothing to add can be told from
    nothing known; by account, of each distinct count of accounts too, so that it can be counted
    afterwards. What estimators are given is kept where their metric is named.
    """
    named = rollup.metrics or tuple(m.name for m in dataset.metrics)
    metrics = [m for m in dataset.metrics if m.name in named and not m.parameters]
    wanted = merged(metrics)
    kept = {a.of_every_day for a in wanted if a.is_additive} | {ROWS}
    kept |= {a.of_every_day.matching for a in wanted if a.operation == "sum"}
    for metric in metrics:
        if rollup.metrics and isinstance(metric.formula, Estimation):
            kept |= {a for a in metric.formula.aggregates() if a.is_additive}
    if rollup.by_account:
        kept |= {
            a.of_every_day.matching
            for a in wanted
            if a.operation == "count_distinct" and entity_column(dataset) in columns_of(a.argument)
        }
    return tuple(sorted(kept, key=lambda a: a.key))


def entity_column(dataset: Dataset) -> str:
    return dataset.entity or BUCKET


@lru_cache(maxsize=256)
def fingerprint(dataset: Dataset, rollup: Rollup) -> str:
    """Changes whenever what the rollup's columns mean does."""
    meaning = (dataset.table, dataset.base, dataset.joins, rollup, dataset.time, dataset.entity)
    dimensions = [dataset.dimension(name) for name in rollup.dimensions]
    made = [derived.fingerprint(d) for d in dataset.derived]
    kept = stored(dataset, rollup)
    apart = [part for part in (rollup.only, None if rollup.by_bucket else WORD) if part]
    meant = (FORMAT, meaning, made, dimensions, kept, *apart)
    return blake2b(repr(meant).encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=256)
def inputs(dataset: Dataset, rollup: Rollup) -> tuple[str, ...]:
    """Tables whose versions the rollup depends on, the dataset's own first."""
    texts = [dataset.dimension(name).expression for name in rollup.dimensions]
    texts += [a.sql for a in stored(dataset, rollup)]
    texts += [rollup.only] if rollup.only else []
    joined = [j.table for j in dataset.joins if any(f'"{j.name}.' in text for text in texts)]
    return (dataset.table, *sorted(set(joined)))


def built_from(dataset: Dataset, rollup: Rollup, tables: Tables) -> dict[str, Any]:
    """What is written down when a rollup is built, to tell later whether it is current."""
    return {
        "definition": fingerprint(dataset, rollup),
        "versions": _versions(dataset, inputs(dataset, rollup), tables),
    }


def is_current(dataset: Dataset, rollup: Rollup, tables: Tables) -> bool:
    return is_built(table_of(dataset, rollup), built_from(dataset, rollup, tables), tables)


def is_built(name: str, expected: Mapping[str, Any], tables: Tables) -> bool:
    """Whether a table was made of what is expected, by what was written down then."""
    written = tables.details.get(DETAILS, {}).get(name)
    if written is None or not tables.has(name):
        return False
    return all(written.get(key) == value for key, value in expected.items())


def population_from(dataset: Dataset, tables: Tables) -> dict[str, Any]:
    """What the units by bucket were counted from, to tell later whether they still hold.

    The same for every dataset of a table, whatever derived tables it looks up beside it.
    """
    is_derived = any(d.name == dataset.table for d in dataset.derived)
    made = [derived.fingerprint(d) for d in dataset.derived] if is_derived else []
    return {
        "definition": [dataset.table, dataset.base, dataset.entity, *made],
        "versions": _versions(dataset, (dataset.table,), tables),
    }


def _versions(dataset: Dataset, names: Iterable[str], tables: Tables) -> dict[str, Any]:
    return {name: tables.versions.get(name) for name in derived.sourced(dataset, names)}


def known_population(dataset: Dataset, tables: Tables) -> list[float] | None:
    """The units by bucket as counted when the rollups were built, if they still hold.

    Those of another dataset, too, that counts the same units of the same rows.
    """
    wanted = population_from(dataset, tables)
    written = tables.details.get(POPULATIONS, {}).values()
    return next((w["units"] for w in written if w["from"] == wanted), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """A rollup that answers a question, and the rewriting that reads it."""

    dataset: Dataset
    rollup: Rollup

    @property
    def table(self) -> str:
        return table_of(self.dataset, self.rollup)

    def column(self, column: Column) -> Column:
        if columns_of(column.expression) == frozenset((BUCKET,)):
            return column
        return Column(column.name, self._expression(column.name), column.grain)

    def all_days(self, reduction: Reduction) -> Reduction:
        """What sums up the whole dataset, read off the rollup."""
        return Reduction(
            source=Source(self.table),
            keys=tuple(map(self.column, reduction.keys)),
            aggregates=tuple(map(self.aggregate, reduction.aggregates)),
        )

    def aggregate(self, aggregate: Aggregate) -> Aggregate:
        key, stored_as = aggregate.key, aggregate.of_every_day
        closes = aggregate.is_closing
        if aggregate.is_additive:
            return Aggregate("sum", f'"{stored_as.key}"', alias=key, is_closing=closes)
        if is_of_days(aggregate, self.dataset):
            argument = f'"{DAY}"'
        elif is_of_pairs(aggregate, self.dataset):
            argument = f'("{ACCOUNT}", "{DAY}")'
        else:
            argument = f'"{ACCOUNT}"'
        kept = f'"{stored_as.matching.key}" > 0'
        return Aggregate("count_distinct", argument, kept, alias=key, is_closing=closes)

    def condition(self, condition: Condition) -> Condition:
        match condition:
            case Both():
                return Both(tuple(self.condition(c) for c in condition.conditions))
            case Either():
                return Either(tuple(self.condition(c) for c in condition.conditions))
            case Filter():
                kept = condition.dimension
                stored_as = replace(kept, expression=self._expression(kept.name))
                return replace(condition, dimension=stored_as)

    def _expression(self, name: str) -> str:
        """The rollup's column of a dimension."""
        return f'"{DAY if name == self.dataset.time.name else name}"'


def covering(
    dataset: Dataset, dimensions: frozenset[str], aggregates: Iterable[Aggregate], tables: Tables
) -> Reading | None:
    """The smallest current rollup that answers a question with these dimensions, if any."""
    needed = dimensions - {dataset.time.name}
    wanted = tuple(aggregates)
    candidates = [
        rollup
        for rollup in dataset.rollups
        if rollup.by_bucket and needed <= set(rollup.dimensions) and _holds(dataset, rollup, wanted)
    ]
    current = [r for r in candidates if is_current(dataset, r, tables)]
    if not current:
        return None
    return Reading(dataset, min(current, key=lambda r: tables.rows(table_of(dataset, r))))


def _holds(dataset: Dataset, rollup: Rollup, aggregates: tuple[Aggregate, ...]) -> bool:
    kept = set(stored(dataset, rollup))
    return all(
        (a.of_every_day in kept and _looks_only_at(rollup, a))
        or (rollup.by_account and _counts_accounts(dataset, rollup, a))
        or (is_of_days(a, dataset) and _keeps_matching(dataset, rollup, a))
        for a in aggregates
    )


def sums_up(dataset: Dataset, finer: Rollup, rollup: Rollup) -> bool:
    """Whether a rollup can be made of a finer one: what both keep adds up over its dimensions."""
    is_plain = all(r.only is None and not r.by_account and r.by_bucket for r in (finer, rollup))
    is_finer = set(finer.dimensions) > set(rollup.dimensions)
    return is_plain and is_finer and set(stored(dataset, rollup)) <= set(stored(dataset, finer))


def _looks_only_at(rollup: Rollup, aggregate: Aggregate) -> bool:
    """Whether the rows that the rollup keeps are all that the aggregate could count."""
    if rollup.only is None:
        return True
    return aggregate.where is not None and conjuncts(rollup.only) <= conjuncts(aggregate.where)


def _counts_accounts(dataset: Dataset, rollup: Rollup, aggregate: Aggregate) -> bool:
    """Distinct accounts, or distinct pairs of account and day."""
    if aggregate.operation != "count_distinct" or not dataset.entity:
        return False
    is_of_accounts = columns_of(aggregate.argument) == frozenset((dataset.entity,))
    is_counted = is_of_accounts or is_of_pairs(aggregate, dataset)
    return is_counted and _keeps_matching(dataset, rollup, aggregate)


def _keeps_matching(dataset: Dataset, rollup: Rollup, aggregate: Aggregate) -> bool:
    """Whether the rollup tells which of its rows are made of any that the aggregate looks at."""
    if not _looks_only_at(rollup, aggregate):
        return False
    return aggregate.where is None or aggregate.of_every_day.matching in stored(dataset, rollup)


def is_of_days(aggregate: Aggregate, dataset: Dataset) -> bool:
    """Whether it counts different days, of which every account may have the same."""
    is_day = aggregate.argument == dataset.time.expression
    return is_day and aggregate.operation == "count_distinct"


def is_of_pairs(aggregate: Aggregate, dataset: Dataset) -> bool:
    """Whether it counts different pairs of account and day."""
    pair = frozenset((dataset.entity, dataset.time.expression.strip('"')))
    is_distinct = aggregate.operation == "count_distinct"
    return is_distinct and columns_of(aggregate.argument) == pair
