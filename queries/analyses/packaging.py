"""Packaging tests, arm by arm: first whether the split is right, then which arm is best.

A test whose arms got other shares of readers than equal ones is blocked (chi-squared, p below
.0005; Fabijan et al. 2019): nothing of it can be believed. Else each arm's probability of having
the highest click rate (Beta-Binomial from a flat prior; Scott 2010). An archive of totals has no
clusters, so readers count as independent.

Small cells: readers of a public archive, no accounts.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.analyses.cluster import Scope, every_group
from queries.estimators.probability_best import probability_best
from queries.estimators.sample_ratio import ALARM
from queries.interval import Z, wilson
from queries.model import Query
from queries.tails import chdtrc


@dataclass(frozen=True, slots=True)
class Tests:
    """One row an arm, tests that are blocked apart from those that may be read.

    Columns `test`, `arm`, `headline`, `impressions`, `clicks`, `rate`, `best` (probability), `lift`
    over the mean of the test's arms, `p` of the split and `is_broken`. `rate_low` and `rate_high`
    are Wilson's 95 % interval, `lift_low` and `lift_high` that of the ratio by the delta method on
    its logarithm; without a click there is none.
    """

    arms: pl.DataFrame

    @property
    def count(self) -> int:
        return self.arms["test"].n_unique()

    @property
    def broken(self) -> int:
        return self.arms.filter("is_broken")["test"].n_unique()


def question(scope: Scope) -> Query:
    """Readers and clicks of every arm."""
    keys = map(scope.dataset.dimension, ("test", "arm", "headline"))
    return every_group(scope, ("impressions", "clicks"), keys)


def tests(frame: pl.DataFrame) -> Tests:
    """Read the answer to `question`. Tests of one arm say nothing and are left out."""
    arms = frame.select("test", "arm", "headline", "impressions", "clicks").filter(
        pl.col("impressions") > 0, pl.len().over("test") > 1
    )
    shown = pl.col("impressions").cast(pl.Float64)
    expected = shown.mean().over("test")
    arms = arms.with_columns(
        rate=pl.col("clicks") / shown,
        chi=((shown - expected) ** 2 / expected).sum().over("test"),
        freedom=pl.len().over("test") - 1,
        everyone=(pl.col("clicks") / shown).mean().over("test"),
    ).filter(pl.col("freedom") > 0)
    contest = arms["test"].rank("dense").to_numpy().astype(np.intp)
    parts = [arms[n].to_numpy().astype(np.float64)[:, None] for n in ("impressions", "clicks")]
    arms = _with_lift(arms)
    ends = wilson(*(arms[n].to_numpy().astype(np.float64) for n in ("clicks", "impressions")))
    arms = arms.with_columns(rate_low=pl.Series(ends.low), rate_high=pl.Series(ends.high))
    best = np.zeros(0)
    if arms.height:
        best = probability_best((parts[0], parts[1], parts[0]), contest)
    p = chdtrc(arms["freedom"].to_numpy(), arms["chi"].to_numpy())
    told = arms.with_columns(
        best=pl.Series(best, dtype=pl.Float64),
        p=pl.Series(np.asarray(p), dtype=pl.Float64),
    )
    return Tests(
        told.with_columns(is_broken=pl.col("p") < ALARM).drop("chi", "freedom", "everyone")
    )


def _with_lift(arms: pl.DataFrame) -> pl.DataFrame:
    """Of each arm the rate over the mean of its test's arms, less one, with its interval."""
    rate, everyone, count = pl.col("rate"), pl.col("everyone"), pl.len().over("test")
    noise = rate * (1 - rate) / pl.col("impressions")
    of_mean = 1 / (count * everyone)
    variance = noise / rate**2 - 2 * noise * of_mean / rate + noise.sum().over("test") * of_mean**2
    half = pl.when(rate > 0).then(Z * variance.sqrt())
    ratio = rate / everyone
    return arms.with_columns(
        lift=ratio - 1, lift_low=ratio * (-half).exp() - 1, lift_high=ratio * half.exp() - 1
    )
