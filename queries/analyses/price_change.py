"""A price that changed, and whether members left because of it.

Difference in differences (Card & Krueger 1994, American Economic Review 84): how much more of the
members whose price changed leave than before, less the same of members on that plan whose price
did not change, with the interval of four independent shares. It is causal as far as both would have
moved alike without the change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import erfc, sqrt

import numpy as np
import polars as pl

from queries.analyses.cluster import Estimate
from queries.catalog import builtin
from queries.condition import Condition, Filter, conjunction
from queries.dataset import Dataset, TimeBucket
from queries.interval import Z
from queries.model import Query
from queries.period import Grain, start_of

_KEYS = ("country", "plan", "price_usd", "price_before_usd")


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What a plan costs in a country for 30 days, since a day; in US dollars."""

    country: str
    plan: str
    day: date
    before_usd: float
    after_usd: float


def question() -> Query:
    """Every price with the one it took the place of: what is on the price list, of nobody."""
    dataset = builtin().dataset("prices")
    known = Filter(dataset.dimension("price_before_usd"), "not missing", ())
    return Query(
        dataset=dataset,
        metrics=(dataset.metric("charges"),),
        by=(TimeBucket(dataset.time, Grain.DAY), *(dataset.dimension(k) for k in _KEYS)),
        where=known,
        interval=False,
        keeps_small=True,
        with_total=False,
    )


def changes(frame: pl.DataFrame) -> list[PriceChange]:
    """The price changes of an answer, the newest last."""
    return [
        PriceChange(
            str(row["country"]),
            str(row["plan"]),
            row["from_date"],
            float(row["price_before_usd"]),
            float(row["price_usd"]),
        )
        for row in frame.sort("from_date").iter_rows(named=True)
    ]


def sides(change: PriceChange, dataset: Dataset) -> tuple[Condition | None, Condition | None]:
    """Whose price changed, and who else is on that plan."""
    plan = Filter(dataset.dimension("plan"), "in", (change.plan,))
    country = dataset.dimension("country")
    return (
        conjunction(plan, Filter(country, "in", (change.country,))),
        conjunction(plan, Filter(country, "not in", (change.country,))),
    )


def difference(
    change: PriceChange, sides_by_month: Sequence[pl.DataFrame], rate: str, at_risk: str
) -> Estimate | None:
    """Of the months from the change on against the twelve before, changed less unchanged.

    Frames have columns `month`, the rate and how many it is of. The month in which a price changed
    is left out: a part of it was before. Normal interval of four independent shares. None where a
    side has no month before or after.
    """
    first = start_of(change.day, Grain.MONTH)
    value, variance = 0.0, 0.0
    for sign, frame in zip((1, -1), sides_by_month, strict=True):
        known = frame.drop_nulls([rate, "month"]).sort("month")
        earlier = known.filter(pl.col("month") < first).tail(12)
        for way, months in ((1, known.filter(pl.col("month") > first)), (-1, earlier)):
            total = float(months[at_risk].sum())
            if not total:
                return None
            share = float((months[rate] * months[at_risk]).sum()) / total
            value += sign * way * share
            variance += share * (1 - share) / total
    spread = Z * float(np.sqrt(variance))
    return Estimate(value, value - spread, value + spread)


def chance(found: Estimate) -> float:
    """The two-sided p of no difference, off its normal interval; 1 where it has none."""
    half = (found.high - found.low) / 2
    return erfc(abs(found.value) * Z / half / sqrt(2)) if half > 0 else 1.0
