"""Campaigns: the day on which money was first spent on one."""

from collections.abc import Iterable, Sequence

from portal.components import format as written
from portal.events.event import Event, Kind, every_day
from queries.analyses.beginning import beginnings
from queries.analyses.cluster import Scope
from queries.model import Query, Result

_QUIET_DAYS = 28
_METRIC = "spend"


def questions(scope: Scope) -> tuple[Query, ...]:
    """Spend by day and campaign."""
    return (every_day(scope, _METRIC, ("campaign",)),)


def read(results: Sequence[Result], scope: Scope) -> Iterable[Event]:
    metric = scope.dataset.metric(_METRIC)
    campaign = scope.dataset.dimension("campaign")
    by_day = results[0].frame.rename({scope.dataset.time.name: "day"})
    for row in beginnings(by_day, "campaign", _METRIC, _QUIET_DAYS).iter_rows(named=True):
        yield Event(
            day=row["day"],
            end=row["last_day"],
            text=f"Campaign {written.value_label(row['campaign'], campaign)} began",
            detail=f"{written.number(row[_METRIC], metric)} spent since",
            size=float(row[_METRIC]),
            path="/marketing",
            filters=(("campaign", str(row["campaign"])),),
        )


KIND = Kind(
    name="campaign",
    label="Campaigns",
    dataset="marketing",
    questions=questions,
    read=read,
    units=("content", "marketing", "membership"),
    before_days=_QUIET_DAYS,
)
