"""A metric's fingerprint: it changes when an edit of the definition can change the answer.

In it: formula and unit, what rows there are (table, base, joins and derived tables it is read
from), the day they belong to, what they are of, how the interval is made, what stands for a
parameter, and the module of an estimator. Not in it: names and prose, what it may be broken down
by, rollups, which change no number.
"""

from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files

from queries.dataset import Dataset, DerivedTable, Metric
from queries.estimation import Estimation
from queries.expression import columns_of

_ESTIMATORS = "queries.estimators"


@lru_cache(maxsize=2_048)
def fingerprint(metric: Metric, dataset: Dataset) -> str:
    """Sixteen hexadecimal digits, the same in every process that runs the same definitions."""
    meant = (
        (metric.formula, metric.kind, metric.unit, metric.format, metric.smallest_grain),
        (metric.interval, metric.defaults, metric.bound),
        (dataset.table, dataset.base, dataset.entity, dataset.clock, dataset.time.expression),
        _joins(metric, dataset),
        tuple(map(_derived, dataset.derived)),
        _estimated(metric, dataset),
    )
    return blake2b(repr(meant).encode(), digest_size=8).hexdigest()


def _joins(metric: Metric, dataset: Dataset) -> tuple[object, ...]:
    """The look-ups that the number or its rows are read through."""
    read = {c for aggregate in metric.formula.aggregates() for c in aggregate.columns}
    read |= columns_of(dataset.base) if dataset.base else frozenset[str]()
    read |= columns_of(dataset.time.expression)
    for name in _named(metric):
        read |= columns_of(dataset.dimension(name).expression)
    used = {column.split(".")[0] for column in read if "." in column}
    return tuple(join for join in dataset.joins if join.name in used)


def _named(metric: Metric) -> tuple[str, ...]:
    return metric.formula.dimensions if isinstance(metric.formula, Estimation) else ()


def _derived(table: DerivedTable) -> tuple[object, ...]:
    """What a derived table is made of; how it is built in parts changes no row."""
    own = (table.name, table.key, table.inputs, table.select, table.day, table.follow_up_days)
    return (*own, table.optional, tuple(map(_derived, table.over)))


def _estimated(metric: Metric, dataset: Dataset) -> tuple[object, ...]:
    """What an estimator counts by, and its module as it is written."""
    if not isinstance(metric.formula, Estimation):
        return ()
    by = tuple(dataset.dimension(name).expression for name in _named(metric))
    return (*by, _source(metric.formula.name))


@lru_cache(maxsize=256)
def _source(estimator: str) -> str:
    text = files(_ESTIMATORS).joinpath(f"{estimator}.py").read_bytes()
    return blake2b(text, digest_size=8).hexdigest()
