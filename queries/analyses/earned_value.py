"""Earned value: what was planned, what was done for it, what it cost, and where that ends.

ANSI/EIA-748 and PMI, The Standard for Earned Value Management (2019): planned value (PV), earned
value (EV) and actual cost (AC) are cumulated; CPI = EV / AC, SPI = EV / PV, CV = EV − AC,
SV = EV − PV, EAC = BAC / CPI, TCPI = (BAC − EV) / (BAC − AC).

Small cells: money, of no accounts.
"""

from dataclasses import dataclass
from math import nan

import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.dataset import TimeBucket
from queries.model import Query
from queries.period import Grain

PARTS = ("planned_cost_usd", "earned_usd", "cost_usd")
BUDGET = "at_completion_usd"


@dataclass(frozen=True, slots=True)
class EarnedValue:
    """The state of a piece of work on a day, in US dollars; NaN where something is divided by 0."""

    planned: float
    earned: float
    actual: float
    at_completion: float

    @property
    def cost_performance(self) -> float:
        """CPI: under 1, what was done cost more than it was worth."""
        return _over(self.earned, self.actual)

    @property
    def schedule_performance(self) -> float:
        """SPI: under 1, less was done than planned by now."""
        return _over(self.earned, self.planned)

    @property
    def estimate(self) -> float:
        """EAC: what all of it will cost if the rest costs as what was done did."""
        return _over(self.at_completion, self.cost_performance)

    @property
    def to_complete(self) -> float:
        """TCPI: the cost performance that the rest needs to end within the budget."""
        return _over(self.at_completion - self.earned, self.at_completion - self.actual)


def question(scope: Scope, grain: Grain = Grain.WEEK) -> Query:
    """The three values by time since the beginning, whatever the period."""
    dataset = scope.dataset
    return Query(
        dataset=dataset,
        metrics=tuple(dataset.metric(name) for name in (*PARTS, BUDGET)),
        by=(TimeBucket(dataset.time, grain),),
        where=scope.where,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def curves(frame: pl.DataFrame, time: str) -> pl.DataFrame:
    """Columns `time`, planned, earned, actual: cumulated from the first day on."""
    ordered = frame.sort(time)
    planned, earned, actual = (pl.col(p).fill_null(0).cum_sum() for p in PARTS)
    return ordered.select(
        time, planned.alias("planned"), earned.alias("earned"), actual.alias("actual")
    )


def state(frame: pl.DataFrame) -> EarnedValue:
    """Where the work stands, from rows with the three values and the budget at completion."""
    sums = [float(frame[name].fill_null(0).sum()) for name in (*PARTS, BUDGET)]
    return EarnedValue(*sums)


def _over(value: float, by: float) -> float:
    return value / by if by else nan
