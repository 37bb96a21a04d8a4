"""Gaps: days of which nothing of a country arrived, although it usually sends much."""

from collections.abc import Iterable, Sequence

from portal.components import format as written
from portal.events.event import Event, Kind, every_day
from queries.analyses.beginning import silences
from queries.analyses.cluster import Scope
from queries.model import Query, Result

_USUALLY = 50


def questions(scope: Scope) -> tuple[Query, ...]:
    """Plays by day and country."""
    return (every_day(scope, "plays", ("country",)),)


def read(results: Sequence[Result], scope: Scope) -> Iterable[Event]:
    country = scope.dataset.dimension("country")
    by_day = results[0].frame.rename({scope.dataset.time.name: "day"})
    for row in silences(by_day, "country", "plays", _USUALLY).iter_rows(named=True):
        days = (row["last_day"] - row["day"]).days + 1
        yield Event(
            day=row["day"],
            end=row["last_day"] if days > 1 else None,
            text=f"Nothing arrived of {written.value_label(row['country'], country)}",
            detail=f"{days} {'day' if days == 1 else 'days'}; "
            f"usually {written.count(row['usual'])} plays a day",
            size=float(row["usual"]) * days,
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
