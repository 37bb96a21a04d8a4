"""Days on which a number is not what its own past foretells: errors of one-step forecasts.

Each series is forecast a day ahead by `queries.analyses.smoothing`. An error is held against the
median absolute one of the last 28, never against residuals of a fit that has seen the day. A day is
told if it lies beyond 3.5 scales and survives Benjamini & Hochberg (1995) over all days and series
that are shown, at 5 %. Where nothing happens about 2 logs in 100 tell a day, of one series of 120
days or of forty (simulated: a drifting level, a week, errors that last).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from queries.analyses.cluster import Scope
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.analyses.smoothing import FIRST_DAYS, KNOWN_ERRORS, Flags, smoothed
from queries.dataset import Metric, TimeBucket
from queries.formula import Array
from queries.model import Query
from queries.period import Grain
from queries.small_cells import FEWEST_SHOWN
from queries.tails import stdtr

WARM_UP = FIRST_DAYS + KNOWN_ERRORS
FEWEST_ACCOUNTS = 200
BEYOND = 3.5
FALSE_DISCOVERIES = 0.05
_DEGREES = 12.0


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Of each series and day: the forecast made the day before, and its error in scales.

    `series x days`; NaN where there is no value, or too little past to foretell it.
    """

    expected: Array
    low: Array
    high: Array
    z: Array


def questions(scope: Scope, metrics: Sequence[str], accounts: str, by: str = "") -> list[Query]:
    """The metrics by day and by the values of one dimension, and the accounts behind them.

    Two questions, since a rollup that answers one seldom answers the other.
    """
    dataset = scope.dataset
    keys = (TimeBucket(dataset.time, Grain.DAY), *((dataset.dimension(by),) if by else ()))
    asked = Query(
        dataset=dataset,
        metrics=tuple(dataset.metric(name) for name in metrics),
        by=keys,
        where=scope.where,
        period=scope.period,
        limit=200_000,
        interval=False,
        keeps_small=True,
        with_total=False,
    )
    return [asked, replace(asked, metrics=(dataset.metric(accounts),))]


def foretold(values: Array, *, is_share: bool) -> Forecasts:
    """Forecast every day of `series x days` from the days before it."""
    found = smoothed(values, is_share=is_share)
    scale, back = found.scale.copy(), found.back
    scale[:, :WARM_UP] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(scale > 0, found.errors / scale, np.nan)
    reach = BEYOND * scale
    expected = found.expected
    return Forecasts(back(expected), back(expected - reach), back(expected + reach), z)


def told(z: Array) -> Flags:
    """Which errors are told: far enough, and not likely to be chance among all of them.

    The tail is Student's with 12 degrees of freedom, which bounds that of a normal error over a
    scale read off 28 errors.
    """
    found = np.zeros(z.shape, dtype=bool)
    is_known = np.isfinite(z)
    found[is_known] = (_rates(z) <= FALSE_DISCOVERIES) & (np.abs(z[is_known]) > BEYOND)
    return found


def _rates(z: Array) -> Array:
    """The false discovery rate at which each known error would be told."""
    return np.array(benjamini_hochberg(chances(z[np.isfinite(z)]).tolist()))


def chances(z: Array) -> Array:
    """The two-sided p of errors in scales, by the tail that bounds theirs."""
    return 2 * stdtr(_DEGREES, -np.abs(z))


@dataclass(frozen=True, slots=True)
class Watched:
    """What was looked at: one row a metric, slice and day that could be foretold.

    Columns `metric`, `slice`, `day`, `value`, `expected`, `low`, `high`, `z` and `is_told`; `few`
    counts the slices that usually have fewer than 200 accounts a day, which are left out, as are
    single days of fewer than ten.
    """

    days: pl.DataFrame
    few: int = 0

    @property
    def series(self) -> int:
        return self.days.select("metric", "slice").n_unique() if self.days.height else 0

    @property
    def told(self) -> pl.DataFrame:
        """The days that are told, the farthest first."""
        if self.days.is_empty():
            return self.days
        return self.days.filter("is_told").sort(pl.col("z").abs(), descending=True)

    @property
    def chance(self) -> float:
        """The chance of an error as far as the farthest, of all that was looked at (Simes 1986)."""
        rates = _rates(self.days["z"].to_numpy()) if self.days.height else np.empty(0)
        return float(rates.min()) if rates.size else 1.0


def watched(metrics: Sequence[Metric], frame: pl.DataFrame, accounts: pl.DataFrame) -> Watched:
    """Look for days that are not as foretold in the answers to `questions`.

    All metrics, slices and days are one family of tests.
    """
    laid = by_day(metrics, frame, accounts)
    if len(laid.days) <= WARM_UP or laid.slices.is_empty():
        return Watched(pl.DataFrame(), laid.few)
    read = pl.concat(_foretold(laid, metric) for metric in metrics)
    known = read.filter(pl.col("z").is_finite()).join(
        laid.handfuls, on=["slice", "day"], how="anti"
    )
    return Watched(known.with_columns(pl.Series("is_told", told(known["z"].to_numpy()))), laid.few)


@dataclass(frozen=True, slots=True)
class ByDay:
    """Every day of every slice that usually has 200 accounts a day or more.

    `rows` has a row a slice and day, in the order of `slices` and `days`; `handfuls` are the slices
    and days with one to nine accounts, and `few` counts the slices that are left out.
    """

    slices: pl.Series
    days: list[date]
    rows: pl.DataFrame
    handfuls: pl.DataFrame
    few: int

    def values(self, metric: Metric) -> Array:
        """`slices x days`. An amount that is missing on a day is none; a rate is unknown."""
        known = self.rows[metric.name].cast(pl.Float64)
        filled = known.fill_null(0.0 if metric.kind == "additive" else np.nan)
        return filled.to_numpy().reshape(len(self.slices), len(self.days))


def by_day(metrics: Sequence[Metric], frame: pl.DataFrame, accounts: pl.DataFrame) -> ByDay:
    """The answers to `questions`, day by day."""
    if frame.is_empty():
        return ByDay(pl.Series("slice", dtype=pl.String), [], pl.DataFrame(), pl.DataFrame(), 0)
    day, *rest = _keys(frame, metrics)
    sliced, counted = (_sliced(f, rest).rename({day: "day"}) for f in (frame, accounts))
    count = pl.col(_only(accounts, day, rest))
    usual = counted.group_by("slice").agg(count.median())
    kept = usual.filter(pl.col(usual.columns[1]) >= FEWEST_ACCOUNTS)["slice"].sort()
    days = _days(sliced["day"])
    grid = kept.to_frame().join(pl.DataFrame({"day": days}), how="cross")
    rows = grid.join(sliced, on=["slice", "day"], how="left", maintain_order="left")
    handfuls = counted.filter((count > 0) & (count < FEWEST_SHOWN)).select("slice", "day")
    return ByDay(kept, days, rows, handfuls, sliced["slice"].n_unique() - kept.len())


def _days(known: pl.Series) -> list[date]:
    """Every day from the first to the last."""
    found: list[date] = known.drop_nulls().to_list()
    first, last = min(found), max(found)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _keys(frame: pl.DataFrame, metrics: Sequence[Metric]) -> list[str]:
    """The day first, then the dimension if there is one."""
    own = {m.name for m in metrics}
    names = [c for c in frame.columns if c.split("__")[0] not in own and c != "incomplete"]
    return sorted(names, key=lambda c: frame.schema[c] != pl.Date)


def _only(frame: pl.DataFrame, day: str, rest: Sequence[str]) -> str:
    return next(c for c in frame.columns if c not in (day, *rest))


def _sliced(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    text = pl.col(by[0]).cast(pl.String) if by else pl.lit("")
    return frame.with_columns(text.alias("slice")).drop_nulls("slice")


def _foretold(laid: ByDay, metric: Metric) -> pl.DataFrame:
    values = laid.values(metric)
    made = foretold(values, is_share=metric.format == "percent")
    return pl.DataFrame(
        {
            "metric": pl.repeat(metric.name, laid.rows.height, eager=True),
            "slice": laid.rows["slice"],
            "day": laid.rows["day"],
            "value": values.ravel(),
            "expected": made.expected.ravel(),
            "low": made.low.ravel(),
            "high": made.high.ravel(),
            "z": made.z.ravel(),
        }
    )
