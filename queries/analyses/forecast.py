"""What a number by day will be: a day ahead on the days there are, four weeks ahead after them.

The point is the level and season of `queries.analyses.smoothing`. A day ahead, the band is the
robust scale of the errors before that day times Student's quantile of 12 degrees of freedom, which
allows for a scale read off 28 errors. Further ahead, its width is learnt from what forecasts so far
ahead got wrong when they were made on past days (split conformal, Vovk, Gammerman & Shafer 2005,
Algorithmic Learning in a Random World), week by week ahead, and never narrower for a later one.
Forecasts whose days overlap err together, so it is widened as Student's quantile is for as many as
do not; the coverage is held by simulation, not by theory. No band has seen the days it is judged
by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from math import ceil

import numpy as np
import polars as pl

from queries.analyses.smoothing import FIRST_DAYS, WEEK, Smoothed, smoothed
from queries.formula import Array
from queries.tails import stdtrit

COVERAGE = 0.90
AHEAD = 28
FEWEST_DAYS = 77
_DEGREES = 12.0
_FEWEST_ORIGINS = 3
_FEWEST_APART = 2.5


@dataclass(frozen=True, slots=True)
class Bands:
    """One row a day: `day`, `value` (none for days to come), `expected`, `low` and `high`."""

    known: pl.DataFrame
    ahead: pl.DataFrame

    @property
    def inside(self) -> int:
        """On how many of the known days the value lay within the band made the day before."""
        if self.known.is_empty():
            return 0
        return int(self.known["value"].is_between(self.known["low"], self.known["high"]).sum())


@dataclass(frozen=True, slots=True)
class Run:
    """The last days in a row that lie outside on one side: `side` is 1 above, -1 below, 0 inside.

    `days` counts those that are known, the last one of all included.
    """

    side: int
    days: int
    since: date | None


def last_run(known: pl.DataFrame) -> Run:
    """How the last of the known days lies, and for how many of them it has been so."""
    above, below = pl.col("value") > pl.col("high"), pl.col("value") < pl.col("low")
    sides = known.sort("day").select("day", side=above.cast(pl.Int8) - below.cast(pl.Int8))
    rows = list(reversed(sides.rows()))
    side = rows[0][1] if rows else 0
    days = [day for day, _ in takewhile(lambda row: row[1] == side, rows)] if side else []
    return Run(side, len(days), days[-1] if days else None)


def bands(days: Sequence[date], values: Sequence[float | None], *, is_share: bool) -> Bands | None:
    """The bands of a series, with the days that are complete; None where they are fewer than 77.

    A day between that is missing is not known, and teaches nothing.
    """
    if not days:
        return None
    first, last = min(days), max(days)
    every = [first + timedelta(n) for n in range((last - first).days + 1)]
    by_day = dict(zip(days, values, strict=True))
    series = np.array([[np.nan if (v := by_day.get(d)) is None else v for d in every]])
    if len(every) < FEWEST_DAYS or np.isfinite(series).sum() < FEWEST_DAYS:
        return None
    found = smoothed(series, is_share=is_share)
    low, high = one_step(found)
    known = pl.DataFrame(
        {
            "day": every,
            "value": series[0],
            "expected": found.back(found.expected)[0],
            "low": low[0],
            "high": high[0],
        }
    ).filter(pl.col("low").is_finite() & pl.col("value").is_finite())
    middle, least, most = (end[0] for end in four_weeks(found))
    ahead = pl.DataFrame(
        {
            "day": [last + timedelta(n) for n in range(1, AHEAD + 1)],
            "value": pl.repeat(None, AHEAD, dtype=pl.Float64, eager=True),
            "expected": middle,
            "low": least,
            "high": most,
        }
    )
    return Bands(known, ahead)


def one_step(found: Smoothed) -> tuple[Array, Array]:
    """Ends of the band that each day had the day before: `series x days`."""
    reach = float(stdtrit(_DEGREES, (1 + COVERAGE) / 2)) * found.scale
    return found.back(found.expected - reach), found.back(found.expected + reach)


def four_weeks(found: Smoothed) -> tuple[Array, Array, Array]:
    """The middle and the ends of each of the days after the last: `series x 28`."""
    last = found.level.shape[1] - 1
    middle = _foretold(found, last)
    spread = _learnt(found) * found.scale[:, [last]]
    return found.back(middle), found.back(middle - spread), found.back(middle + spread)


def _foretold(found: Smoothed, origin: int) -> Array:
    """What the state after a day says of the 28 days after it."""
    weekdays = (origin + np.arange(1, AHEAD + 1)) % WEEK
    return found.level[:, [origin]] + found.season[:, origin][:, weekdays]


def _learnt(found: Smoothed) -> Array:
    """How many scales wide a band must be, `series x 28`, by the errors of past forecasts.

    Of each week ahead the quantile of errors over the scale there was; where hardly a forecast of
    the past reaches so far, that of the week before.
    """
    days = found.level.shape[1]
    sizes = np.full((len(found.level), days, AHEAD), np.nan)
    actual = found.expected + found.errors
    for origin in range(FIRST_DAYS, days - 1):
        reached = min(AHEAD, days - 1 - origin)
        wrong = actual[:, origin + 1 : origin + 1 + reached] - _foretold(found, origin)[:, :reached]
        with np.errstate(all="ignore"):
            sizes[:, origin, :reached] = np.abs(wrong) / found.scale[:, [origin]]
    wide = np.full((len(found.level), AHEAD), np.nan)
    for series, all_sizes in enumerate(sizes):
        before = np.nan
        for start in range(0, AHEAD, WEEK):
            week = all_sizes[:, start : start + WEEK]
            known = np.sort(week[np.isfinite(week)])
            if len(known) >= _FEWEST_ORIGINS * WEEK:
                place = min(len(known), ceil((len(known) + 1) * COVERAGE)) - 1
                apart = len(known) / WEEK / (start + WEEK)
                before = np.fmax(before, known[place] * _widened(apart))
            wide[series, start : start + WEEK] = before
    return wide


def _widened(apart: float) -> float:
    """Student's quantile over the normal one, for so many forecasts whose days do not overlap."""
    level = (1 + COVERAGE) / 2
    return float(stdtrit(max(apart, _FEWEST_APART), level) / stdtrit(np.inf, level))
