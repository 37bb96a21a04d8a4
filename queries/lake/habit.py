"""How often a table has news, and by when the next is to be there.

News of a table with days is a load that makes another day complete; of one without days, a day on
which it was loaded. What comes later than nine in ten of the last intervals, and a quarter of a
usual one more, is late: where intervals go on as they were, at most one load in ten is said to be
late (the rank of the next among exchangeable ones: Vovk et al. 2005, Algorithmic Learning in a
Random World). Loads that catch up on many days at once are no habit: they count as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median

from queries.lake.snapshot import Record, TableState

KEPT = 31
FEWEST_INTERVALS = 9
"""So many are needed for the longest of them to be one in ten."""

_LATE = 0.1
_IN_STEP = 0.5
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Due:
    """When the last news of a table came, and by when the next is expected; both UTC."""

    last: datetime
    by: datetime
    usual: timedelta

    def is_late(self, now: datetime) -> bool:
        return now > self.by


def arrivals(before: TableState | None, complete: date | None, at: datetime) -> tuple[int, ...]:
    """The moments of a table's news, in seconds since 1970, once it was loaded again.

    `complete` is the last complete day that it has by now. A load that brings days in less than
    half the time that they took moves the last moment, and so does a second one of a day where a
    table has no days.
    """
    now = int(at.timestamp())
    known = before.arrivals if before else ()
    if not known or before is None:
        return (now,)
    if complete is None or before.complete_through is None:
        same_day = known[-1] // _DAY_S == now // _DAY_S
        return (*known[:-1], now) if same_day else (*known, now)[-KEPT:]
    brought = (complete - before.complete_through).days
    if brought <= 0:
        return known
    is_in_step = now - known[-1] >= _IN_STEP * brought * _DAY_S
    return (*known, now)[-KEPT:] if is_in_step else (*known[:-1], now)


def past_arrivals(records: Sequence[Record], table: str) -> tuple[int, ...]:
    """The moments of a table's news, off records that did not keep them, the oldest first.

    What the first of them has counts as loaded then.
    """
    state: TableState | None = None
    for record in records:
        found = record.tables.get(table)
        if found is None:
            state = None
        elif state is None or found.version != state.version:
            moments = arrivals(state, found.complete_through, record.created_at)
            state = replace(found, arrivals=moments)
    return state.arrivals if state else ()


def due(known: Sequence[int]) -> Due | None:
    """What is expected of a table with these arrivals; None while it has no habit."""
    intervals = sorted(later - earlier for earlier, later in pairwise(known))
    if len(intervals) < FEWEST_INTERVALS:
        return None
    longest = intervals[-int(_LATE * (len(intervals) + 1))]
    usual = median(intervals)
    last = datetime.fromtimestamp(known[-1], UTC)
    return Due(last, last + timedelta(seconds=longest + usual / 4), timedelta(seconds=usual))
