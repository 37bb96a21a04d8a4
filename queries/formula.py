"""A metric's formula: aggregates an engine computes, and the arithmetic over them.

A formula is SQL, parsed once: `sum(watched_s) filter (where source = 'search') / sum(watched_s)`
becomes two aggregates and a division. Because the arithmetic runs on totals, a ratio is always
a ratio of sums, never an average of ratios, whatever the grain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlglot import expressions as exp
from sqlglot import parse_one
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr

from queries.errors import InvalidQuery, UnsafeQuestion
from queries.expression import DIALECT, canonical, columns_of

Array = NDArray[np.float64]
Operation = Literal["sum", "count", "count_distinct", "min", "max", "quantile", "bit_or"]

#: Aggregates whose parts add up: over days, slices and buckets alike.
ADDITIVE: frozenset[Operation] = frozenset({"sum", "count"})


@dataclass(frozen=True)
class Aggregate:
    """One number an engine computes in a single scan.

    `argument` and `where` are canonical row expressions (`queries.expression`); a `count`
    without an argument is `*`. A group without a matching row counts 0; its sum is NULL, as is one
    over values that are all missing (`queries.gather` tells the two apart).
    `level` is the quantile's probability; `bit_or` is of whole numbers, and of no metric. `alias`
    is set where the aggregate is read off a rollup under the key of the one it stands for.
    `is_closing` says that of each time bucket, or of the whole period, only the last day is looked
    at (`queries.closing`).
    """

    operation: Operation
    argument: str = "*"
    where: str | None = None
    level: float | None = None
    alias: str = ""
    is_closing: bool = False

    @cached_property
    def key(self) -> str:
        """Name of this aggregate's column in an engine's answer: stable across processes."""
        if self.alias:
            return self.alias
        text = repr((self.operation, self.argument, self.where, self.level))
        name = f"{self.operation}_{blake2b(text.encode(), digest_size=5).hexdigest()}"
        return f"{name}_closing" if self.is_closing else name

    @property
    def is_additive(self) -> bool:
        return self.operation in ADDITIVE

    @property
    def matching(self) -> "Aggregate":
        """How many rows the aggregate looks at, whether they have a value or not."""
        return Aggregate("count", where=self.where, is_closing=self.is_closing)

    @property
    def of_every_day(self) -> "Aggregate":
        """The same over all days: what rollups keep, and what is hidden with it."""
        return replace(self, is_closing=False) if self.is_closing else self

    def closing(self) -> "Aggregate":
        return replace(self, is_closing=True)

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the source that the aggregate reads."""
        parts = [part for part in (self.argument, self.where) if part not in (None, "*")]
        return frozenset[str]().union(*(columns_of(part) for part in parts if part))

    @property
    def sql(self) -> str:
        """The aggregate as a person would write it."""
        match self.operation:
            case "count_distinct":
                call = f"count(distinct {self.argument})"
            case "quantile":
                call = f"quantile_cont({self.argument}, {self.level})"
            case operation:
                call = f"{operation}({self.argument})"
        return f"{call} filter (where {self.where})" if self.where else call

    def aggregates(self) -> frozenset["Aggregate"]:
        return frozenset({self})

    def evaluate(self, values: Mapping[str, Array]) -> Array:
        return values[self.key]

    def bind(self, parameters: Mapping[str, str]) -> "Aggregate":
        return replace(
            self,
            argument=_bound(self.argument, parameters),
            where=_bound(self.where, parameters) if self.where else None,
        )


@dataclass(frozen=True, slots=True)
class Constant:
    """A number written in the formula."""

    value: float

    @property
    def sql(self) -> str:
        return f"{self.value:g}"

    def aggregates(self) -> frozenset[Aggregate]:
        return frozenset()

    def evaluate(self, values: Mapping[str, Array]) -> Array:  # noqa: ARG002  # one protocol
        return np.asarray(self.value, dtype=np.float64)

    def closing(self) -> "Constant":
        return self

    def bind(self, parameters: Mapping[str, str]) -> "Constant":  # noqa: ARG002  # one protocol
        return self


ArithmeticName = Literal["+", "-", "*", "/", "power", "ln", "sqrt", "abs"]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """An operation over totals. Dividing by zero gives no number (NaN), never infinity."""

    name: ArithmeticName
    operands: "tuple[Formula, ...]"

    @property
    def sql(self) -> str:
        parts = [f"({o.sql})" if isinstance(o, Arithmetic) else o.sql for o in self.operands]
        if self.name in ("+", "-", "*", "/"):
            return f" {self.name} ".join(parts)
        return f"{self.name}({', '.join(parts)})"

    def aggregates(self) -> frozenset[Aggregate]:
        return frozenset[Aggregate]().union(*(o.aggregates() for o in self.operands))

    def evaluate(self, values: Mapping[str, Array]) -> Array:
        operands = [o.evaluate(values) for o in self.operands]
        with np.errstate(all="ignore"):
            result = np.asarray(_ARITHMETIC[self.name](*operands), dtype=np.float64)
        return np.where(np.isfinite(result), result, np.nan)

    def closing(self) -> "Arithmetic":
        return Arithmetic(self.name, tuple(o.closing() for o in self.operands))

    def bind(self, parameters: Mapping[str, str]) -> "Arithmetic":
        return Arithmetic(self.name, tuple(o.bind(parameters) for o in self.operands))


Formula = Aggregate | Constant | Arithmetic

_ARITHMETIC = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "power": np.power,
    "ln": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
}


@lru_cache(maxsize=4096)
def parse(sql: str) -> Formula:
    """Read a formula such as `1000.0 * count(*) filter (where results_n = 0) / count(*)`.

    Raises InvalidQuery where the text is not SQL or uses something outside an aggregate, and
    UnsafeQuestion (`averages_ratio`) for `avg` and other aggregates that hide their weights.
    """
    try:
        tree = parse_one(sql, dialect=DIALECT)
    except SqlglotError as error:
        raise InvalidQuery(f"The formula “{sql}” is not SQL.", str(error).split(".")[0]) from error
    return _formula(tree, None)


def fraction(formula: Formula) -> tuple[Aggregate, Aggregate] | None:
    """What is above the line and what is below it, where each is an aggregate."""
    match formula:
        case Arithmetic("/", (Aggregate() as above, Aggregate() as below)):
            return above, below
        case _:
            return None


def _formula(node: Expr, where: str | None) -> Formula:
    match node:
        case exp.Paren() | exp.Nullif() | exp.Cast():
            # Dividing by zero already gives no number, which is what nullif is written for.
            return _formula(node.this, where)
        case exp.Filter():
            return _formula(node.this, canonical(node.expression.this))
        case exp.Literal() if node.is_number:
            return Constant(float(node.this))
        case exp.Neg():
            return Arithmetic("-", (Constant(0.0), _formula(node.this, where)))
        case _ if type(node) in _NAMES:
            second = node.args.get("expression")
            operands = (node.this, second) if second is not None else (node.this,)
            return Arithmetic(_NAMES[type(node)], tuple(_formula(o, where) for o in operands))
        case _:
            return _aggregate(node, where)


_NAMES: dict[type[Expr], ArithmeticName] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Pow: "power",
    exp.Ln: "ln",
    exp.Sqrt: "sqrt",
    exp.Abs: "abs",
}
_SIMPLE: dict[type[Expr], Operation] = {exp.Sum: "sum", exp.Min: "min", exp.Max: "max"}


def _aggregate(node: Expr, where: str | None) -> Aggregate:
    if isinstance(node, exp.Avg):
        raise UnsafeQuestion(
            f"“{node.sql(DIALECT)}” averages values without their weights.",
            "Write it as sum(…) / count(*), so that it is right at any grain.",
            code="averages_ratio",
        )
    if type(node) in _SIMPLE:
        return Aggregate(_SIMPLE[type(node)], canonical(node.this), where)
    if isinstance(node, exp.Count):
        return _count(node, where)
    if isinstance(node, exp.Median):
        return Aggregate("quantile", canonical(node.this), where, 0.5)
    if isinstance(node, exp.PercentileCont | exp.Quantile):
        level = node.args.get("quantile") or node.args["expression"]
        return Aggregate("quantile", canonical(node.this), where, float(level.this))
    raise InvalidQuery(
        f"“{node.sql(DIALECT)}” is not an aggregate a metric may use.",
        "Use sum, count, count(distinct …), min, max, median or quantile_cont.",
    )


def _count(node: exp.Count, where: str | None) -> Aggregate:
    if isinstance(node.this, exp.Distinct):
        parts = node.this.expressions
        argument = parts[0] if len(parts) == 1 else exp.Tuple(expressions=parts)
        return Aggregate("count_distinct", canonical(argument), where)
    argument = "*" if node.this is None or isinstance(node.this, exp.Star) else canonical(node.this)
    return Aggregate("count", argument, where)


def _bound(sql: str, parameters: Mapping[str, str]) -> str:
    """Replace `$name` by the text it stands for, always as a literal."""
    if "$" not in sql:
        return sql
    tree = parse_one(sql, dialect=DIALECT)
    for placeholder in list(tree.find_all(exp.Placeholder)):
        if placeholder.name in parameters:
            placeholder.replace(exp.Literal.string(parameters[placeholder.name]))
    return canonical(tree)


def unbound(aggregates: Iterable[Aggregate]) -> frozenset[str]:
    """Names of the parameters that aggregates still wait for."""
    texts = [t for a in aggregates for t in (a.argument, a.where) if t and "$" in t]
    found = [parse_one(t, dialect=DIALECT).find_all(exp.Placeholder) for t in texts]
    return frozenset(p.name for placeholders in found for p in placeholders)
