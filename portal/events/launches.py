"""Launches: titles that were released, the largest by the hours viewed since."""

from collections.abc import Iterable, Sequence

from portal.components import format as written
from portal.events.event import Event, Kind
from queries.analyses.cluster import Scope
from queries.condition import Filter, conjunction
from queries.model import Query, Result

_METRIC = "hours_viewed"
_MOST = 60


def questions(scope: Scope) -> tuple[Query, ...]:
    """Hours viewed in the period by title, of the titles released in it."""
    dataset, period = scope.dataset, scope.period
    released = dataset.dimension("release_date")
    since = Filter(released, "between", (period.start, period.end)) if period else None
    return (
        Query(
            dataset=dataset,
            metrics=(dataset.metric(_METRIC),),
            by=(dataset.dimension("title"), released),
            where=conjunction(scope.where, since),
            period=period,
            order_by=_METRIC,
            limit=_MOST,
            interval=False,
            with_total=False,
        ),
    )


def read(results: Sequence[Result], _scope: Scope) -> Iterable[Event]:
    frame = results[0].frame.drop_nulls(["title", "release_date", _METRIC])
    (metric,) = results[0].query.metrics
    for row in frame.iter_rows(named=True):
        yield Event(
            day=row["release_date"],
            text=f"{row['title']} was released",
            detail=f"{written.number(row[_METRIC], metric)} hours viewed since",
            size=float(row[_METRIC]),
            path="/titles",
            filters=(("title", str(row["title"])),),
        )


KIND = Kind(
    name="launch",
    label="Launches",
    dataset="playback",
    questions=questions,
    read=read,
    units=("product", "content", "marketing", "membership"),
    filters=("country", "title", "genre"),
)
