"""The text of a condition: what `queries.where` reads back to the same."""

from datetime import date

from sqlglot import expressions as exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import TokenType

from queries.condition import Both, Condition, Either, Filter, Scalar, conjuncts
from queries.where import SIGNS, Where


def written(where: Where) -> str:
    """`country in ('US', 'BR') and hours_viewed >= 100.0`; empty where everything is kept."""
    condition = where.condition
    texts = [_nested(part) for part in conjuncts(condition)]
    if len(texts) == 1 and isinstance(condition, Either) and not where.thresholds:
        return _text(condition)
    texts += [f"{_name(t.metric)} {t.operation} {t.value!r}" for t in where.thresholds]
    return " and ".join(texts)


def _nested(condition: Condition) -> str:
    return _text(condition) if isinstance(condition, Filter) else f"({_text(condition)})"


def _text(condition: Condition) -> str:
    match condition:
        case Both():
            return " and ".join(_nested(c) for c in condition.conditions)
        case Either():
            return " or ".join(_nested(c) for c in condition.conditions)
        case Filter():
            return _filter_text(condition)


def _filter_text(condition: Filter) -> str:
    name = _name(condition.dimension.name)
    values = [_written(v) for v in condition.values]
    match condition.operation:
        case "in" | "not in":
            if len(values) > 1:
                return f"{name} {condition.operation} ({', '.join(values)})"
            return f"{name} {'=' if condition.operation == 'in' else '!='} {values[0]}"
        case "between":
            return f"{name} between {values[0]} and {values[1]}"
        case "missing":
            return f"{name} is null"
        case "not missing":
            return f"{name} is not null"
        case "contains" | "not contains" as operation:
            return f"{name} {operation} {values[0]}"
        case bound:
            return f"{name} {SIGNS[bound]} {values[0]}"


def _name(name: str) -> str:
    tokens = DuckDB().tokenize(name)
    plain = len(tokens) == 1 and tokens[0].token_type == TokenType.VAR
    return name if plain else exp.to_identifier(name, quoted=True).sql("duckdb")


def _written(value: Scalar) -> str:
    if isinstance(value, str | date):
        return "'" + str(value).replace("'", "''") + "'"
    return str(value).lower()
