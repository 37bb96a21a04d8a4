"""Outages: days on which starts failed in one place far more often than they do there.

A cell is a day, a country and a delivery network. Its failures are held against the rate of the
same place on the other days, drawn towards the rate of all places where it has few attempts. Counts
are less surprising than independent ones would be, because one account tries again: they are
divided by the dispersion that ordinary cells show (quasi-likelihood, Wedderburn 1974). The tail is
the binomial's, continued to fractions (Abramowitz & Stegun 26.5.24); Benjamini & Hochberg 1995 over
every cell. Cells of a handful of accounts are part of what is usual, and are not told.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.analyses.standing_out import halves
from queries.condition import Filter, conjunction
from queries.dataset import TimeBucket
from queries.interval import wilson
from queries.model import Query
from queries.period import Grain
from queries.tails import betainc

METRIC = "start_failure_rate"
PLACE = ("country", "cdn")
FALSE_SHARE = 0.01
FEWEST_FAILURES = 10
_PRIOR_ATTEMPTS = 200.0
_FEWEST_EXPECTED = 2.0
_MEDIAN_OF_CHI_SQUARED = 0.4549
_TOP, _BOTTOM = f"{METRIC}__numerator", f"{METRIC}__denominator"


def question(scope: Scope) -> Query:
    """Failed starts and attempts by day, country and delivery network."""
    return _counted(scope, (TimeBucket(scope.dataset.time, Grain.DAY), *PLACE))


def told_question(scope: Scope) -> Query:
    """The rate of the same cells as it may be shown."""
    keys = (scope.dataset.dimension(n) for n in PLACE)
    return Query(
        dataset=scope.dataset,
        metrics=(scope.dataset.metric(METRIC),),
        by=(TimeBucket(scope.dataset.time, Grain.DAY), *keys),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        with_total=False,
    )


def hours_question(scope: Scope, found: pl.DataFrame) -> Query:
    """The same by UTC hour, of the days and places of outages."""
    dataset = scope.dataset
    days = tuple(found["date"].unique().sort().to_list())
    kept = [Filter(dataset.time, "in", days)]
    kept += [
        Filter(dataset.dimension(n), "in", tuple(found[n].unique().sort().to_list())) for n in PLACE
    ]
    where = conjunction(scope.where, *kept)
    keys = (TimeBucket(dataset.time, Grain.DAY), *PLACE, "utc_hour")
    return _counted(Scope(dataset, scope.period, where), keys)


def _counted(scope: Scope, by: tuple[TimeBucket | str, ...]) -> Query:
    dataset = scope.dataset
    parts = halves(dataset.metric(METRIC))
    asked = replace(dataset, metrics=(*dataset.metrics, *parts))
    return Query(
        dataset=asked,
        metrics=parts,
        by=tuple(asked.dimension(k) if isinstance(k, str) else k for k in by),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def outages(frame: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The cells that failed and may be shown, the surest first: answers to the first two questions.

    Columns date, country, cdn, attempts, failures, rate, low, high, usual, q; empty where there is
    none. The ends are Wilson's, of counts divided by the dispersion.
    """
    shown = told.drop_nulls(METRIC).select("date", *PLACE)
    tested = _tested(frame).join(shown, on=["date", *PLACE], how="semi", maintain_order="left")
    return (
        tested.filter(
            (pl.col("q") <= FALSE_SHARE)
            & (pl.col("failures") >= FEWEST_FAILURES)
            & (pl.col("rate") > pl.col("usual"))
        )
        .sort("q", "failures", descending=[False, True])
        .select("date", *PLACE, "attempts", "failures", "rate", "low", "high", "usual", "q")
    )


def looked_at(frame: pl.DataFrame) -> int:
    """How many cells were looked at."""
    return _tested(frame).height


def chance(frame: pl.DataFrame) -> float:
    """The p of no outage anywhere: the least q of all cells, which is Simes' p. 1 without cells."""
    least = _tested(frame)["q"].min()
    return float(least) if isinstance(least, float) else 1.0


def hours(frame: pl.DataFrame, outage: dict[str, object], usual: float) -> tuple[int, int] | None:
    """First and last UTC hour of an outage: those that failed five times as often as usual."""
    here = frame.filter(*(pl.col(n) == outage[n] for n in ("date", *PLACE)))
    bad = here.filter((pl.col(_TOP) > 1) & (pl.col(_TOP) / pl.col(_BOTTOM) > max(5 * usual, 0.05)))[
        "utc_hour"
    ].sort()
    if not len(bad):
        return None
    return _longest(bad.cast(pl.Int64).to_list())


def _tested(frame: pl.DataFrame) -> pl.DataFrame:
    known = frame.drop_nulls(["date", *PLACE]).rename({_TOP: "failures", _BOTTOM: "attempts"})
    known = known.filter(pl.col("attempts") > 0)
    whole = float(known["failures"].sum()) / max(float(known["attempts"].sum()), 1)
    # Of the place on the other days: a day does not set its own expectation.
    others = known.with_columns(
        (pl.col(n).sum().over(PLACE) - pl.col(n)).alias(f"other_{n}")
        for n in ("failures", "attempts")
    ).with_columns(
        rate=pl.col("failures") / pl.col("attempts"),
        usual=(pl.col("other_failures") + _PRIOR_ATTEMPTS * whole)
        / (pl.col("other_attempts") + _PRIOR_ATTEMPTS),
    )
    k, n, p = (others[c].cast(pl.Float64).to_numpy() for c in ("failures", "attempts", "usual"))
    dispersion = _dispersion(k, n, p)
    with np.errstate(all="ignore"):
        tail = np.where(k > 0, betainc(k / dispersion, (n - k) / dispersion + 1, p), 1.0)
    around = wilson(k / dispersion, n / dispersion)
    q = pl.Series(benjamini_hochberg(tail.tolist()), dtype=pl.Float64)
    return others.with_columns(q=q, low=pl.Series(around.low), high=pl.Series(around.high))


def _dispersion(k: np.ndarray, n: np.ndarray, p: np.ndarray) -> float:
    """How much more cells vary than the binomial: by their median, which outages do not move."""
    usable = n * p >= _FEWEST_EXPECTED
    if not usable.any():
        return 1.0
    squared = (k - n * p) ** 2 / (n * p * (1 - p))
    return max(1.0, float(np.median(squared[usable])) / _MEDIAN_OF_CHI_SQUARED)


def _longest(hours_of_day: list[int]) -> tuple[int, int]:
    """The longest run of hours around the clock, midnight included."""
    there = set(hours_of_day)
    if len(there) == 24:  # noqa: PLR2004
        return 0, 23
    best = (0, 0)
    for start in sorted(there):
        if (start - 1) % 24 in there:
            continue
        length = 1
        while (start + length) % 24 in there:
            length += 1
        if length > best[1]:
            best = (start, length)
    return best[0], (best[0] + best[1] - 1) % 24
