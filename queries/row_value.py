"""Row values: what a metric adds up, averages or orders, as an expression over one row.

`sum(watched_s) / 3600.0` adds up `watched_s / 3600.0`. A rate or a ratio of sums has none: no
row has a value of which it would be the sum or the mean.
"""

from dataclasses import dataclass
from typing import Literal

from queries.expression import canonical
from queries.formula import Aggregate, Arithmetic, Constant, Formula

Role = Literal["sum", "mean", "quantile"]


@dataclass(frozen=True, slots=True)
class RowValue:
    """A canonical expression, the filter of the rows that count, and what is made of them."""

    expression: str
    where: str | None
    role: Role


def row_value(formula: Formula) -> RowValue | None:
    """The value of a row, in the metric's unit; None where a formula has none."""
    match formula:
        case Aggregate(operation="sum" | "quantile"):
            role = "sum" if formula.operation == "sum" else "quantile"
            return RowValue(formula.argument, formula.where, role)
        case Arithmetic(name="/", operands=(value, Constant(scale))):
            return _scaled(value, f"/ {scale!r}")
        case Arithmetic(name="*", operands=(value, Constant(scale)) | (Constant(scale), value)):
            return _scaled(value, f"* {scale!r}")
        case Arithmetic(name="/", operands=(total, Aggregate(operation="count") as count)):
            return _averaged(total, count)
        case _:
            return None


def _scaled(formula: Formula, factor: str) -> RowValue | None:
    found = row_value(formula)
    if found is None:
        return None
    expression = canonical(f"({found.expression}) {factor}")
    return RowValue(expression, found.where, found.role)


def _averaged(total: Formula, count: Aggregate) -> RowValue | None:
    """Of a sum over a count of the same rows: those without a value are 0 where all are counted."""
    found = row_value(total)
    if found is None or found.role != "sum" or found.where != count.where:
        return None
    (summed,) = total.aggregates()
    if count.argument == "*":
        return RowValue(canonical(f"COALESCE({found.expression}, 0)"), found.where, "mean")
    if count.argument == summed.argument:
        return RowValue(found.expression, found.where, "mean")
    return None
