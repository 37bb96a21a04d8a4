"""Whether a formula is a share: rows that meet a condition, over all those that might.

Read off the conditions alone, so it says yes only where the one below the line surely follows from
the one above; a metric that knows better declares it.
"""

from collections.abc import Iterator

from sqlglot import expressions as exp
from sqlglot.expressions.core import Expr

from queries.expression import DIALECT, conjuncts, parse_row
from queries.formula import Aggregate, Arithmetic, Formula

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
#: What may have a value although a part of it has none.
_FORGIVING = (exp.Coalesce, exp.Case, exp.If, exp.Is, exp.Or, exp.Greatest, exp.Least)


def is_part_of_whole(formula: Formula) -> bool:
    """Whether what is above the line is a part of what is below it: both counts, or sums of one."""
    if not (isinstance(formula, Arithmetic) and formula.name == "/" and len(formula.operands) == 2):  # noqa: PLR2004
        return False
    above, below = formula.operands
    if not (isinstance(above, Aggregate) and isinstance(below, Aggregate)):
        return False
    kinds = {(a.operation, a.argument if a.operation == "sum" else "") for a in (above, below)}
    if len(kinds) > 1 or above.operation not in ("count", "sum"):
        return False
    if above.is_closing != below.is_closing:
        return False
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
        return bare is not given and bare.this.unnest() == value
    if bare == value:
        return True
    if isinstance(bare, _COMPARISONS) and value in (bare.this, bare.args.get("expression")):
        return True
    names = {column.sql(DIALECT) for column in bare.find_all(exp.Column)}
    is_strict = not any(isinstance(node, _FORGIVING) for node in bare.walk())
    return is_strict and isinstance(value, exp.Column) and value.sql(DIALECT) in names
