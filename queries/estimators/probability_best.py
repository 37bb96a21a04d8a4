"""The probability that an arm is the best of its stratum: how often a draw of its rate is highest.

The Beta-Binomial posterior from a flat prior (Thompson 1933; Scott 2010, A modern Bayesian look at
the multi-armed bandit). Rows may be weighted, by how seldom an arm is shown: a row then counts as
Kish's effective number, `(Σw)² / Σw²` (Kish 1965). Rows of one account go together, so that is
divided by the design effect: how much larger the variance over clusters of accounts is than that of
independent rows, of all arms of the question together, because one arm has too few clusters to
tell. A probability has no interval: it is itself what is known. An arm without a rival has none.
"""

from dataclasses import dataclass, replace

import numpy as np

from queries.estimators.estimator import Counted, Estimates, Estimator, Indices, Inner
from queries.formula import Array

DRAWS = 2_000
SEED = 20_261_124
_AT_ONCE = 2_000


def _estimate(counted: Counted) -> Estimates:
    values = np.full(counted.groups, np.nan)
    kept = counted.amounts["shown"].sum(axis=1) > 0
    shown, taken, squares = (counted.amounts[n][kept] for n in ("shown", "taken", "squares"))
    chance = probability_best((shown, taken, squares), contests(counted)[kept])
    group = counted.group[kept]
    values[group[group >= 0]] = chance[group >= 0]
    return replace(Estimates.unknown(counted.groups), values=values)


@dataclass(frozen=True, slots=True)
class Contest:
    """Of each arm among those of its contest, NaN where it has no rival.

    `best` is the probability of being the best, `ahead` that of having a higher rate than the next
    likeliest best (NaN for the last), `loss` the rate that picking this arm is expected to give
    away to the best (the posterior expected loss; Stucchio 2015, Bayesian A/B testing).
    """

    best: Array
    ahead: Array
    loss: Array


def probability_best(arms: tuple[Array, Array, Array], contest: Indices) -> Array:
    """Of each arm within its contest, which numbers them; `contested` says of what."""
    return contested(arms, contest).best


def contested(arms: tuple[Array, Array, Array], contest: Indices) -> Contest:
    """Each arm against the others of its contest, off the same draws.

    `arms` are `arms x clusters` each: weights of what was shown, of what was taken of it, and
    squared weights of what was shown.
    """
    shown, taken, squares = (part.sum(axis=1) for part in arms)
    rate = np.clip(taken / shown, 0, 1)
    rows = shown**2 / squares / design_effect(*arms)
    order = np.argsort(contest, kind="stable")
    found = Contest(*(np.zeros(len(rate)) for _ in range(3)))
    dice = np.random.default_rng(SEED)
    for some in _batches(order, contest):
        a, b = 1 + rate[some] * rows[some], 1 + (1 - rate[some]) * rows[some]
        draws = dice.beta(a[:, None], b[:, None], (len(some), DRAWS))
        starts = np.flatnonzero(np.r_[True, np.diff(contest[some]) != 0])
        which = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(some)]))
        best = np.maximum.reduceat(draws, starts, axis=0)[which]
        has_rival = np.bincount(which)[which] > 1
        found.best[some] = np.where(has_rival, (draws == best).mean(axis=1), np.nan)
        found.loss[some] = np.where(has_rival, (best - draws).mean(axis=1), np.nan)
        found.ahead[some] = _ahead(draws, which, found.best[some])
    return found


def _ahead(draws: Array, which: Indices, best: Array) -> Array:
    """How often an arm is above the next likeliest best of its contest."""
    ranked = np.lexsort((-best, which))
    first, second = ranked[:-1], ranked[1:]
    ahead = np.full(len(best), np.nan)
    is_same = which[first] == which[second]
    first, second = first[is_same], second[is_same]
    ahead[first] = (draws[first] > draws[second]).mean(axis=1)
    return ahead


def design_effect(shown: Array, taken: Array, squares: Array) -> float:
    """Variance of the arms' takes over clusters, over that of independent rows; at least 1.

    By linearisation (Kish 1965, ch. 6). 1 where there are no clusters.
    """
    clusters = shown.shape[1]
    if clusters == 1:
        return 1.0
    rate = taken.sum(axis=1, keepdims=True) / shown.sum(axis=1, keepdims=True)
    clustered = clusters / (clusters - 1) * ((taken - rate * shown) ** 2).sum()
    independent = (squares.sum(axis=1, keepdims=True) * rate * (1 - rate)).sum()
    return max(1.0, float(clustered / independent)) if independent > 0 else 1.0


def _batches(order: Indices, contest: Indices) -> list[Indices]:
    """Arms of whole contests, about so many at once."""
    ends = np.flatnonzero(np.r_[np.diff(contest[order]) != 0, len(order) > 0]) + 1
    batches: list[Indices] = []
    start = 0
    for end in ends.tolist():
        if end - start >= _AT_ONCE or end == len(order):
            batches.append(order[start:end])
            start = end
    return batches


def contests(counted: Counted) -> Indices:
    """Arms of one stratum compete, within the question's other keys."""
    stratum = counted.keys["stratum"].rank("dense").cast(int).to_numpy().astype(np.intp)
    numbers = np.stack([counted.around, stratum], axis=1)
    return np.unique(numbers, axis=0, return_inverse=True)[1].reshape(-1).astype(np.intp)


ESTIMATOR = Estimator(
    estimate=_estimate,
    amounts=("shown", "taken", "squares"),
    inner=(Inner("stratum", may_group=True, may_filter=True), Inner("arm", is_asked=True)),
    needs_clusters=True,
    skips_empty=True,
)
