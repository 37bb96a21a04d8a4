"""The values a metric's parameter may take, read off the data.

A parameter indexes a map column: `targets[$policy]` has a value for each policy that the log was
rated with. The keys of that map are what one may ask for.
"""

from dataclasses import replace
from typing import cast

from sqlglot import expressions as exp

from queries.condition import Dimension
from queries.dataset import Access, Dataset, Metric
from queries.expression import parse_row
from queries.warehouse import Warehouse

_KEYS = "parameter_keys"
_MOST_SETS = 500


def indexed_columns(metric: Metric, parameter: str) -> tuple[str, ...]:
    """The map columns that the parameter looks a value up in."""
    found: set[str] = set()
    for aggregate in metric.formula.aggregates():
        for text in filter(None, (aggregate.argument, aggregate.where)):
            if f"${parameter}" in text:
                found |= set(_indexed(text, parameter))
    return tuple(sorted(found))


def parameter_values(
    warehouse: Warehouse,
    dataset: Dataset,
    parameter: str,
    access: Access,
    version: str | None = None,
) -> tuple[str, ...]:
    """Every value of the parameter that some row has, for any metric of the dataset."""
    waiting = [m for m in dataset.metrics if parameter in m.parameters]
    columns = {c for metric in waiting for c in indexed_columns(metric, parameter)}
    found: set[str] = set()
    for column in sorted(columns):
        keys = Dimension(_KEYS, "Keys", f'MAP_KEYS("{column}")')
        asked = replace(dataset, dimensions=(*dataset.dimensions, keys))
        sets = warehouse.values(asked, keys, access, limit=_MOST_SETS, version=version)
        for one in cast("list[list[str]]", sets):
            found |= set(one)
    return tuple(sorted(found))


def _indexed(text: str, parameter: str) -> list[str]:
    brackets = parse_row(text).find_all(exp.Bracket)
    return [
        bracket.this.name
        for bracket in brackets
        if isinstance(bracket.this, exp.Column)
        and any(e.name == parameter for e in bracket.expressions if isinstance(e, exp.Placeholder))
    ]
