"""Days without any row of a country that always has some: a fault of the data, no change.

A country's rows of a day are held to be compound Poisson: so many bunches of them (pages, visits),
of any sizes. With their mean and variance there are at least mean² / variance bunches (Cauchy and
Schwarz), so the chance of none is at most exp(-mean² / variance); weekdays and trends only raise
that. Both are of the days that have rows. A day is missing where the chance, times all countries
and days that were looked at, is below one in a hundred (Bonferroni): a country too small to have
rows every day has no missing ones.

Small cells: a country of a handful of accounts is looked at and not told of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from math import exp

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.analyses.findings import Candidate, two_sided
from queries.dataset import TimeBucket
from queries.model import Query, Result
from queries.period import Grain, Period

PLACE = "country"
ROWS = "rows"
LEVEL = 0.01
FEWEST_DAYS = 14
DAYS_BEFORE = 28


@dataclass(frozen=True, slots=True)
class Missing:
    """The days that lack a country, in order, and the rows that it has on a usual day.

    `share` is what those are of a usual day of all countries.
    """

    country: str
    days: tuple[date, ...]
    usual: float
    share: float = 1.0

    @property
    def runs(self) -> tuple[Period, ...]:
        """Days that follow on each other, together."""
        placed = groupby(enumerate(self.days), key=lambda pair: pair[1].toordinal() - pair[0])
        found = [[day for _, day in run] for _, run in placed]
        return tuple(Period(days[0], days[-1]) for days in found)


def question(scope: Scope, period: Period | None) -> Query:
    """Rows by day and country, of a period and of four weeks before it to know what is usual."""
    dataset = scope.dataset
    wider = Period(period.start - timedelta(DAYS_BEFORE), period.end) if period else None
    return Query(
        dataset=dataset,
        metrics=(dataset.metric(ROWS),),
        by=(TimeBucket(dataset.time, Grain.DAY), dataset.dimension(PLACE)),
        where=scope.where,
        period=wider,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
        with_total=False,
    )


def told_question(scope: Scope, period: Period | None) -> Query:
    """Rows by country of the same days, as they may be shown."""
    place = scope.dataset.dimension(PLACE)
    return replace(question(scope, period), by=(place,), keeps_small=False)


def found(result: Result, told: Result) -> list[Missing]:
    """Read the answers to both questions: days that are not complete yet are not missing."""
    period, complete = result.query.period, result.complete_through
    if period is None:
        return []
    end = period.end if complete is None else min(period.end, complete)
    shown = set(told.frame.drop_nulls(ROWS)[PLACE].to_list())
    lost = missing(result.frame, result.query.dataset.time.name, end)
    return [one for one in lost if one.country in shown]


def missing(frame: pl.DataFrame, time: str, end: date) -> list[Missing]:
    """The days up to `end` that lack a country; who lacks most rows first.

    A country is looked at from its first row on.
    """
    known = frame.drop_nulls([time, PLACE]).filter(pl.col(ROWS) > 0)
    laid_out = [
        _Country(str(rows[PLACE][0]), dict(rows.select(time, ROWS).iter_rows()), end)
        for rows in known.partition_by(PLACE, maintain_order=True)
    ]
    tried = sum(len(one.counts) for one in laid_out)
    whole = sum(float(np.median(one.counts)) for one in laid_out)
    lost = [
        Missing(one.name, one.empty, usual := float(np.median(one.counts)), usual / max(whole, 1))
        for one in laid_out
        if one.empty and (one.counts > 0).sum() >= FEWEST_DAYS and one.chance * tried <= LEVEL
    ]
    return sorted(lost, key=lambda m: (-m.usual * len(m.days), m.country))


def weakened(change: Candidate, lost: Sequence[Missing]) -> Candidate:
    """The change with the p-value that it would have, had the days that are missing been as usual.

    Each adds its share of a day to the period that it is in: all of it where the change is of that
    country, nothing of another country's, else what the country is of all rows. That is the most it
    can be of what counts accounts once. Ratios of rows, whose sides both lack it, are left alone,
    and no change is made surer than it is.
    """
    if change.metric.kind not in ("additive", "distinct") or not lost:
        return change
    added = 0.0
    for value, days, sign in (
        (change.now, change.period, 1),
        (change.before, change.comparison.period, -1),
    ):
        lacks = sum(
            _share(change, one) * sum(days.start <= day <= days.end for day in one.days)
            for one in lost
        )
        added += sign * value * lacks / max(days.days - lacks, 1)
    left = change.change.value + added
    if abs(left) >= abs(change.change.value) and left * change.change.value > 0:
        return change
    turned = left * change.change.value <= 0
    probability = 1.0 if turned else two_sided(left / change.error, change.freedom)
    return replace(change, probability=max(probability, change.probability))


def _share(change: Candidate, one: Missing) -> float:
    if change.dimension is None or change.dimension.name != PLACE:
        return one.share
    return 1.0 if change.value == one.country else 0.0


class _Country:
    """Rows by day from its first one on."""

    def __init__(self, name: str, rows: dict[date, int], end: date) -> None:
        first = min(rows)
        days = [first + timedelta(n) for n in range((end - first).days + 1)]
        self.name = name
        self.counts = np.array([rows.get(day, 0) for day in days], dtype=np.float64)
        self.empty = tuple(day for day in days if day not in rows)

    @property
    def chance(self) -> float:
        """The most that a day without any may have."""
        some = self.counts[self.counts > 0]
        return most_of_none(float(some.mean()), float(some.var(ddof=1)))


def most_of_none(mean: float, variance: float) -> float:
    """The bound on the chance of zero; a bunch has a row or more, so not above Poisson's."""
    return exp(-(mean**2) / max(variance, mean))
