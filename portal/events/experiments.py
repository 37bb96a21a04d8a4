"""Experiments: the day each began, and how long it runs."""

from collections.abc import Iterable, Sequence

from portal.components import format as written
from portal.events.event import Event, Kind
from queries.analyses.cluster import Scope
from queries.condition import Filter
from queries.model import Query, Result

_KEYS = ("experiment", "started", "ends")


def questions(scope: Scope) -> tuple[Query, ...]:
    """Accounts by experiment, of those that started in the period."""
    dataset, period = scope.dataset, scope.period
    started = dataset.dimension("started")
    return (
        Query(
            dataset=dataset,
            metrics=(dataset.metric("rows"),),
            by=tuple(dataset.dimension(name) for name in _KEYS),
            where=Filter(started, "between", (period.start, period.end)) if period else None,
            interval=False,
            with_total=False,
        ),
    )


def read(results: Sequence[Result], _scope: Scope) -> Iterable[Event]:
    for row in results[0].frame.drop_nulls(_KEYS).iter_rows(named=True):
        many = "few" if row["rows"] is None else written.count(row["rows"])
        yield Event(
            day=row["started"],
            end=row["ends"],
            text=f"Experiment {row['experiment']} began",
            detail=f"{many} accounts, until {written.day(row['ends'])}",
            size=float(row["rows"] or 0),
            path="/experiments",
            filters=(("experiment", str(row["experiment"])),),
        )


KIND = Kind(
    name="experiment",
    label="Experiments",
    dataset="experiments",
    questions=questions,
    read=read,
    units=("product", "membership", "all"),
    filters=(),
)
