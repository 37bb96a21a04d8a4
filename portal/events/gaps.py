"""Gaps: days of which nothing of a country arrived, although there always is something of it."""

from collections.abc import Iterable, Sequence

from portal.components import format as written
from portal.events.event import Event, Kind
from queries.analyses import missing_days
from queries.analyses.cluster import Scope
from queries.model import Query, Result


def questions(scope: Scope) -> tuple[Query, ...]:
    """Rows by day and country, and by country as they may be shown."""
    return (
        missing_days.question(scope, scope.period),
        missing_days.told_question(scope, scope.period),
    )


def read(results: Sequence[Result], scope: Scope) -> Iterable[Event]:
    dataset, (by_day, in_all) = scope.dataset, results
    country = dataset.dimension(missing_days.PLACE)
    for one in missing_days.found(by_day, in_all):
        for run in one.runs:
            yield Event(
                day=run.start,
                end=run.end if run.days > 1 else None,
                text=f"Nothing arrived of {written.value_label(one.country, country)}",
                detail=f"{run.days} {'day' if run.days == 1 else 'days'}; "
                f"usually {written.count(one.usual)} {dataset.row_label} a day",
                size=one.usual * run.days,
                path="/health",
                filters=(),
            )


KIND = Kind(
    name="gap",
    label="Gaps in the data",
    dataset="playback",
    questions=questions,
    read=read,
    units=("product", "content", "platform"),
)
