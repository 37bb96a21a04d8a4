"""What a formula must not say: it would give a wrong number, or an interval that is none of it."""

from collections.abc import Sequence

from queries.catalog.part import may_be_proportion
from queries.catalog.reading import CODE, check_known
from queries.dataset import IntervalKind, Metric
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


def check_guardrails(metrics: Sequence[Metric], origin: str) -> None:
    """Raises InvalidQuery where a guardrail is no other metric with a good and a bad side."""
    known = {m.name: m for m in metrics}
    for metric in (m for m in metrics if m.guardrail):
        where = f"{origin}: metric {metric.name}: guardrail"
        check_known(metric.guardrail, [n for n in known if n != metric.name], where)
        if known[metric.guardrail].better == "none":
            raise InvalidQuery(
                f"{where}: of {metric.guardrail} nobody can say when it got worse.",
                "Say whether up or down is better of it.",
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
