"""Days from which a number stands at another level and stays there.

Of each series by day, weekdays and single odd days are taken out. Candidates are the breaks of
least cost (PELT, Killick, Fearnhead & Eckley 2012, JASA 107, 1590-1598, with the penalty of
2 log n variances; `ruptures`). Each is then tried: the four weeks since it against the line of the
eight before it carried on, so that growth is no shift and what comes in over days is one (a
regression with a slope on either side, read in the middle of the days since). Its error allows for
days that resemble the one before (an autoregression of order one, less its bias; Marriott & Pope
1954, Biometrika 41, 390-402), and its tail is Student's of 16 degrees of freedom, which bounds that
of the simulated worlds. A candidate was chosen from many days, so its p-value is multiplied by how
many there were (Bonferroni); over all series the false discovery rate is held at 5 % (Benjamini &
Hochberg 1995). Where nothing happens 2 or 3 in 100 tables of forty series tell a shift (simulated:
a drifting level, a week, errors that last).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.anomaly import FALSE_DISCOVERIES, ByDay, by_day
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.analyses.smoothing import WEEK, on_scale
from queries.dataset import Metric
from queries.formula import Array
from queries.tails import stdtr, stdtrit

Days = NDArray[np.intp]

BEFORE = 56
AFTER = 28
FEWEST_DAYS = 14
_ODD = 3.0
_TO_SIGMA = 1.4826
_MOST_LASTING = 0.8
_SIDED = 0.975
_DEGREES = 16.0
_SURE = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """A break of one series, at its position: the level before, carried on, and the one it came to.

    `low` and `high` are where the new level may lie, at 95 %. `p` is of this break among all the
    days at which there could have been one.
    """

    at: int
    before: float
    after: float
    low: float
    high: float
    p: float


class _Tried(NamedTuple):
    """The level before a break, the step, its error and degrees of freedom; 1 of too few days."""

    before: float
    step: float
    error: float
    degrees: float
    p: float


@dataclass(frozen=True, slots=True)
class Shift:
    metric: str
    slice: str
    day: date
    step: Step


@dataclass(frozen=True, slots=True)
class Shifts:
    """What is told, the surest first, of how many series of how many days; `few` are left out."""

    told: tuple[Shift, ...]
    series: int
    days: int
    few: int


def shifts(metrics: Sequence[Metric], frame: pl.DataFrame, accounts: pl.DataFrame) -> Shifts:
    """Shifts in the answers to `queries.analyses.anomaly.questions`.

    All metrics and slices are one family of tests.
    """
    laid = by_day(metrics, frame, accounts)
    if laid.slices.is_empty() or len(laid.days) < 2 * FEWEST_DAYS:
        return Shifts((), 0, len(laid.days), laid.few)
    found: list[Shift] = []
    chances: list[float] = []
    for metric, name, values in _series(metrics, laid):
        made = steps(values, is_share=metric.format == "percent")
        found += (Shift(metric.name, name, laid.days[s.at], s) for s in made)
        chances += [s.p for s in made] or [1.0]
    rates = benjamini_hochberg(chances)
    rate_of = dict(zip(chances, rates, strict=True))
    sure = (s for s in found if rate_of[s.step.p] <= FALSE_DISCOVERIES)
    told = tuple(sorted(sure, key=lambda s: (s.step.p, s.metric, s.slice)))
    return Shifts(told, len(metrics) * len(laid.slices), len(laid.days), laid.few)


def _series(metrics: Sequence[Metric], laid: ByDay) -> Iterator[tuple[Metric, str, Array]]:
    for metric in metrics:
        values = laid.values(metric)
        for index, name in enumerate(laid.slices):
            yield metric, name, values[index]


def steps(values: Array, *, is_share: bool) -> list[Step]:
    """The breaks of one series by day, in their order; NaN is a day not known."""
    there, back = on_scale(values[None, :], is_share=is_share)
    known = np.flatnonzero(np.isfinite(there[0]))
    if known.size < 2 * FEWEST_DAYS:
        return []
    level = _level(there[0, known], known % WEEK)
    kept = _kept(level)
    found: list[Step] = []
    for at, tried in kept.items():
        base, step, error, degrees, p = tried
        reach = float(stdtrit(degrees, _SIDED)) * error
        ends = np.array([[base, base + step, base + step - reach, base + step + reach]])
        before, after, low, high = map(float, back(ends)[0])
        found.append(Step(int(known[at]), before, after, low, high, p))
    return found


def _kept(level: Array) -> dict[int, _Tried]:
    """The surest break, then those that are sure beside the ones before them.

    The first is there, sure or not, so that the chance of it is known.
    """
    places = max(1, level.size - 2 * FEWEST_DAYS)
    left = set(_breaks(level))
    kept: dict[int, _Tried] = {}
    while left:
        tried = {at: _beside(level, at, [*kept], places) for at in left}
        best = min(left, key=lambda at: (tried[at].p, at))
        if tried[best].p >= 1 or (kept and tried[best].p > _SURE):
            break
        left.remove(best)
        kept = {at: _beside(level, at, [*kept, best], places) for at in sorted([*kept, best])}
    return kept


def _beside(level: Array, at: int, breaks: Sequence[int], places: int) -> _Tried:
    first = max((b for b in breaks if b < at), default=0)
    end = min((b for b in breaks if b > at), default=level.size)
    return _tried(level, max(first, at - BEFORE), at, min(end, at + AFTER), places)


def _level(values: Array, weekday: Days) -> Array:
    """A series without its weekdays and its odd days."""
    around = _running_median(values)
    season = np.array([np.median((values - around)[weekday == d]) for d in range(WEEK)])
    rest = values - (season - season.mean())[weekday]
    middle = _running_median(rest)
    limit = _ODD * _TO_SIGMA * np.median(np.abs(rest - middle))
    return middle + np.clip(rest - middle, -limit, limit)


def _running_median(values: Array) -> Array:
    wide = np.pad(values, WEEK // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(wide, WEEK), axis=1)


def _breaks(level: Array) -> list[int]:
    """Where the level may break; how much its weeks differ from each other is its variance.

    The library is loaded for the one tile that needs it.
    """
    from ruptures import KernelCPD  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    weeks = level[: level.size // WEEK * WEEK].reshape(-1, WEEK).mean(axis=1)
    variance = WEEK * (_TO_SIGMA * np.median(np.abs(np.diff(weeks)))) ** 2 / 2
    if not variance > 0:
        return []
    search: Any = KernelCPD(kernel="linear", min_size=WEEK)
    ends: list[int] = search.fit_predict(level[:, None], pen=2 * np.log(level.size) * variance)
    return [int(end) for end in ends[:-1]]


def _tried(level: Array, first: int, at: int, end: int, places: int) -> _Tried:
    """A break between two lines, as far as they lie apart in the middle of the days after it."""
    if min(at - first, end - at) < FEWEST_DAYS:
        return _Tried(0.0, 0.0, 0.0, 0.0, 1.0)
    days = np.arange(first, end) - float(at)
    after = (days >= 0).astype(float)
    middle = float(days[days >= 0].mean())
    terms = np.stack([np.ones(days.size), days - middle, after, after * (days - middle)], axis=1)
    fitted, *_ = np.linalg.lstsq(terms, level[first:end])
    rest = level[first:end] - terms @ fitted
    known = days.size - terms.shape[1] - 1
    squares = float(rest @ rest)
    if not squares > 0:
        return _Tried(0.0, 0.0, 0.0, 0.0, 1.0)
    measured = float(rest[1:] @ rest[:-1]) / squares
    lasting = float(np.clip(measured + (1 + 4 * measured) / days.size, 0, _MOST_LASTING))
    inflation = (1 + lasting) / (1 - lasting)
    unit = np.linalg.inv(terms.T @ terms)[2, 2]
    error = float(np.sqrt(unit * squares / known * inflation))
    base, _, step, _ = map(float, fitted)
    degrees = min(_DEGREES, float(known))
    p = 2 * float(stdtr(degrees, -abs(step) / error))
    return _Tried(base, step, error, degrees, min(1.0, p * places))
