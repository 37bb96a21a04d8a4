"""What another policy would have earned on this log, and whether the log can say so at all.

Estimators are metrics of `impressions` (IPS, SNIPS, DR, Switch-DR; `queries/catalog`), so their
values and intervals come with the answer; this module says what to ask, and reads it. It refuses
below an effective sample size of 10 % (Kong 1992: `(Σ w)² / (n Σ w²)`), and where DR and SNIPS
disagree by more than two standard errors, because then one of their assumptions does not hold.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from queries.analyses.cluster import Estimate, Scope
from queries.formula import Array
from queries.interval import Z
from queries.model import Key, Query

SMALLEST_EFFECTIVE_SHARE = 0.1
ESTIMATORS = ("ips_value", "snips_value", "dr_value", "switch_dr_value")
GAINS = ("snips_gain", "dr_gain")
_ALWAYS = ("logged_value", "effective_sample_size", "effective_rows", "mean_weight")

Verdict = Literal["better", "worse", "cannot tell", "refused"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The ladder of estimators, what was earned as it was, and what may be concluded.

    `gain` is over the log's own value on the same accounts, by DR where a reward model was logged,
    else by SNIPS; the verdict is whether its interval leaves out zero.
    `reasons` says in words why nothing may be, or what to be careful about; empty when all is well.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    ladder: dict[str, Estimate]
    logged: Estimate
    gain: Estimate
    effective_share: float
    effective_rows: float
    mean_weight: Estimate

    @property
    def best(self) -> Estimate:
        """The estimate to quote: DR where a reward model was logged, else SNIPS."""
        return self.ladder.get("dr_value", self.ladder["snips_value"])


def question(scope: Scope, policy: str, by: tuple[Key, ...] = ()) -> Query:
    """Every estimator for a target policy of the log."""
    metrics = [scope.dataset.metric(name) for name in (*ESTIMATORS, *GAINS, *_ALWAYS)]
    bound = tuple(m.bind({"policy": policy}) if m.parameters else m for m in metrics)
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
    refusals = _refusals(ladder, share)
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


def _refusals(ladder: dict[str, Estimate], share: float) -> tuple[str, ...]:
    if np.isnan(share) or np.isnan(ladder["snips_value"].value):
        return ("The log holds no probabilities for this policy.",)
    reasons: list[str] = []
    if share < SMALLEST_EFFECTIVE_SHARE:
        reasons.append(
            f"Only {share:.1%} of the log counts for this policy: it would show what the log "
            "hardly ever did."
        )
    robust = ladder.get("dr_value")
    if robust is not None and _disagree(robust, ladder["snips_value"]):
        reasons.append(
            "DR and SNIPS disagree by more than two standard errors: the propensities or the "
            "reward model are wrong."
        )
    return tuple(reasons)


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
