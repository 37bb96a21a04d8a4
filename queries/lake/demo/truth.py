"""A fact of the demo company: the table it shows in, the rows, the days and a value."""

from dataclasses import dataclass

from queries.lake.demo.clock import Clock


@dataclass(frozen=True, slots=True)
class Truth:
    """One fact. `where` names the rows, `period` their first and last day."""

    name: str
    table: str
    description: str
    value: float
    where: dict[str, object]
    period: str = ""


def span(clock: Clock, first: int, last: int) -> str:
    """A period between two days of the world."""
    return f"{clock.date(first)} to {clock.date(last)}"
