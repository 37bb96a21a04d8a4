"""Whether a formula is a proportion: rows that meet a condition, over all those that might.

Read off the conditions alone, so it says yes only where the one below the line surely follows from
the one above; a metric that knows better declares it.
"""

from collections.abc import Iterator

from sqlglot import expressions as exp
from sqlglot.expressions.core import Expr

from queries.expression import DIALECT, conjuncts, parse_row
from queries.formula import Aggregate, Formula, fraction

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
#: What may have a value although a part of it has none.
_FORGIVING = (
    exp.Coalesce, exp.Case, exp.If, exp.Is, exp.Or, exp.And, exp.In, exp.Between, exp.Greatest,
    exp.Least,
)  # fmt: skip


def may_be_proportion(formula: Formula) -> bool:
    """Whether it is of one kind above and below the line: both counts of rows, or sums of one."""
    sides = fraction(formula)
    if sides is None or sides[0].operation not in ("count", "sum"):
        return False
    kinds = {(a.operation, a.argument if a.operation == "sum" else "", a.is_closing) for a in sides}
    return len(kinds) == 1


def is_part_of_whole(formula: Formula) -> bool:
    """Whether what is above the line is surely a part of what is below it."""
    sides = fraction(formula)
    if sides is None or not may_be_proportion(formula):
        return False
    above, below = sides
    given = [parse_row(text) for text in _conditions(above)]
    return all(any(_follows(wanted, from_) for from_ in given) for wanted in _conditions(below))


def _conditions(aggregate: Aggregate) -> Iterator[str]:
    if aggregate.where:
        yield from conjuncts(aggregate.where)
    if aggregate.operation == "count" and aggregate.argument != "*":
        yield f"NOT {aggregate.argument} IS NULL"


def _follows(wanted: str, given: Expr) -> bool:
    """Whether a condition must hold where another does."""
    tree = parse_row(wanted)
    if tree == given:
        return True
    inner = tree.this.unnest() if isinstance(tree, exp.Not) else None
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        return _needs(given, inner.this.unnest())
    if not isinstance(tree, exp.In) or given.this != tree.this:
        return False
    if isinstance(given, exp.EQ):
        return given.expression in tree.expressions
    return isinstance(given, exp.In) and all(v in tree.expressions for v in given.expressions)


def _needs(given: Expr, value: Expr) -> bool:
    """Whether a condition can only hold where a value is there."""
    bare = given.this.unnest() if isinstance(given, exp.Not) else given
    if isinstance(bare, exp.Is):
        is_missing = isinstance(bare.expression, exp.Null)
        return is_missing and bare is not given and bare.this.unnest() == value
    if bare == value:
        return True
    if isinstance(bare, _COMPARISONS) and value in (bare.this, bare.args.get("expression")):
        return True
    names = {column.sql(DIALECT) for column in bare.find_all(exp.Column)}
    is_strict = not any(isinstance(node, _FORGIVING) for node in bare.walk())
    return is_strict and isinstance(value, exp.Column) and value.sql(DIALECT) in names
