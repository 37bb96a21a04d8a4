"""Translate canonical row expressions into Polars: the second reading that checks the first."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache, reduce

import polars as pl
from sqlglot import expressions as exp
from sqlglot.expressions.core import Expr

from queries.expression import parse_row

_TYPES: dict[str, type[pl.DataType]] = {
    "INT": pl.Int64, "BIGINT": pl.Int64, "SMALLINT": pl.Int64, "TINYINT": pl.Int64,
    "DOUBLE": pl.Float64, "FLOAT": pl.Float64, "DECIMAL": pl.Float64,
    "VARCHAR": pl.String, "TEXT": pl.String, "DATE": pl.Date, "BOOLEAN": pl.Boolean,
    "TIMESTAMP": pl.Datetime,
}  # fmt: skip

_UNITS = {"DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}

_BINARY: dict[type[Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    exp.Add: lambda a, b: a + b,
    exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
    exp.Div: lambda a, b: a / b,
    exp.IntDiv: lambda a, b: a // b,
    exp.BitwiseAnd: lambda a, b: a & b,
    exp.BitwiseOr: lambda a, b: a | b,
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.And: lambda a, b: a & b,
    exp.Or: lambda a, b: a | b,
    exp.Pow: lambda a, b: a.pow(b),
    exp.Contains: lambda a, b: a.str.contains(b, literal=True),
    exp.ArrayContains: lambda a, b: a.list.contains(b),
}
_UNARY: dict[type[Expr], Callable[[pl.Expr], pl.Expr]] = {
    exp.Paren: lambda a: a,
    exp.Neg: lambda a: -a,
    exp.Not: lambda a: ~a,
    exp.Abs: lambda a: a.abs(),
    exp.Ln: lambda a: a.log(),
    exp.Floor: lambda a: a.floor(),
    exp.Lower: lambda a: a.str.to_lowercase(),
    exp.DayOfWeekIso: lambda a: a.dt.weekday().cast(pl.Int64),
    exp.Hour: lambda a: a.dt.hour().cast(pl.Int64),
}
_MANY: dict[type[Expr], Callable[[list[pl.Expr]], pl.Expr]] = {
    exp.Coalesce: pl.coalesce,
    exp.Greatest: pl.max_horizontal,
    exp.Least: pl.min_horizontal,
    exp.Tuple: pl.struct,
}


@lru_cache(maxsize=4096)
def translate(sql: str) -> pl.Expr:
    """A canonical expression as a Polars expression over columns of the same names."""
    return _translate(parse_row(sql))


def _translate(node: Expr) -> pl.Expr:
    kind = type(node)
    if kind in _BINARY:
        return _BINARY[kind](_translate(node.this), _translate(node.expression))
    if kind in _UNARY:
        return _UNARY[kind](_translate(node.this))
    if kind in _MANY:
        first = [node.this] if node.this is not None else []
        return _MANY[kind]([_translate(n) for n in (*first, *node.expressions)])
    if isinstance(node, exp.Anonymous) and node.name == "bit_count":
        return _translate(node.expressions[0]).bitwise_count_ones().cast(pl.Int64)
    return _special(node)


def _special(node: Expr) -> pl.Expr:
    match node:
        case exp.Column():
            return pl.col(node.name)
        case exp.Literal() | exp.Boolean() | exp.Null():
            return pl.lit(_value(node))
        case exp.Is():
            return _translate(node.this).is_null()
        case exp.In():
            return _translate(node.this).is_in([_value(n) for n in node.expressions])
        case exp.Between():
            low, high = _translate(node.args["low"]), _translate(node.args["high"])
            return _translate(node.this).is_between(low, high)
        case exp.Nullif():
            value = _translate(node.this)
            return pl.when(value != _translate(node.expression)).then(value)
        case exp.Cast():
            return _cast(node)
        case exp.Case():
            return _case(node)
        case exp.Bracket():
            return _translate(node.this).map.get(_value(node.expressions[0]))
        case exp.DateDiff():
            return _date_diff(node)
        case _:
            raise NotImplementedError(node.sql())


def _value(node: Expr) -> str | int | float | bool | date | None:
    match node:
        case exp.Cast():
            return date.fromisoformat(str(node.this.this))
        case exp.Null():
            return None
        case exp.Boolean():
            return bool(node.this)
        case exp.Neg():
            value = _value(node.this)
            return -value if isinstance(value, int | float) else None
        case exp.Literal() if node.is_string:
            return str(node.this)
        case exp.Literal() if str(node.this).isdigit():
            return int(node.this)
        case _:
            number = float(node.this)
            return int(number) if "." not in str(node.this) else number


def _cast(node: exp.Cast) -> pl.Expr:
    """A date that is written out is one; Polars casts no text to it."""
    if node.this.is_string and node.to.is_type("date"):
        return pl.lit(_value(node))
    return _translate(node.this).cast(_TYPES[node.to.this.value])


def _case(node: exp.Case) -> pl.Expr:
    default = node.args.get("default")
    otherwise = _translate(default) if default is not None else pl.lit(None)
    return reduce(
        lambda rest, branch: (
            pl.when(_test(node, branch.this)).then(_translate(branch.args["true"])).otherwise(rest)
        ),
        reversed(node.args["ifs"]),
        otherwise,
    )


def _test(node: exp.Case, test: Expr) -> pl.Expr:
    if node.this is None:
        return _translate(test)
    return _translate(node.this) == _translate(test)


def _date_diff(node: exp.DateDiff) -> pl.Expr:
    """Boundaries of the unit crossed from `start` to `end`, as DuckDB counts them."""
    unit = _UNITS[str(node.args["unit"].name).upper()]
    end, start = _translate(node.this), _translate(node.expression)
    ticks = [t.cast(pl.Datetime("us")).dt.epoch("s") // unit for t in (end, start)]
    return ticks[0] - ticks[1]
