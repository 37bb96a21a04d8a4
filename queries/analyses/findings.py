"""What changed beyond noise: at most three findings of a page, or that there is none.

Candidates are the page's metrics, of all rows and of every slice with 200 accounts in both periods.
Each has the paired bucket statistic of its answer (`queries.interval`), Student's t; over all of
them the false discovery rate is held at 10 % (Benjamini & Hochberg 1995, JRSS B 57, 289-300). What
is left and large enough to matter is ranked by the least it can be worth: the end of its interval
nearest zero, times how much of the whole it is about.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import erfc, expm1, log1p, nan, sqrt
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from queries.analyses.cluster import Estimate
from queries.analyses.decomposition import Decomposition, decompose, terms
from queries.analyses.laid_out import FEWEST_ACCOUNTS
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.condition import Dimension, Scalar
from queries.dataset import Dataset, Metric
from queries.errors import QueryError
from queries.interval import student
from queries.model import Comparison, Query, Result
from queries.paired import ROWS
from queries.period import Period

Evidence = Literal["randomised", "quasi-experiment", "forecast", "descriptive"]

FALSE_DISCOVERIES = 0.10
MISSED = 0.05
MOST_FINDINGS = 3
UNUSUAL = 5
FEWEST_CHANGES = 3
_FREEDOM = 255
_QUANTILE_FREEDOM = 31
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One change that may be said, of all rows or of a slice (`dimension`, `value`).

    `error` is the standard error of the change, of `freedom` degrees of freedom, `probability` the
    two-sided p of no change at all. `weight` makes of a change a share of the whole of its metric;
    `worth` is the least it can be so, 0 for one that was not selected. `relative` is its size as a
    share of what it was, of a percentage as a share of the nearer of it and its complement.
    """

    dataset: Dataset
    metric: Metric
    period: Period
    comparison: Comparison
    dimension: Dimension | None
    value: Scalar | None
    now: float
    before: float
    change: Estimate
    error: float
    freedom: int
    probability: float
    weight: float
    relative: float
    worth: float = 0.0

    @property
    def key(self) -> tuple[str, str, str, Scalar | None, Period]:
        """What it is about, whatever is made of it."""
        by = self.dimension.name if self.dimension else ""
        return (self.dataset.name, self.metric.name, by, self.value, self.comparison.period)

    @property
    def is_material(self) -> bool:
        return self.relative >= self.metric.material

    def is_of(self, query: Query) -> bool:
        """Whether a question is about the same periods of the same dataset."""
        return (
            query.dataset.name == self.dataset.name
            and query.period == self.period
            and query.compare is not None
            and query.compare.period == self.comparison.period
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """What may be said of a page. `largest` is the least likely change where nothing may be.

    `beside` says which of the hypotheses that others tested are rejected in the same family.
    """

    claims: tuple[Candidate, ...]
    largest: Candidate | None
    tested: int
    beside: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The dimension that explains most of a change, and its parts."""

    dimension: Dimension
    parts: Decomposition


def find(
    results: Sequence[Result],
    most: int = MOST_FINDINGS,
    beside: Sequence[float] = (),
    weakened: Callable[[Candidate], Candidate] | None = None,
) -> Findings:
    """The findings among the answers of a page: all rows, and by each of its dimensions.

    `beside` are the p-values of what the page's own analyses tested; one that tested many gives
    their Simes p, so that it is one hypothesis of the page: that nothing is in it. `weakened` gives
    a change the p-value it has for what is known besides, as of days that are missing.
    """
    tested = candidates(results)
    if weakened is not None:
        tested = [weakened(one) for one in tested]
    told, others = held(tested, beside)
    claims: dict[tuple[str, str], Candidate] = {}
    for candidate in told:
        claims.setdefault((candidate.dataset.name, candidate.metric.name), candidate)
    whole = [c for c in tested if c.dimension is None]
    largest = min(whole or tested, key=lambda c: c.probability, default=None)
    return Findings(tuple(claims.values())[:most], largest, len(tested), others)


def held(
    tested: Sequence[Candidate], beside: Sequence[float] = ()
) -> tuple[list[Candidate], tuple[bool, ...]]:
    """The changes that may be said, those worth most first, and which p-values beside them hold.

    All are one family of hypotheses; a change must be material too, at its least.
    """
    chances = [*(c.probability for c in tested), *beside]
    decided = is_discovery(chances)
    kept, others = decided[: len(tested)], decided[len(tested) :]
    level = MISSED * sum(kept) / max(len(tested), 1)
    told = [_valued(c, level) for c, is_kept in zip(tested, kept, strict=True) if is_kept]
    told = [c for c in told if c.is_material and c.worth > 0]
    return sorted(told, key=lambda c: -c.worth), tuple(others)


def candidates(results: Sequence[Result]) -> list[Candidate]:
    """Every change of the answers that can be tested."""
    found: list[Candidate] = []
    wholes = [r for r in results if not r.query.by]
    for result in results:
        for metric in result.query.metrics:
            whole = next((w for w in wholes if _is_whole_of(w.query, result.query, metric)), None)
            if whole is not None and metric.interval != "none":
                found += _of(metric, result, whole)
    return found


def is_discovery(probabilities: Sequence[float]) -> list[bool]:
    """Which of the hypotheses are rejected at the false discovery rate."""
    return [q <= FALSE_DISCOVERIES for q in benjamini_hochberg(probabilities)]


def two_sided(t: float, freedom: int) -> float:
    """The chance of a Student's t as far from zero, either way.

    The normal score of Wallace 1959 (Hill 1970, CACM algorithm 395): right to 1 % of itself from
    thirty degrees of freedom on, without SciPy.
    """
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    score = scale * sqrt(freedom * log1p(t * t / freedom))
    return erfc(score / sqrt(2))


def chance(estimate: Estimate, freedom: int = _FREEDOM) -> float:
    """The two-sided p of zero, off a 95 % interval of Student's t; 1 where there is none."""
    half = (estimate.high - estimate.low) / 2
    return two_sided(estimate.value * student(freedom) / half, freedom) if half > 0 else 1.0


def quantile(level: float, freedom: int) -> float:
    """How far from zero, either way, `level` of Student's t lie: `two_sided` the other way."""
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    score = -NormalDist().inv_cdf(level / 2)
    return sqrt(freedom * expm1((score / scale) ** 2 / freedom))


def explain(claim: Candidate, results: Sequence[Result]) -> Explanation | None:
    """By the dimension that explains most; None where none can.

    The answers are about the rows of the claim: all of them, and by each dimension.
    """
    mine = [r for r in results if claim.is_of(r.query) and claim.metric in r.query.metrics]
    whole = next((r for r in mine if not r.query.by), None)
    found: list[Explanation] = []
    for result in mine:
        if whole is None or not result.query.by:
            continue
        try:
            parts = decompose(claim.metric, result, whole)
        except QueryError:
            continue
        dimension = result.query.dataset.dimension(result.query.by[0].name)
        found.append(Explanation(dimension, parts))
    return max(found, key=lambda e: e.parts.explained, default=None)


def times_usual(claim: Candidate, earlier: Iterable[Result]) -> float:
    """How often the change is as large as its usual noise, where that is known; else NaN.

    The usual noise is the root mean square of the changes between earlier periods of the same
    length, and not below the change's own standard error.
    """
    name = f"{claim.metric.name}__delta"
    rows = [r.frame.row(0, named=True) for r in earlier if r.frame.height == 1]
    changes = [row[name] for row in rows if row.get(name) is not None]
    if len(changes) < FEWEST_CHANGES:
        return nan
    usual = sqrt(sum(c * c for c in changes) / len(changes))
    return abs(claim.change.value) / max(usual, claim.error)


def _valued(candidate: Candidate, level: float) -> Candidate:
    """With the least it can be worth, of an interval that misses the truth so often."""
    margin = candidate.error * quantile(level, candidate.freedom)
    least = max(0.0, abs(candidate.change.value) - margin)
    return replace(candidate, worth=least * candidate.weight)


def _is_whole_of(whole: Query, query: Query, metric: Metric) -> bool:
    return (
        whole.dataset == query.dataset
        and whole.period == query.period
        and whole.compare == query.compare
        and metric in whole.metrics
    )


def _of(metric: Metric, result: Result, whole: Result) -> list[Candidate]:
    query, paired = result.query, result.paired
    if paired is None or query.period is None or query.compare is None or whole.frame.is_empty():
        return []
    key = query.by[0].name if query.by else None
    dimension = query.dataset.dimension(key) if key else None
    values = paired.groups.to_series(0).to_list() if key else [None]
    accounts = np.fmin(*paired.accounts())
    enough = {v: not n < FEWEST_ACCOUNTS for v, n in zip(values, accounts, strict=True)}
    weights = _weights(metric, result, whole)
    base = _base(metric, whole.frame.row(0, named=True).get(f"{metric.name}__previous"))
    everything = _holding_all(result, whole) if key else None
    found: list[Candidate] = []
    for row in result.frame.iter_rows(named=True):
        value = row[key] if key else None
        if (key and value in (None, everything)) or not enough.get(value):
            continue
        change = _change(metric, row)
        if change is None:
            continue
        freedom = _FREEDOM if metric.kind not in ("quantile", "model") else _QUANTILE_FREEDOM
        error = (change.high - change.low) / 2 / student(freedom)
        own = _base(metric, row[f"{metric.name}__previous"])
        found.append(
            Candidate(
                dataset=query.dataset,
                metric=metric,
                period=query.period,
                comparison=query.compare,
                dimension=dimension,
                value=value,
                now=row[metric.name],
                before=row[f"{metric.name}__previous"],
                change=change,
                error=error,
                freedom=freedom,
                probability=two_sided(change.value / error, freedom),
                weight=weights.get(value, 0.0) / base if base else 0.0,
                relative=abs(change.value) / own if own else 0.0,
            )
        )
    return found


def _holding_all(result: Result, whole: Result) -> Scalar | None:
    """The slice that has every row of both periods, as the genre of a title: it is no slice."""
    parts, total = result.paired, whole.paired
    if parts is None or total is None:
        return None
    is_all = np.ones(parts.groups.height, dtype=bool)
    for some, every in ((parts.now, total.now), (parts.before, total.before)):
        is_all &= some[ROWS].sum(axis=1) == every[ROWS].sum()
    return next((v for v, a in zip(parts.groups.to_series(0), is_all, strict=True) if a), None)


def _change(metric: Metric, row: dict[str, Any]) -> Estimate | None:
    name = f"{metric.name}__delta"
    value, low, high = row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high")
    if value is None or low is None or high is None or not high > low:
        return None
    return Estimate(value, low, high)


def _base(metric: Metric, value: float | None) -> float:
    """What a change is held against: the value, of a percentage the nearer to it of 0 and 1."""
    if value is None:
        return 0.0
    is_share = metric.format == "percent" and _HALF < value < 1
    return 1 - value if is_share else abs(value)


def _weights(metric: Metric, result: Result, whole: Result) -> dict[Scalar | None, float]:
    """How much of the whole each group is, where a change of the group is one of a ratio."""
    groups, total = result.paired, whole.paired
    if groups is None or total is None:
        return {}
    values = groups.groups.to_series(0).to_list() if result.query.by else [None]
    try:
        _, denominator = terms(metric)
    except QueryError:
        sizes, size = groups.now[ROWS].sum(axis=1), total.now[ROWS].sum()
    else:
        if denominator is None:
            return dict.fromkeys(values, 1.0)
        if not (groups.has(denominator) and total.has(denominator)):
            return {}
        sizes, size = groups.totals(denominator)[0], total.totals(denominator)[0].sum()
    return {v: float(s / size) if size else 0.0 for v, s in zip(values, sizes, strict=True)}
