"""Row expressions: the SQL a dimension, an aggregate's argument or a filter is written in.

A canonical expression names each column as one quoted identifier: `"country"` is a column of
the dataset's table, `"titles.genre"` one of a joined table. Only the nodes listed here are
allowed, so an expression can be rendered for DuckDB, translated for Polars or sent to a
cluster, and can never reach a file, a setting or another table.
"""

from functools import lru_cache

from sqlglot import expressions as exp
from sqlglot import parse_one
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr

from queries.errors import InvalidQuery

DIALECT = "duckdb"

ALLOWED: tuple[type[Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Placeholder,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between,
    exp.And, exp.Or, exp.Not, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam,
    exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Ln, exp.Pow, exp.Floor,
    exp.Bracket, exp.Tuple, exp.Lower, exp.Contains, exp.DateDiff, exp.Var, exp.IntDiv,
    exp.DayOfWeekIso, exp.Hour, exp.ArrayContains,
)  # fmt: skip


def parse_row(sql: str) -> Expr:
    """Read the text as one expression. Raises InvalidQuery where it is not SQL."""
    try:
        return parse_one(sql, dialect=DIALECT)
    except SqlglotError as error:
        raise InvalidQuery(f"“{sql}” is not an expression.", str(error).split(".")[0]) from error


def canonical(expression: Expr | str) -> str:
    """The one spelling of an expression that keys, caches and engines use.

    Raises InvalidQuery where the expression uses a node that is not in `ALLOWED`.
    """
    tree = parse_row(expression) if isinstance(expression, str) else expression.copy()
    for node in tree.walk():
        if not isinstance(node, ALLOWED):
            raise InvalidQuery(
                f"“{node.sql(DIALECT)}” cannot be used in an expression.",
                "Use columns, arithmetic, comparisons, case, coalesce and the like.",
            )
    return tree.transform(_one_identifier).sql(DIALECT)


def _one_identifier(node: Expr) -> Expr:
    if not isinstance(node, exp.Column):
        return node
    name = f"{node.table}.{node.name}" if node.table else node.name
    return exp.Column(this=exp.to_identifier(name, quoted=True))


@lru_cache(maxsize=4096)
def columns_of(sql: str) -> frozenset[str]:
    """Columns a canonical expression reads, `joined.column` for those of a joined table."""
    return frozenset(c.name for c in parse_row(sql).find_all(exp.Column))


@lru_cache(maxsize=4096)
def conjuncts(sql: str) -> frozenset[str]:
    """The conditions that all must hold for a canonical one to hold: `a AND b` is `a` and `b`."""
    tree = parse_row(sql).unnest()
    parts = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return frozenset(part.unnest().sql(DIALECT) for part in parts)
