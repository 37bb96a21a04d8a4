"""Where a launch that is under way will stand: what it has, times how comparables still grew.

Of each comparable the growth from the day of the launch to a day to come, on the log scale, is a
draw; the launch's own is one more. So an interval of 80 % runs from the ⌊(n + 1) / 10⌋-th smallest
growth to the ⌈9 (n + 1) / 10⌉-th of n, and holds at least 80 % of launches where none is unlike the
rest, however they are spread (Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random
World, section 2.2; nothing is fitted, so no launch has to be left out for it). Fewer than ten
comparables are no interval, and would be told one by one.

Launches of few views by that day say nothing, and nothing is said of them: that rule is the same
for the launch and its comparables, so they stay exchangeable.

With each of the demo company's finished launches left out in turn (size L), intervals from day 10
to the end of 91 days hold 80 % of them. Their ends are a factor of 1.18 apart by launches of the
same kind, 1.34 by all, and 1.26 by the 40 with the most of genre, language and origin in common,
whose median errs as much. So all of a kind count.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.analyses.conformal import conformal_quantiles
from queries.formula import Array
from queries.small_cells import FEWEST_SHOWN

LEVELS = (0.1, 0.5, 0.9)
FEWEST_COMPARABLES = 10


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a launch will stand on the last day of a window, counted from 0.

    `launches` are the comparables that say so; with fewer than ten the rest is None.
    """

    day: int
    launches: int
    low: float | None = None
    middle: float | None = None
    high: float | None = None

    @property
    def is_told(self) -> bool:
        return self.middle is not None


def projection(
    curve: pl.DataFrame, comparables: pl.DataFrame, days: int, fewest: float = FEWEST_SHOWN
) -> Projection | None:
    """Where a launch will stand after so many days, with 80 % confidence.

    Frames as of `launch.curves`, of comparables for that many days. None where the launch has less
    than `fewest`, or has had its days.
    """
    begun = _begun(curve, days, fewest)
    if begun is None:
        return None
    so_far, growth = begun[1], _growth(comparables, begun[0], days, fewest)
    launches = growth.shape[1]
    if launches < FEWEST_COMPARABLES:
        return Projection(days - 1, launches)
    ends = so_far * np.exp(conformal_quantiles(growth[-1], LEVELS))
    return Projection(days - 1, launches, *ends.tolist())


def course(
    curve: pl.DataFrame, comparables: pl.DataFrame, days: int, fewest: float = FEWEST_SHOWN
) -> pl.DataFrame:
    """How a launch will go on, day by day to the end of the window: day, p10, p50, p90.

    Its own last day is in it. Each day's interval holds by itself, not all days together. Empty
    where there is no `projection`, or too few comparables for one.
    """
    schema = {"day": pl.Int64, **dict.fromkeys(("p10", "p50", "p90"), pl.Float64)}
    begun = _begun(curve, days, fewest)
    if begun is None:
        return pl.DataFrame(schema=schema)
    day, so_far = begun
    growth = _growth(comparables, day, days, fewest)
    if growth.shape[1] < FEWEST_COMPARABLES:
        return pl.DataFrame(schema=schema)
    ends = so_far * np.exp(conformal_quantiles(growth, LEVELS))
    return pl.DataFrame([np.arange(day, days), *ends.T], schema=schema)


def _begun(curve: pl.DataFrame, days: int, fewest: float) -> tuple[int, float] | None:
    """The last day of a launch and what it has by then, if that says anything of days to come."""
    if curve.is_empty():
        return None
    day, so_far = curve.sort("day").select("day", "cumulative").row(-1)
    return (int(day), float(so_far)) if so_far >= fewest and day < days - 1 else None


def _growth(comparables: pl.DataFrame, day: int, days: int, fewest: float) -> Array:
    """The log growth of comparables since a day: a row for it and each day after, by launches."""
    by_launch = comparables.filter(pl.col("day").is_between(day, days - 1)).sort("title_id", "day")
    values = by_launch["cumulative"].to_numpy().astype(np.float64).reshape(-1, days - day).T
    values = values[:, values[0] >= fewest]
    return np.log(values / values[:1])
