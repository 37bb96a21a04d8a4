"""How far a table reaches, and up to which day it is complete.

A local day is complete once it has ended in the last time zone on Earth (UTC-12) and 99 % of the
rows of such a day have had the time to arrive, both seen from the newest arrival. Where rows come
by several feeds, a day waits for all of them that go on.
"""

# pyright: standard
# Strict checking needs types that pyarrow and duckdb do not ship.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb

from queries.lake.contract import Clocks

LAST_ZONE_ENDS = timedelta(days=1, hours=12)
LATENESS_QUANTILE = 0.99
ENDED_AFTER = timedelta(days=28)
"""A feed so far behind the freshest one brings nothing any more, and nothing waits for it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """First day, last day, and last complete day of a table; and that of each feed that goes on."""

    first: date | None = None
    last: date | None = None
    complete: date | None = None
    feeds: Mapping[str, date] = field(default_factory=dict[str, date])


def reach(files: Sequence[str], clocks: Clocks) -> Reach:
    """Read the clocks of a table's files.

    Each feed is judged by its own arrivals, and of those that go on the one furthest behind speaks
    for the table. A feed without arrival times is a published log: it is complete through its last
    day and keeps nothing waiting. So is a published table.
    """
    if not files or not clocks.day:
        return Reach()
    with duckdb.connect() as connection:
        first, last = connection.sql(
            f'SELECT min("{clocks.day}"), max("{clocks.day}") FROM read_parquet($files)',
            params={"files": list(files)},
        ).fetchall()[0]
        if not clocks.arrival:
            return Reach(_day(first), _day(last), _day(last))
        feeds = connection.sql(_per_feed(clocks), params={"files": list(files)}).fetchall()
    found = [(name, newest, _complete(last, newest, late)) for name, last, newest, late in feeds]
    fed = {name: day for name, newest, day in found if newest is not None}
    going_on = {n: d for n, d in fed.items() if d > max(fed.values()) - ENDED_AFTER}
    published = max((day for _, _, day in found), default=None)
    complete = min(going_on.values()) if going_on else published
    return Reach(_day(first), _day(last), complete, going_on)


def _per_feed(clocks: Clocks) -> str:
    day, event, arrival = clocks.day, clocks.event, clocks.arrival
    feed = f'"{clocks.feed}"' if clocks.feed else "''"
    return f"""
        WITH late AS (
            SELECT {feed} AS feed, max("{day}") AS last, max("{arrival}") AS newest,
                   greatest(date_diff('minute', "{event}", "{arrival}"), 0) AS minutes,
                   count(*) AS n
            FROM read_parquet($files) GROUP BY feed, minutes
        ), so_far AS (
            SELECT *, sum(n) OVER (PARTITION BY feed ORDER BY minutes) AS seen,
                   sum(n) OVER (PARTITION BY feed) AS total
            FROM late
        )
        SELECT feed, max(last), max(newest),
               min(minutes) FILTER (seen >= {LATENESS_QUANTILE} * total)
        FROM so_far GROUP BY feed HAVING max(last) IS NOT NULL
    """


def _complete(last: date, newest: datetime | None, late_minutes: int | None) -> date:
    if newest is None or late_minutes is None:
        return last
    settled = newest - LAST_ZONE_ENDS - timedelta(minutes=late_minutes)
    return min(last, settled.date())


def _day(value: date | datetime | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value
