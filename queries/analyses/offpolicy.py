"""What another policy would have earned on this log, and whether the log can say so at all.

Estimators are metrics of `impressions` (IPS, SNIPS, DR, Switch-DR; `queries/catalog`), so their
values and intervals come with the answer; this module says what to ask, and reads it. It refuses
below an effective sample size of 10 % (Kong 1992: `(Σ w)² / (n Σ w²)`), and where DR and SNIPS
disagree by more than two standard errors, because then one of their assumptions does not hold.
The model alone (the direct method) is told apart from the ladder: its interval is narrow and knows
nothing of its error.

Small cells: weights are told as shares of all rows, never as counts of a bin.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from queries.analyses.cluster import Estimate, Scope
from queries.condition import Dimension, Filter, conjunction
from queries.dataset import Key
from queries.errors import UnsafeQuestion
from queries.expression import canonical
from queries.formula import Array
from queries.interval import Z
from queries.model import Query

SMALLEST_EFFECTIVE_SHARE = 0.1
THRESHOLD = 10.0
ESTIMATORS = ("ips_value", "clipped_value", "snips_value", "dr_value", "switch_dr_value")
GAINS = ("snips_gain", "dr_gain")
_ALWAYS = ("direct_value", "logged_value", "effective_sample_size", "effective_rows", "mean_weight")
_WEIGHTS = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_POLICIES = "policies"
_WEIGHT = "weight"

Verdict = Literal["better", "worse", "cannot tell", "refused"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The ladder of estimators, what was earned as it was, and what may be concluded.

    `gain` is over the log's own value on the same accounts, by DR where a reward model was logged,
    else by SNIPS; the verdict is whether its interval leaves out zero.
    `reasons` says in words why nothing may be, or what to be careful about; empty when all is well.
    `direct` is the model alone, which no conclusion rests on.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    ladder: dict[str, Estimate]
    logged: Estimate
    gain: Estimate
    effective_share: float
    effective_rows: float
    mean_weight: Estimate
    direct: Estimate
    refusal: "Refusal | None" = None

    @property
    def best(self) -> Estimate:
        """The estimate to quote: DR where a reward model was logged, else SNIPS."""
        return self.ladder.get("dr_value", self.ladder["snips_value"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing may be concluded: a code of `queries.errors.UnsafeQuestion`, and words."""

    code: Literal["no_probabilities", "too_little_overlap", "estimators_disagree"]
    message: str

    @property
    def error(self) -> UnsafeQuestion:
        return UnsafeQuestion(self.message, _HINTS[self.code], code=self.code)


_HINTS = {
    "no_probabilities": "Choose a policy whose probabilities the log holds.",
    "too_little_overlap": "Try it on a part of the traffic in an experiment, or explore more.",
    "estimators_disagree": "Check the mean weight, and the reward model against what was played.",
}


def policies_question(scope: Scope, column: str = "targets") -> Query:
    """Which target policies the rows of a view have a probability for, with how many rows."""
    keys = Dimension(_POLICIES, "Policies", f'MAP_KEYS("{column}")')
    dataset = replace(scope.dataset, dimensions=(*scope.dataset.dimensions, keys))
    return Query(
        dataset=dataset,
        metrics=(dataset.metric("rows"),),
        by=(keys,),
        where=scope.where,
        period=scope.period,
        interval=False,
        keeps_small=True,
        with_total=False,
    )


def policies(frame: pl.DataFrame) -> tuple[str, ...]:
    """The policies of the answer, the last by name first: versions count up."""
    found = {name for names in frame[_POLICIES].drop_nulls().to_list() for name in names}
    return tuple(sorted(found, reverse=True))


def weights_question(scope: Scope, policy: str, threshold: float = THRESHOLD) -> Query:
    """Seen rows by weight, target over propensity, in powers of 2; cut at the threshold too."""
    quoted = policy.replace("'", "''")
    weight = f"targets['{quoted}'] / propensity"
    steps = " ".join(f"when {weight} >= {edge!r} then {edge!r}" for edge in edges(threshold)[::-1])
    expression = f"case when {weight} = 0 then -1 {steps} end"
    by = Dimension(_WEIGHT, "Weight", canonical(expression), kind="number")
    dataset = replace(scope.dataset, dimensions=(*scope.dataset.dimensions, by))
    seen = Filter(dataset.dimension("is_seen"), "in", (True,))
    return Query(
        dataset=dataset,
        metrics=(dataset.metric("rows"), dataset.metric("mean_weight").bind({"policy": policy})),
        by=(by,),
        where=conjunction(scope.where, seen),
        period=scope.period,
        interval=False,
        keeps_small=True,
        with_total=False,
    )


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the rows and of all weight by bin; the first bin are the rows of weight 0.

    `lows` are the lower ends of the bins. `over` are the shares beyond the threshold.
    """

    lows: tuple[float, ...]
    rows: tuple[float, ...]
    weight: tuple[float, ...]
    over: tuple[float, float]

    @property
    def never(self) -> float:
        """The share of rows that the policy would never have shown."""
        return self.rows[0] if self.rows else 0.0


def weights(frame: pl.DataFrame, threshold: float = THRESHOLD) -> Weights:
    """Read the answer to `weights_question`; empty where no row has a weight."""
    known = frame.drop_nulls(_WEIGHT)
    lows = (-1.0, *edges(threshold))
    rows = dict(zip(known[_WEIGHT].cast(pl.Float64), known["rows"], strict=True))
    mean = dict(zip(known[_WEIGHT].cast(pl.Float64), known["mean_weight"], strict=True))
    count = np.array([rows.get(low, 0) for low in lows], dtype=np.float64)
    mass = count * np.array([mean.get(low) or 0.0 for low in lows])
    if not count.sum():
        return Weights((), (), (), (0.0, 0.0))
    count, mass = count / count.sum(), mass / (mass.sum() or 1.0)
    is_over = np.array(lows) >= threshold
    over = (float(count[is_over].sum()), float(mass[is_over].sum()))
    return Weights(lows, tuple(count.tolist()), tuple(mass.tolist()), over)


def edges(threshold: float) -> tuple[float, ...]:
    """Lower ends of the bins of weights, in rising order."""
    return tuple(sorted({*_WEIGHTS, float(threshold)}))


def question(
    scope: Scope, policy: str, by: tuple[Key, ...] = (), threshold: float = THRESHOLD
) -> Query:
    """Every estimator for a target policy of the log; weights are clipped at the threshold."""
    metrics = [scope.dataset.metric(name) for name in (*ESTIMATORS, *GAINS, *_ALWAYS)]
    given = {"policy": policy, "tau": repr(float(threshold))}
    bound = tuple(m.bind({n: t for n, t in given.items() if n in m.unbound}) for m in metrics)
    return Query(
        dataset=scope.dataset, metrics=bound, by=by, where=scope.where, period=scope.period
    )


def reading(row: pl.DataFrame) -> Reading:
    """Read one row of the answer to `question` (its total, or one group)."""
    ladder = {name: _estimate(row, name) for name in ESTIMATORS}
    ladder = {name: e for name, e in ladder.items() if not np.isnan(e.value)}
    ladder.setdefault("snips_value", Estimate(np.nan, np.nan, np.nan))
    logged, mean_weight = _estimate(row, "logged_value"), _estimate(row, "mean_weight")
    share = _estimate(row, "effective_sample_size").value
    found = _refusals(ladder, share)
    refusals = tuple(r.message for r in found)
    gain = _estimate(row, "dr_gain" if "dr_value" in ladder else "snips_gain")
    verdict = "refused" if refusals else _verdict(gain)
    return Reading(
        verdict=verdict,
        reasons=(*refusals, *_warnings(mean_weight)),
        ladder=ladder,
        logged=logged,
        gain=gain,
        effective_share=share,
        effective_rows=_estimate(row, "effective_rows").value,
        mean_weight=mean_weight,
        direct=_estimate(row, "direct_value"),
        refusal=next(iter(found), None),
    )


def effective_share(weights: Array) -> float:
    """Kong's effective sample size of importance weights, as a share of the rows."""
    weights = np.asarray(weights, dtype=np.float64)
    squares = len(weights) * float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else float("nan")


def _estimate(row: pl.DataFrame, name: str) -> Estimate:
    found = [row[column][0] if column in row.columns else None for column in
             (name, f"{name}__low", f"{name}__high")]  # fmt: skip
    value, low, high = (float("nan") if v is None else float(v) for v in found)
    return Estimate(value, low, high)


def _refusals(ladder: dict[str, Estimate], share: float) -> tuple[Refusal, ...]:
    if np.isnan(share) or np.isnan(ladder["snips_value"].value):
        return (Refusal("no_probabilities", "The log holds no probabilities for this policy."),)
    refusals: list[Refusal] = []
    if share < SMALLEST_EFFECTIVE_SHARE:
        said = f"Only {share:.1%} of the log counts for this policy"
        found = f"{said}: it would show what the log hardly ever did."
        refusals.append(Refusal("too_little_overlap", found))
    robust = ladder.get("dr_value")
    if robust is not None and _disagree(robust, ladder["snips_value"]):
        said = "DR and SNIPS disagree by more than two standard errors"
        found = f"{said}: the propensities or the reward model are wrong."
        refusals.append(Refusal("estimators_disagree", found))
    return tuple(refusals)


def _disagree(one: Estimate, other: Estimate) -> bool:
    """By more than two of the larger standard error; they share most of their noise."""
    error = max(one.high - one.low, other.high - other.low) / (2 * Z)
    return abs(one.value - other.value) > 2 * error


def _warnings(mean_weight: Estimate) -> tuple[str, ...]:
    """A mean weight away from 1 is the first sign of broken propensities, or of missing support."""
    error = (mean_weight.high - mean_weight.low) / (2 * Z)
    if np.isnan(error) or abs(mean_weight.value - 1) <= 3 * error:
        return ()
    found = f"The mean weight is {mean_weight.value:.3f} where it should be 1"
    return (f"{found}: propensities may be wrong, or the policy shows what the log never did.",)


def _verdict(gain: Estimate) -> Verdict:
    if gain.low > 0:
        return "better"
    return "worse" if gain.high < 0 else "cannot tell"
