"""Translate conditions into Polars: the second reading that checks the first."""

import operator
from collections.abc import Callable
from typing import Any

import polars as pl

from queries.condition import Both, Condition, Either, Filter
from queries.engines.polars_expression import translate

_BOUNDS: dict[str, Callable[[Any, Any], Any]] = {
    "above": operator.gt,
    "at least": operator.ge,
    "below": operator.lt,
    "at most": operator.le,
}


def translate_condition(condition: Condition) -> pl.Expr:
    """Whether a row is kept; a missing value passes only what asks for the others."""
    match condition:
        case Both():
            return pl.all_horizontal(translate_condition(c) for c in condition.conditions)
        case Either():
            return pl.any_horizontal(translate_condition(c) for c in condition.conditions)
        case Filter():
            return _filter(condition)


def _filter(condition: Filter) -> pl.Expr:
    column = translate(condition.dimension.expression)
    match condition.operation:
        case "in":
            return column.is_in(list(condition.values))
        case "not in":
            return (~column.is_in(list(condition.values))).fill_null(value=True)
        case "between":
            low, high = condition.values
            return column.is_between(pl.lit(low), pl.lit(high))
        case "contains":
            found = str(condition.values[0]).lower()
            return column.str.to_lowercase().str.contains(found, literal=True)
        case "not contains":
            found = str(condition.values[0]).lower()
            kept = ~column.str.to_lowercase().str.contains(found, literal=True)
            return kept.fill_null(value=True)
        case "missing":
            return column.is_null()
        case "not missing":
            return column.is_not_null()
        case bound:
            return _BOUNDS[bound](column, pl.lit(condition.values[0]))
