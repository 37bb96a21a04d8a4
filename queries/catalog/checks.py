"""What a formula must not say: it would give a wrong number, or an interval that is none of it."""

from queries.catalog.part import may_be_proportion
from queries.catalog.reading import CODE
from queries.dataset import IntervalKind
from queries.errors import InvalidQuery
from queries.expression import columns_of, conjuncts
from queries.formula import Aggregate, Formula


def check_proportion(interval: IntervalKind | None, formula: Formula, where: str) -> None:
    """Raises InvalidQuery where a formula is declared a proportion and cannot be one."""
    if interval == "proportion" and not may_be_proportion(formula):
        raise InvalidQuery(
            f"{where} is no proportion: that is one count of rows over another, or one sum over "
            "another of the same.",
            "Leave the interval out.",
            code=CODE,
        )


def check_pairs(formula: Formula, entity: str, where: str) -> None:
    """Raises InvalidQuery where rows that name no unit would count, once a bucket of theirs."""
    if entity and any(_counts_nobody(a, entity) for a in formula.aggregates()):
        raise InvalidQuery(
            f"{where} counts rows that name no {entity} among its pairs.",
            f"Add to its filter: {entity} is not null.",
            code=CODE,
        )


def _counts_nobody(aggregate: Aggregate, entity: str) -> bool:
    own = f'"{entity}"'
    if aggregate.operation != "count_distinct" or aggregate.argument == own:
        return False
    known = conjuncts(aggregate.where) if aggregate.where else frozenset[str]()
    return entity in columns_of(aggregate.argument) and f"NOT {own} IS NULL" not in known
