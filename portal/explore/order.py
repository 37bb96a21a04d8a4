"""Order: which rows of a table a URL asks for: ordered by what, how many, and from which one on."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from queries.dataset import Dataset
from queries.errors import InvalidQuery, UnknownField
from queries.model import Query

ASCENDING = " asc"
_CHANGES = ("previous", "delta", "relative")


@dataclass(frozen=True, slots=True)
class Order:
    """A column of some answer of a dataset, as `plays` or `plays__relative`; empty for the usual.

    `label` is what it is called.
    """

    column: str = ""
    is_descending: bool = True
    label: str = ""

    def of(self, question: Query, usual: str, names: Collection[str] = ()) -> Query:
        """The question in this order, or the usual one where it has no such column.

        `names` are the keys and metrics that may be ordered by; all of the question by default.
        """
        name, _, part = self.column.partition("__")
        is_there = question.compare is not None or part not in _CHANGES
        if name in (names or question.names) and is_there:
            return replace(question, order_by=self.column, descending=self.is_descending)
        return replace(question, order_by=usual, descending=True)

    def unmet(self, asked: Query) -> tuple[str, ...]:
        """What is said where a question is in another order than this one."""
        if not self.column or asked.order_by == self.column:
            return ()
        name, _, part = self.column.partition("__")
        why = "it is not in this table"
        if name in asked.names:
            is_change = part in _CHANGES and asked.compare is None
            why = "nothing is compared" if is_change else "time has its own order"
        return (f"Not ordered by {self.label}, as the link asks: {why}.",)


def read_order(text: str, dataset: Dataset) -> Order:
    """An order as a URL writes it: `plays`, `plays asc`. Raises UnknownField."""
    column = text.removesuffix(ASCENDING)
    name, dot, part = column.partition("__")
    labels = {one.name: one.label for one in (*dataset.dimensions, *dataset.metrics)}
    if name not in labels or (dot and part not in _CHANGES):
        raise UnknownField("column", column, labels)
    said = f"the change of {labels[name]}" if dot else labels[name]
    return Order(column, not text.endswith(ASCENDING), said)


def read_number(name: str, text: str, least: int, most: int) -> int:
    """A whole number that an option of a URL may be. Raises InvalidQuery."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if is_number and least <= int(text) <= most:
        return int(text)
    raise InvalidQuery(
        f"“{text}” is nothing that {name} can be.",
        f"It may be a number from {least} to {most}, or be left out.",
    )
