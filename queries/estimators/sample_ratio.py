"""Did every cell get the accounts it was to get? Where not, no effect of it can be believed.

Fabijan et al. 2019, Diagnosing sample ratio mismatch in online controlled experiments: chi-squared,
with an alarm below .0005. Beside it a p-value that holds at every look: the Dirichlet-multinomial
mixture of Lindon & Malek 2022, Anytime-valid inference for multinomial count data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.estimators.estimator import Counted, Estimates, Estimator, Inner, rows_by_group
from queries.tails import chdtrc

ALARM = 0.0005
CONCENTRATION = 100.0


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """`counts` against what the planned `shares` lead to expect, cell by cell."""

    counts: tuple[float, ...]
    shares: tuple[float, ...]
    p: float
    always_p: float

    @property
    def is_broken(self) -> bool:
        return self.p < ALARM

    @property
    def expected(self) -> tuple[float, ...]:
        return tuple(share * sum(self.counts) for share in self.shares)


def sample_ratio(counts: Sequence[float], planned: Sequence[float]) -> SampleRatio:
    """Hold counts by cell against planned shares, which need not add up to 1.

    Nothing can be said, and p is 1, without accounts, with one cell only or without shares.
    """
    total, whole = sum(counts), sum(planned)
    if total == 0 or len(counts) < len(("control", "treatment")) or not min(planned) > 0:
        return SampleRatio(tuple(counts), tuple(planned), 1.0, 1.0)
    shares = tuple(share / whole for share in planned)
    statistic = sum(
        (n - share * total) ** 2 / (share * total) for n, share in zip(counts, shares, strict=True)
    )
    p = float(chdtrc(len(counts) - 1, statistic))
    return SampleRatio(tuple(counts), shares, p, _always_valid(counts, shares))


def _always_valid(counts: Sequence[float], shares: Sequence[float]) -> float:
    """One over the Bayes factor of Dirichlet(k·shares) against exactly the shares."""
    total = sum(counts)
    log_factor = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + total)
    for n, share in zip(counts, shares, strict=True):
        prior = CONCENTRATION * share
        log_factor += math.lgamma(prior + n) - math.lgamma(prior) - n * math.log(share)
    return min(1.0, math.exp(min(0.0, -log_factor)))


def _estimate(counted: Counted) -> Estimates:
    """The p of each group's cells, as allocated; it has no interval, being what is known itself."""
    values = np.full(counted.groups, np.nan)
    accounts = counted.amounts["accounts"].sum(axis=1)
    for group, rows in rows_by_group(counted):
        cells = counted.keys[rows].with_columns(accounts=accounts[rows])
        summed = cells.group_by("cell", "share", maintain_order=True).agg(pl.col("accounts").sum())
        counts, shares = summed["accounts"].to_list(), summed["share"].cast(pl.Float64).to_list()
        values[group] = sample_ratio(counts, shares).p
    return replace(Estimates.unknown(counted.groups), values=values)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("accounts",),
    inner=(Inner("experiment", is_asked=True, may_filter=True), Inner("cell"), Inner("share")),
)
