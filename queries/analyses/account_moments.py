"""First and second moments over accounts of any metric that is a ratio of sums over their rows.

`y` over `z` is the metric, `u` over `v` the same in the time before: what an experiment's effect,
its error and its adjustment (CUPED) are made of. Moments add up over any groups of accounts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from queries.dataset import Dataset, Metric
from queries.errors import UnsafeQuestion
from queries.estimators.moments import LETTERS, PAIRS, Moments
from queries.expression import columns_of
from queries.formula import Aggregate, Arithmetic, Constant, Formula, parse

BEFORE = "pre_"
_HAS_BEFORE = frozenset(
    {"watched_s", "plays_n", "rebuffer_ms", "startup_ms", "starts_n", "searches_n", "found_n"}
)
_CONDITIONS = frozenset({"is_exposed"})


def with_moments(dataset: Dataset, metrics: Iterable[Metric]) -> tuple[Dataset, tuple[Metric, ...]]:
    """The dataset, able to answer for the moments of these metrics, and what to ask of it.

    The metrics themselves are among what is asked, so whoever may not see one is refused.
    Raises UnsafeQuestion for a metric that is no ratio of sums over accounts' rows.
    """
    asked: list[Metric] = []
    for metric in metrics:
        asked += [metric, *_moment_metrics(metric)]
    known = {m.name for m in dataset.metrics}
    added = tuple(m for m in asked if m.name not in known)
    return replace(dataset, metrics=(*dataset.metrics, *added)), tuple(asked)


def moments(row: Mapping[str, Any], metric: str, count: float) -> Moments:
    """Read the moments of a metric off a row of the answer; what it lacks of the time before is 0.

    `metric` empty: the row names them by their letters alone.
    """
    sums = np.array([_number(row, letter, metric) for letter in LETTERS])
    products = np.zeros((4, 4))
    for pair in PAIRS:
        i, j = (LETTERS.index(letter) for letter in pair)
        products[i, j] = products[j, i] = _number(row, pair, metric)
    return Moments(count, sums, products)


def moment_name(letters: str, metric: str) -> str:
    return f"{letters}_of_{metric}" if metric else letters


def is_account_ratio(metric: Metric) -> bool:
    """Whether the metric has moments over accounts."""
    try:
        _row_expressions(metric)
    except UnsafeQuestion:
        return False
    return True


def _number(row: Mapping[str, Any], letters: str, metric: str) -> float:
    return float(row.get(moment_name(letters, metric)) or 0.0)


def _moment_metrics(metric: Metric) -> list[Metric]:
    values = _row_expressions(metric)
    found = [
        (pair, f"({values[pair[0]]}) * ({values[pair[1]]})")
        for pair in PAIRS
        if set(pair) <= set(values)
    ]
    return [
        Metric(
            name=moment_name(letters, metric.name),
            label=f"{letters} of {metric.label}",
            formula=parse(f"sum({text})"),
            interval="none",
        )
        for letters, text in (*values.items(), *found)
    ]


def _row_expressions(metric: Metric) -> dict[str, str]:
    """What one account's row adds to y, z and, where it was measured before, u and v."""
    match metric.formula:
        case Arithmetic("/", (above, below)) if not isinstance(below, Constant):
            values = {"y": _row(above), "z": _row(below)}
        case _:
            raise UnsafeQuestion(
                f"{metric.label} is no ratio of sums over accounts.",
                "An experiment compares numbers such as hours per account.",
                code="no_account_ratio",
            )
    used = columns_of(values["y"]) | columns_of(values["z"])
    if used - _CONDITIONS <= _HAS_BEFORE:
        values |= {"u": _earlier(values["y"]), "v": _earlier(values["z"])}
    return {letter: f"CAST({text} AS DOUBLE)" for letter, text in values.items()}


def _earlier(text: str) -> str:
    for column in columns_of(text) & _HAS_BEFORE:
        text = text.replace(f'"{column}"', f'"{BEFORE}{column}"')
    return text


def _row(formula: Formula) -> str:
    """The row expression whose sum over accounts the formula is: zero where there is nothing."""
    match formula:
        case Aggregate("sum", argument, where):
            return _kept(f"coalesce({argument}, 0)", where)
        case Aggregate("count", "*", where):
            return _kept("1", where)
        case Arithmetic("+" | "-" as sign, (left, right)):
            return f"({_row(left)}) {sign} ({_row(right)})"
        case Arithmetic("*", (Constant(value), other)) | Arithmetic("*", (other, Constant(value))):
            return f"({_row(other)}) * {value!r}"
        case Arithmetic("/", (other, Constant(value))):
            return f"({_row(other)}) / {value!r}"
        case _:
            raise UnsafeQuestion(
                f"“{formula.sql}” is no sum over accounts.",
                "An experiment compares numbers such as hours per account.",
                code="no_account_ratio",
            )


def _kept(value: str, where: str | None) -> str:
    return f"CASE WHEN {where} THEN {value} ELSE 0 END" if where else value
