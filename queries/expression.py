"""Row expressions: the SQL a dimension, an aggregate's argument or a filter is written in.

A canonical expression names each column as one quoted identifier: `"country"` is a column of
the dataset's table, `"titles.genre"` one of a joined table. Only the nodes listed here are
allowed, so an expression can be rendered for DuckDB, translated for Polars or sent to a
cluster, and can never reach a file, a setting or another table.
"""

from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp

from queries.errors import InvalidQuery

DIALECT = "duckdb"

ALLOWED: tuple[type[exp.Expression], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Placeholder,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Mod,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between,
    exp.And, exp.Or, exp.Not, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType,
    exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Ln, exp.Pow, exp.Floor,
    exp.Bracket, exp.Tuple, exp.Lower, exp.DateDiff, exp.Var, exp.Extract, exp.Concat, exp.DPipe,
    exp.Date, exp.TsOrDsToDate, exp.IntDiv, exp.Round, exp.Contains,
)  # fmt: skip


def parse_row(sql: str) -> exp.Expression:
    """Parse a row expression and refuse whatever is not in `ALLOWED`."""
    try:
        tree = sqlglot.parse_one(sql, dialect=DIALECT)
    except sqlglot.errors.SqlglotError as error:
        raise InvalidQuery(f"“{sql}” is not an expression.", str(error).split(".")[0]) from error
    return tree


def canonical(expression: exp.Expression | str) -> str:
    """The one spelling of an expression that keys, caches and engines use."""
    tree = parse_row(expression) if isinstance(expression, str) else expression.copy()
    for node in tree.walk():
        if not isinstance(node, ALLOWED):
            raise InvalidQuery(
                f"“{node.sql(DIALECT)}” cannot be used in an expression.",
                "Use columns, arithmetic, comparisons, case, coalesce and the like.",
            )
    return tree.transform(_one_identifier).sql(DIALECT)


def _one_identifier(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Column):
        return node
    name = f"{node.table}.{node.name}" if node.table else node.name
    return exp.Column(this=exp.to_identifier(name, quoted=True))


@lru_cache(maxsize=4096)
def columns_of(sql: str) -> frozenset[str]:
    """Columns a canonical expression reads, `joined.column` for those of a joined table."""
    return frozenset(c.name for c in parse_row(sql).find_all(exp.Column))
