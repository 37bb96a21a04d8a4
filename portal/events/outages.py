"""Outages: days on which starts failed in one place far beyond what they do there."""

from collections.abc import Iterable, Sequence

from portal.components import format as written
from portal.events.event import Event, Kind
from queries.analyses import outage
from queries.analyses.cluster import Scope
from queries.model import Query, Result


def questions(scope: Scope) -> tuple[Query, ...]:
    return (outage.question(scope), outage.told_question(scope))


def read(results: Sequence[Result], scope: Scope) -> Iterable[Event]:
    metric = scope.dataset.metric(outage.METRIC)
    country, network = (scope.dataset.dimension(name) for name in outage.PLACE)
    found = outage.outages(*(result.frame for result in results))
    for row in found.iter_rows(named=True):
        where = written.value_label(row["country"], country)
        over = written.value_label(row["cdn"], network)
        rates = [written.number(row[name], metric) for name in ("rate", "usual")]
        yield Event(
            day=row["date"],
            text=f"Starts failed in {where} over {over}",
            detail=f"{rates[0]} of starts, usually {rates[1]}",
            size=float(row["failures"]),
            path="/quality",
            filters=(("country", str(row["country"])),),
        )


KIND = Kind(
    name="outage",
    label="Outages",
    dataset="playback",
    questions=questions,
    read=read,
    units=("product", "content", "platform"),
)
