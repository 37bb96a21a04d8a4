"""Conditions as text: what a person types, `country in ('US', 'BR') and hours_viewed >= 100`.

Read with the parser of the metric layer into typed filters, so nothing of the text reaches an
engine. A negation keeps exactly the rows that its inside leaves out, those whose value is missing
included. `contains` does not care for case.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sqlglot import expressions as exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr
from sqlglot.tokenizer_core import Token, TokenType

from queries.condition import Both, Condition, Dimension, Either, Filter, Scalar, negated
from queries.dataset import Dataset
from queries.errors import InvalidQuery, UnknownField
from queries.model import Threshold

EXAMPLES = (
    "Write for example: country in ('US', 'BR') and device = 'tv' and not genre = 'Kids', "
    "hour between 18 and 22, title contains 'love', genre is null."
)
MAX_LENGTH = 20_000
MAX_DEPTH = 40

Bound = Literal["above", "at least", "below", "at most"]

_BOUNDS: dict[type[Expr], Bound] = {
    exp.GT: "above",
    exp.GTE: "at least",
    exp.LT: "below",
    exp.LTE: "at most",
}
SIGNS: dict[Bound, Literal[">", ">=", "<", "<="]] = {
    "above": ">",
    "at least": ">=",
    "below": "<",
    "at most": "<=",
}
_FLIPPED: dict[Bound, Bound] = {
    "above": "below",
    "at least": "at most",
    "below": "above",
    "at most": "at least",
}


@dataclass(frozen=True, slots=True)
class Where:
    """What a text keeps: rows by `condition`, then groups of the answer by `thresholds`."""

    condition: Condition | None = None
    thresholds: tuple[Threshold, ...] = ()


def parse_where(dataset: Dataset, text: str) -> Where:
    """Read a condition on dimensions and metrics of a dataset, by name.

    Comparisons with a metric may only be joined to the rest by `and`. Raises InvalidQuery and
    UnknownField.
    """
    if not text.strip():
        return Where()
    rows: list[Condition] = []
    thresholds: list[Threshold] = []
    for part in _conjuncts(_tree(text)):
        threshold = _thresholds(dataset, part)
        if threshold:
            thresholds += threshold
        else:
            rows.append(_condition(dataset, part))
    condition = rows[0] if len(rows) == 1 else Both(tuple(rows)) if rows else None
    return Where(condition, tuple(thresholds))


def _tree(text: str) -> Expr:
    if len(text) > MAX_LENGTH:
        raise InvalidQuery(f"The condition is longer than {MAX_LENGTH} characters.", EXAMPLES)
    dialect = DuckDB()
    try:
        tokens = [_spoken(*pair) for pair in pairwise([None, *dialect.tokenize(text)])]
        _check_depth(tokens)
        trees = dialect.parser().parse(tokens, text)
    except (SqlglotError, RecursionError) as error:
        raise InvalidQuery(f"“{text[:200]}” is not a condition I can read.", EXAMPLES) from error
    if len(trees) != 1 or trees[0] is None:
        raise InvalidQuery(f"“{text[:200]}” is not one condition.", EXAMPLES)
    return trees[0]


def _spoken(before: Token | None, token: Token | None) -> Token:
    """`title contains 'love'` is not SQL; GLOB has its grammar and no other use here."""
    assert token is not None  # noqa: S101  # the first of a pair only
    if token.token_type == TokenType.GLOB:
        raise InvalidQuery("“glob” cannot be used in a condition.", EXAMPLES)
    follows = before is not None and before.token_type not in _OPENERS
    if token.text.lower() == "contains" and token.token_type == TokenType.VAR and follows:
        return Token(TokenType.GLOB, token.text, token.line, token.col, token.start, token.end)
    return token


_OPENERS = (TokenType.AND, TokenType.OR, TokenType.L_PAREN)
_BRACKETS = {
    TokenType.L_PAREN: 1,
    TokenType.L_BRACKET: 1,
    TokenType.L_BRACE: 1,
    TokenType.R_PAREN: -1,
    TokenType.R_BRACKET: -1,
    TokenType.R_BRACE: -1,
}
_PREFIXES = (TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE, TokenType.CASE)


def _check_depth(tokens: Iterable[Token]) -> None:
    depth = prefixes = 0
    for token in tokens:
        depth += _BRACKETS.get(token.token_type, 0)
        prefixes += token.token_type in _PREFIXES
        if token.token_type in (TokenType.AND, TokenType.OR, TokenType.COMMA):
            prefixes = 0
        if depth > MAX_DEPTH or prefixes > MAX_DEPTH:
            raise InvalidQuery("The condition is nested too deeply.", EXAMPLES)


def _conjuncts(tree: Expr) -> list[Expr]:
    return list(tree.flatten(unnest=False)) if isinstance(tree, exp.And) else [tree]


def _thresholds(dataset: Dataset, node: Expr) -> tuple[Threshold, ...]:
    """The thresholds a part states; none where it is about dimensions."""
    if isinstance(node, exp.Paren):
        return _thresholds(dataset, node.this)
    if isinstance(node, exp.Between):
        metric = _metric(dataset, node.this)
        low, high = node.args["low"], node.args["high"]
        if metric is None:
            return ()
        return (Threshold(metric, ">=", _number(low)), Threshold(metric, "<=", _number(high)))
    if isinstance(node, exp.EQ) and (metric := _metric(dataset, node.this)):
        return (Threshold(metric, "=", _number(node.expression)),)
    bound = _BOUNDS.get(type(node))
    if bound is None:
        return ()
    if metric := _metric(dataset, node.this):
        return (Threshold(metric, SIGNS[bound], _number(node.expression)),)
    if metric := _metric(dataset, node.expression):
        return (Threshold(metric, SIGNS[_FLIPPED[bound]], _number(node.this)),)
    return ()


def _metric(dataset: Dataset, node: Expr) -> str | None:
    if not isinstance(node, exp.Column) or node.table or dataset.has_dimension(node.name):
        return None
    return node.name if any(m.name == node.name for m in dataset.metrics) else None


def _number(node: Expr) -> float:
    try:
        return float(_literal(node))
    except ValueError:
        raise InvalidQuery(f"“{node.sql('duckdb')}” is not a number.", EXAMPLES) from None


def _condition(dataset: Dataset, node: Expr) -> Condition:
    match node:
        case exp.Paren():
            return _condition(dataset, node.this)
        case exp.And():
            return Both(tuple(_condition(dataset, n) for n in node.flatten(unnest=False)))
        case exp.Or():
            return Either(tuple(_condition(dataset, n) for n in node.flatten(unnest=False)))
        case exp.Not():
            return negated(_condition(dataset, node.this))
        case exp.Column():
            return _flag(_dimension(dataset, node))
        case _:
            reader = _READERS.get(type(node))
            if reader is None:
                raise InvalidQuery(
                    f"“{node.sql('duckdb')[:100]}” cannot be used in a condition.", EXAMPLES
                )
            return reader(dataset, node)


def _dimension(dataset: Dataset, node: Expr) -> Dimension:
    if not isinstance(node, exp.Column):
        raise InvalidQuery(
            f"“{node.sql('duckdb')[:100]}” is not the name of a dimension.", EXAMPLES
        )
    if node.table:
        raise UnknownField(
            "dimension", f"{node.table}.{node.name}", (d.name for d in dataset.dimensions)
        )
    if _metric(dataset, node):
        raise InvalidQuery(
            f"“{node.name}” is a metric, which cannot be compared here.",
            "Compare a metric with a number, joined to the rest by “and”: hours_viewed >= 100.",
        )
    lower = node.name.lower()
    return dataset.dimension(lower if dataset.has_dimension(lower) else node.name)


def _flag(dimension: Dimension) -> Condition:
    if dimension.kind != "boolean":
        raise InvalidQuery(f"What should {dimension.label.lower()} be?", EXAMPLES)
    return Filter(dimension, "in", (True,))


def _equal(dataset: Dataset, node: Expr) -> Condition:
    dimension, value = _dimension(dataset, node.this), node.expression
    if isinstance(value, exp.Null):
        raise InvalidQuery("Nothing equals null.", f"Write: {dimension.name} is null.")
    return Filter(dimension, "in", (_value(dataset, dimension, value),))


def _is(dataset: Dataset, node: Expr) -> Condition:
    dimension, value = _dimension(dataset, node.this), node.expression
    if isinstance(value, exp.Null) or value.name.lower() == "missing":
        return Filter(dimension, "missing")
    return _equal(dataset, node)


def _in(dataset: Dataset, node: Expr) -> Condition:
    dimension = _dimension(dataset, node.this)
    if node.args.get("query") or node.args.get("unnest") or node.args.get("field"):
        raise InvalidQuery("“in” takes a list of values in brackets.", EXAMPLES)
    values = tuple(_value(dataset, dimension, v) for v in node.expressions)
    return Filter(dimension, "in", values)


def _between(dataset: Dataset, node: Expr) -> Condition:
    dimension = _ordered(_dimension(dataset, node.this))
    values = tuple(_value(dataset, dimension, node.args[end]) for end in ("low", "high"))
    return Filter(dimension, "between", values)


def _bound(dataset: Dataset, node: Expr) -> Condition:
    operation, column, value = _BOUNDS[type(node)], node.this, node.expression
    if not isinstance(column, exp.Column):
        operation, column, value = _FLIPPED[operation], value, column
    dimension = _ordered(_dimension(dataset, column))
    return Filter(dimension, operation, (_value(dataset, dimension, value),))


def _ordered(dimension: Dimension) -> Dimension:
    if dimension.kind not in ("number", "date"):
        raise InvalidQuery(
            f"{dimension.label} has no order to compare by.",
            f"Name its values: {dimension.name} in ('…', '…').",
        )
    return dimension


def _contains(dataset: Dataset, node: Expr) -> Condition:
    dimension = _dimension(dataset, node.this)
    text = _literal(node.expression)
    if dimension.kind != "text":
        raise InvalidQuery(f"{dimension.label} is not a text that could contain “{text}”.")
    found = Filter(dimension, "contains", (text,))
    return negated(found) if node.args.get("negate") else found


def _like(dataset: Dataset, node: Expr) -> Condition:
    dimension, pattern = _dimension(dataset, node.this), _literal(node.expression)
    text = pattern.strip("%")
    whole = text == pattern and isinstance(node, exp.Like)
    if "_" in text or "%" in text or not text or not (whole or pattern == f"%{text}%"):
        raise InvalidQuery(
            f"The pattern “{pattern}” is more than “contains”.",
            f"Write: {dimension.name} contains 'love', or like '%love%'.",
        )
    if whole:
        found = Filter(dimension, "in", (dimension.read(text),))
    else:
        found = _contains(dataset, exp.Glob(this=node.this, expression=exp.Literal.string(text)))
    return negated(found) if node.args.get("negate") else found


_READERS: dict[type[Expr], Callable[[Dataset, Expr], Condition]] = {
    exp.EQ: _equal,
    exp.NEQ: lambda dataset, node: negated(_equal(dataset, node)),
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Glob: _contains,
    exp.Like: _like,
    exp.ILike: _like,
    **dict.fromkeys(_BOUNDS, _bound),
}


def _value(dataset: Dataset, dimension: Dimension, node: Expr) -> Scalar:
    if isinstance(node, exp.Column) and not node.table:
        quoted = node.this.args.get("quoted")
        if quoted and not dataset.has_dimension(node.name):
            return dimension.read(node.name)
        raise InvalidQuery(
            f"Is “{node.name}” a text? Then it needs quotes.", f"Write: '{node.name}'."
        )
    return dimension.read(_literal(node))


def _literal(node: Expr) -> str:
    match node:
        case exp.Literal():
            return node.this
        case exp.Boolean():
            return str(node.this).lower()
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return f"-{node.this.this}"
        case exp.Cast() if isinstance(node.this, exp.Literal) and node.is_type("date"):
            return node.this.this
        case _:
            raise InvalidQuery(f"“{node.sql('duckdb')[:100]}” is not a value.", EXAMPLES)
