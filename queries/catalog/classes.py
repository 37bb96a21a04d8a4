"""What kind of number a formula is: what may be added, and which interval is right for it."""

from queries.catalog.part import is_part_of_whole
from queries.dataset import IntervalKind, MetricClass
from queries.formula import Aggregate, Arithmetic, Constant, Formula

_LINEAR = frozenset({"+", "-"})
_RATIONAL = frozenset({"+", "-", "*", "/"})


def class_of(formula: Formula) -> MetricClass:
    """The class the formula itself shows.

    Additive: a weighted sum of sums and counts. Ratio: arithmetic over additive totals.
    Distinct and quantile: any such aggregate inside. Model: everything else.
    """
    aggregates = formula.aggregates()
    operations = {a.operation for a in aggregates}
    if "quantile" in operations:
        return "quantile"
    if "count_distinct" in operations:
        return "distinct"
    if not aggregates or not all(a.is_additive for a in aggregates):
        return "model"
    if _is_linear(formula):
        return "additive"
    return "ratio" if _is_rational(formula) else "model"


def may_be(declared: MetricClass, found: MetricClass) -> bool:
    """A formula may be declared a model, or (what does not add over time) semi-additive."""
    if declared == "semi-additive":
        return found in ("additive", "distinct")
    return declared in (found, "model")


def interval_of(formula: Formula, found: MetricClass, entity: str) -> IntervalKind:
    """The interval that is right by default. Published totals (no entity) have none.

    Units counted once each are a binomial proportion, of all units or of those counted below the
    line. Anything else varies as its buckets do; a proportion of rows lies between 0 and 1, too.
    """
    if not entity:
        return "none"
    if found == "quantile":
        return "quantile"
    if _counts(formula, entity) or _is_share_of(formula, entity):
        return "wilson"
    return "proportion" if found == "ratio" and is_part_of_whole(formula) else "bucket"


def _is_linear(formula: Formula) -> bool:
    match formula:
        case Aggregate():
            return formula.is_additive
        case Constant():
            return False
        case Arithmetic():
            return _is_linear_arithmetic(formula)


def _is_linear_arithmetic(formula: Arithmetic) -> bool:
    operands = formula.operands
    if formula.name in _LINEAR:
        return all(_is_linear(o) or o == Constant(0.0) for o in operands)
    if formula.name == "*":
        return any(_is_linear(o) for o in operands) and any(_is_constant(o) for o in operands)
    return formula.name == "/" and _is_linear(operands[0]) and _is_constant(operands[1])


def _is_constant(formula: Formula) -> bool:
    """A number, or `x / x`: one where x is there, no number where it is not."""
    if isinstance(formula, Arithmetic):
        same = formula.name == "/" and formula.operands[0] == formula.operands[1]
        return same or all(_is_constant(o) for o in formula.operands)
    return isinstance(formula, Constant)


def _is_rational(formula: Formula) -> bool:
    if isinstance(formula, Arithmetic):
        return formula.name in _RATIONAL and all(_is_rational(o) for o in formula.operands)
    return True


def _is_share_of(formula: Formula, entity: str) -> bool:
    return (
        isinstance(formula, Arithmetic)
        and formula.name == "/"
        and all(_counts(o, entity) for o in formula.operands)
    )


def _counts(formula: Formula, entity: str) -> bool:
    return (
        isinstance(formula, Aggregate)
        and formula.operation == "count_distinct"
        and formula.argument == f'"{entity}"'
    )
