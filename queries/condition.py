"""Conditions: which rows a question keeps. A small tree of filters, with `and` and `or`.

A filter knows its dimension, so it can be checked, planned onto a rollup, written as a sentence
and rendered by an engine; nothing else in the package inspects text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from queries.errors import InvalidQuery

Scalar = str | int | float | bool | date | datetime
DimensionKind = Literal["text", "number", "date", "boolean"]
FilterOperation = Literal[
    "in", "not in", "between", "above", "at least", "below", "at most",
    "contains", "not contains", "missing", "not missing",
]  # fmt: skip

BOUNDS: frozenset[FilterOperation] = frozenset({"above", "at least", "below", "at most"})
MAX_VALUES = 1_000
MAX_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to group or filter by. `expression` is a canonical row expression.

    `values_order` fixes how categories sort (weekdays, plans); `role` tells a page what a value
    is: an ISO country, a title to drill into, a day. A wide dimension has thousands of values:
    rankings of it are cut before intervals are worked out. Values of a personal one tell of whoever
    they come from, so that those of a handful of accounts are not even named.
    """

    name: str
    label: str
    expression: str
    kind: DimensionKind = "text"
    role: Literal["", "time", "country", "language", "title", "hour", "weekday"] = ""
    description: str = ""
    values_order: tuple[str, ...] = ()
    is_wide: bool = False
    is_personal: bool = False

    def read(self, text: str) -> Scalar:
        """Turn what a person or a URL wrote into a value of this dimension's kind."""
        try:
            match self.kind:
                case "number":
                    return _number(text)
                case "date":
                    return date.fromisoformat(text)
                case "boolean":
                    return {"true": True, "false": False}[text.lower()]
                case "text":
                    return text
        except (ValueError, KeyError, OverflowError):
            raise InvalidQuery(
                f"“{text}” is not a {self.kind} that {self.label.lower()} can be.",
                f"Write a {self.kind}, for example {_EXAMPLES[self.kind]}.",
            ) from None


def _number(text: str) -> int | float:
    """Digits stay digits: an id of 63 bits does not survive as a float."""
    try:
        number = int(text)
    except ValueError:
        number = float(text)
    if abs(number) > MAX_NUMBER or number != number:  # noqa: PLR0124  # not a number
        raise ValueError(text)
    return int(number) if isinstance(number, float) and number.is_integer() else number


_EXAMPLES = {"number": "12", "date": "2026-02-28", "boolean": "true", "text": "US"}
_ARITY = {
    "between": 2,
    "above": 1,
    "at least": 1,
    "below": 1,
    "at most": 1,
    "contains": 1,
    "not contains": 1,
    "missing": 0,
    "not missing": 0,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep rows whose dimension does what the operation says.

    `not in` and `not contains` keep missing values: they are the rest of what `in` and `contains`
    keep.
    """

    dimension: Dimension
    operation: FilterOperation
    values: tuple[Scalar, ...] = ()

    def __post_init__(self) -> None:
        expected = _ARITY.get(self.operation)
        if expected is not None and len(self.values) != expected:
            raise InvalidQuery(f"“{self.operation}” takes {expected} values.")
        if expected is None and not self.values:
            raise InvalidQuery(f"Pick at least one {self.dimension.label.lower()}.")
        if len(self.values) > MAX_VALUES:
            raise InvalidQuery(
                f"{len(self.values)} values of {self.dimension.label.lower()} are too many.",
                f"At most {MAX_VALUES}; filter by a coarser dimension.",
            )

    @property
    def sentence(self) -> str:
        """The filter as a person would say it: `Country is US or BR`."""
        label, values = self.dimension.label, [str(v) for v in self.values]
        match self.operation:
            case "in":
                return f"{label} is {' or '.join(values)}"
            case "not in":
                return f"{label} is not {' or '.join(values)}"
            case "between":
                return f"{label} is between {values[0]} and {values[1]}"
            case "contains":
                return f"{label} contains “{values[0]}”"
            case "not contains":
                return f"{label} does not contain “{values[0]}”"
            case "missing":
                return f"{label} is missing"
            case "not missing":
                return f"{label} is known"
            case bound:
                return f"{label} is {bound} {values[0]}"

    def filters(self) -> "Iterator[Filter]":
        yield self


@dataclass(frozen=True, slots=True)
class Both:
    """Every one of the conditions."""

    conditions: "tuple[Condition, ...]"

    @property
    def sentence(self) -> str:
        return " and ".join(_grouped(c) for c in self.conditions)

    def filters(self) -> Iterator[Filter]:
        for condition in self.conditions:
            yield from condition.filters()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the conditions."""

    conditions: "tuple[Condition, ...]"

    @property
    def sentence(self) -> str:
        return " or ".join(_grouped(c) for c in self.conditions)

    def filters(self) -> Iterator[Filter]:
        for condition in self.conditions:
            yield from condition.filters()


Condition = Filter | Both | Either


def _grouped(condition: Condition) -> str:
    if isinstance(condition, Filter):
        return condition.sentence
    return f"({condition.sentence})"


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """What must all hold for a condition to hold; nothing for None."""
    if isinstance(condition, Both):
        return condition.conditions
    return () if condition is None else (condition,)


def conjunction(*conditions: Condition | None) -> Condition | None:
    """All of the conditions that are there; None when there is nothing to keep out."""
    present = [part for condition in conditions for part in conjuncts(condition)]
    if len(present) <= 1:
        return present[0] if present else None
    return Both(tuple(present))


def negated(condition: Condition) -> Condition:
    """Exactly the rows that the condition leaves out, missing values among them."""
    match condition:
        case Both():
            return Either(tuple(negated(c) for c in condition.conditions))
        case Either():
            return Both(tuple(negated(c) for c in condition.conditions))
        case Filter(dimension, "between", (low, high)):
            missing = Filter(dimension, "missing")
            return Either(
                (Filter(dimension, "below", (low,)), Filter(dimension, "above", (high,)), missing)
            )
        case Filter(dimension, operation, values):
            rest = Filter(dimension, _REST[operation], values)
            if operation in BOUNDS:
                return Either((rest, Filter(dimension, "missing")))
            return rest


_REST: dict[str, FilterOperation] = {
    "in": "not in",
    "not in": "in",
    "contains": "not contains",
    "not contains": "contains",
    "missing": "not missing",
    "not missing": "missing",
    "above": "at most",
    "at least": "below",
    "below": "at least",
    "at most": "above",
}
