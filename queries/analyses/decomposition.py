"""Why a number changed: how much of the change each group of a dimension makes, closing exactly.

A total changes by the sum of its groups' changes. A ratio changes because its groups weigh
otherwise (mix) and because they themselves changed (rate): Kitagawa 1955, Components of a
Difference Between Two Rates, with `w` a group's share of the denominator and `r` its ratio,

    mix  = (w₁ − w₀) ((r₀ + r₁) / 2 − r̄)      rate = (r₁ − r₀) (w₀ + w₁) / 2

`r̄` is the mean of the two totals: it leaves the sum as it is and makes a group's mix readable,
since growing helps only a group that is above it. Intervals leave one bucket of accounts out of
both periods at once (`queries.interval`), so the parts are paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.analyses.cluster import Estimate
from queries.analyses.laid_out import LaidOut, merged_small, occupied_buckets, with_rest
from queries.condition import Scalar
from queries.dataset import SMALL, Metric
from queries.errors import InvalidQuery, UnsafeQuestion
from queries.estimation import Estimation
from queries.formula import Aggregate, Arithmetic, Array, Constant, Formula
from queries.interval import margin
from queries.model import Result
from queries.paired import Paired
from queries.small_cells import FEWEST_SHOWN, WITHHELD, is_withheld

NEARLY_ALL = 0.9
_ADDS = ("additive", "semi-additive")


@dataclass(frozen=True, slots=True)
class Part:
    """What one group makes of the change.

    `contribution` is mix plus rate where the metric is a ratio. `share` is its part of the total,
    or of the denominator, on the mean of both periods. `merged` counts the small groups that it
    stands for; 0 for a group of its own. `accounts` is the smaller of the two periods' numbers.
    """

    value: Scalar | None
    now: float
    before: float
    contribution: Estimate
    mix: Estimate | None
    rate: Estimate | None
    share: float
    accounts: float
    merged: int = 0


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A change and its parts, the largest first; they sum to `change` exactly.

    `explained` is the least that moves otherwise than if every group had changed alike, in the
    metric's unit: what one learns by this dimension beyond what one knew. `against` is the share
    of the total whose own ratio moved the other way than the total did.
    """

    metric: Metric
    change: Estimate
    before: float
    now: float
    mix: Estimate | None
    rate: Estimate | None
    parts: tuple[Part, ...]
    explained: float
    against: float

    @property
    def is_noisy(self) -> bool:
        """Whether the interval of the change spans zero: too noisy to say why."""
        return spans_zero(self.change)

    @property
    def is_reversed(self) -> bool:
        """Simpson's paradox: groups moved one way, the total the other, since they weigh otherwise.

        Either nearly all of them, by weight, or all of them taken together beyond noise.
        """
        if self.rate is None or self.is_noisy or not self.change.value:
            return False
        is_turned = self.rate.value * self.change.value < 0 and not spans_zero(self.rate)
        return self.against >= NEARLY_ALL or is_turned


def spans_zero(estimate: Estimate) -> bool:
    """Whether an interval holds zero; one that is not known holds nothing."""
    return bool(estimate.low <= 0 <= estimate.high)


def decompose(metric: Metric, groups: Result, whole: Result) -> Decomposition:
    """Split a change by the groups of an answer, given the answer about all of them together.

    Both compare the same two periods. Raises UnsafeQuestion (`adds_distinct`) where the parts make
    no whole or (`few_accounts`) where all are of a handful, and InvalidQuery where there is no
    change to explain.
    """
    check_enough(whole)
    if groups.paired is None or whole.paired is None:
        raise InvalidQuery(
            "There is no change to explain: the data does not cover both periods.",
            "Compare with a period that the data covers completely.",
        )
    return decomposed(metric, groups.paired, whole.paired, _withheld(metric, groups))


def check_enough(whole: Result) -> None:
    """Raises UnsafeQuestion where a period is of fewer accounts than may be shown."""
    dataset = whole.query.dataset
    if whole.paired is None or not dataset.is_of_people:
        return
    sides = occupied_buckets(whole.paired) if dataset.is_of_accounts else []
    counted = [m for m in whole.query.metrics if dataset.counted(m)]
    if any(is_withheld(side, FEWEST_SHOWN).any() for side in sides) or any(
        _withheld(m, whole) for m in counted
    ):
        raise UnsafeQuestion(
            f"Fewer than {FEWEST_SHOWN} accounts are behind this, so it is withheld.",
            "Take a filter away, or choose a longer period.",
            code="few_accounts",
        )


def _withheld(metric: Metric, answer: Result) -> frozenset[object]:
    """The groups that an answer withholds in a period, of a table that counts accounts itself."""
    dataset, frame = answer.query.dataset, answer.frame
    if dataset.is_of_accounts or not dataset.counted(metric):
        return frozenset()
    is_gone = pl.col(f"{metric.name}__previous").is_null()
    if SMALL in frame.columns:
        is_gone |= (pl.col(SMALL) == WITHHELD).fill_null(value=False)
    hidden = frame.filter(is_gone)
    if not answer.query.by:
        return frozenset([None]) if hidden.height else frozenset()
    return frozenset(hidden[answer.query.by[0].name].to_list())


def decomposed(
    metric: Metric, groups: Paired, whole: Paired, withheld: frozenset[object] = frozenset()
) -> Decomposition:
    """The same from both periods by bucket; `withheld` groups are no part by themselves."""
    numerator, denominator = terms(metric)
    for formula in (numerator, denominator):
        if formula is not None and not groups.has(formula):
            raise _not_additive(metric)
    aggregates = numerator.aggregates()
    if denominator is not None:
        aggregates |= denominator.aggregates()
    cut = with_rest(metric, aggregates, groups, whole)
    laid_out = merged_small(cut, withheld)
    if denominator is None:
        return _of_total(metric, numerator, laid_out)
    return _of_ratio(metric, (numerator, denominator), laid_out)


def terms(metric: Metric) -> tuple[Formula, Formula | None]:
    """What a metric adds up: itself, or a ratio's numerator and denominator.

    Raises UnsafeQuestion where it is neither.
    """
    formula = metric.formula
    if isinstance(formula, Estimation):
        raise _not_additive(metric)
    if metric.kind in _ADDS and not isinstance(formula, Constant):
        return formula, None
    if isinstance(formula, Arithmetic) and formula.name == "/" and metric.kind != "quantile":
        numerator, denominator = formula.operands
        if _is_linear(numerator) and _is_linear(denominator):
            return numerator, denominator
    if isinstance(formula, Aggregate) and formula.operation == "count_distinct":
        return formula, None
    raise _not_additive(metric)


def _is_linear(formula: Formula) -> bool:
    """Whether it is sums and counts, added and scaled, so that parts of it can be added."""
    match formula:
        case Aggregate():
            return formula.operation in ("sum", "count", "count_distinct")
        case Arithmetic(name="+" | "-"):
            return all(_is_linear(o) for o in formula.operands)
        case Arithmetic(name="*"):
            scaled = [o for o in formula.operands if not isinstance(o, Constant)]
            return len(scaled) == 1 and _is_linear(scaled[0])
        case Arithmetic(name="/"):
            return isinstance(formula.operands[1], Constant) and _is_linear(formula.operands[0])
        case _:
            return False


def _not_additive(metric: Metric) -> UnsafeQuestion:
    kind = {"quantile": "a quantile", "distinct": "a count of distinct things"}.get(
        metric.kind, "no total and no ratio of totals"
    )
    return UnsafeQuestion(
        f"{metric.label} is {kind}: the changes of its groups do not add up to its change.",
        "The change of each group is below, each for itself.",
        code="adds_distinct",
    )


def _of_total(metric: Metric, formula: Formula, laid_out: LaidOut) -> Decomposition:
    paired = laid_out.paired
    now, before = (np.nan_to_num(v) for v in paired.totals(formula))
    spread_now, spread_before = (np.nan_to_num(v) for v in paired.left_out(formula))
    parts, spread = now - before, spread_now - spread_before
    size = now + before
    share, left = _shares(size), _shares(spread_now + spread_before)
    return Decomposition(
        metric=metric,
        change=_estimate(parts.sum(), spread.sum(axis=0)),
        before=float(before.sum()),
        now=float(now.sum()),
        mix=None,
        rate=None,
        parts=_parts(laid_out, (now, before), {"contribution": (parts, spread)}, share),
        explained=_explained((parts, spread), (share, left)),
        against=0.0,
    )


def _of_ratio(metric: Metric, ratio: tuple[Formula, Formula], laid_out: LaidOut) -> Decomposition:
    paired = laid_out.paired
    numerator, denominator = (paired.totals(f) for f in ratio)
    if not (numerator[0].size and denominator[0].sum() and denominator[1].sum()):
        raise InvalidQuery(
            f"There is no change of {metric.label} to explain: one period has none.",
            "Choose periods, or fewer filters, so that both have rows.",
        )
    spreads = [paired.left_out(f) for f in ratio]
    found = kitagawa(numerator, denominator)
    left = kitagawa(spreads[0], spreads[1])
    with np.errstate(all="ignore"):
        own = [n / d for n, d in zip(numerator, denominator, strict=True)]
        totals = [float(n.sum() / d.sum()) for n, d in zip(numerator, denominator, strict=True)]
    change = totals[0] - totals[1]
    sides = {
        "contribution": (found.mix + found.rate, left.mix + left.rate),
        "mix": (found.mix, left.mix),
        "rate": (found.rate, left.rate),
    }
    moved = np.nan_to_num(own[0] - own[1])
    return Decomposition(
        metric=metric,
        change=_estimate(change, (left.mix + left.rate).sum(axis=0)),
        before=totals[1],
        now=totals[0],
        mix=_estimate(found.mix.sum(), left.mix.sum(axis=0)),
        rate=_estimate(found.rate.sum(), left.rate.sum(axis=0)),
        parts=_parts(laid_out, (own[0], own[1]), sides, found.weight),
        explained=_explained(sides["contribution"], (found.weight, left.weight)),
        against=float(found.weight[moved * change < 0].sum()),
    )


@dataclass(frozen=True, slots=True)
class Kitagawa:
    """Arrays of one number a group, along the first axis: mix, rate, and the mean weight."""

    mix: Array
    rate: Array
    weight: Array


def kitagawa(numerator: Sequence[Array], denominator: Sequence[Array]) -> Kitagawa:
    """Mix and rate of each group; each argument is (now, before), groups along the first axis.

    A group that one period lacks has the other's ratio there, so all it does is mix. What a group
    adds to the numerator without any denominator is rate, so that the parts close all the same.
    """
    with np.errstate(all="ignore"):
        weights = [d / d.sum(axis=0) for d in denominator]
        ratios = [
            np.where(d != 0, n / d, np.nan) for n, d in zip(numerator, denominator, strict=True)
        ]
        shares = [n / d.sum(axis=0) for n, d in zip(numerator, denominator, strict=True)]
    now = np.nan_to_num(np.where(np.isnan(ratios[0]), ratios[1], ratios[0]))
    before = np.nan_to_num(np.where(np.isnan(ratios[1]), ratios[0], ratios[1]))
    center = (shares[0].sum(axis=0) + shares[1].sum(axis=0)) / 2
    moved = weights[0] - weights[1]
    mix = moved * ((now + before) / 2 - center)
    rate = shares[0] - shares[1] - center * moved - mix
    return Kitagawa(mix=mix, rate=rate, weight=(weights[0] + weights[1]) / 2)


def _shares(size: Array) -> Array:
    total = size.sum(axis=0)
    with np.errstate(all="ignore"):
        return np.nan_to_num(size / total)


def _explained(parts: tuple[Array, Array], shares: tuple[Array, Array]) -> float:
    """Half of what the parts differ from the change spread evenly, less the noise of each."""
    uneven = [p - s * p.sum(axis=0) for p, s in zip(parts, shares, strict=True)]
    noise = np.nan_to_num(margin(uneven[1]))
    return float(np.maximum(0.0, np.abs(uneven[0]) - noise).sum() / 2)


def _parts(
    laid_out: LaidOut,
    values: tuple[Array, Array],
    sides: dict[str, tuple[Array, Array]],
    share: Array,
) -> tuple[Part, ...]:
    around = {name: _estimates(*found) for name, found in sides.items()}
    accounts = np.fmin(*laid_out.paired.accounts())
    parts: list[Part] = []
    for row in range(len(share)):
        is_own = row < len(laid_out.values)
        parts.append(
            Part(
                value=laid_out.values[row] if is_own else None,
                now=float(values[0][row]),
                before=float(values[1][row]),
                contribution=around["contribution"][row],
                mix=around["mix"][row] if "mix" in around else None,
                rate=around["rate"][row] if "rate" in around else None,
                share=float(share[row]),
                accounts=float(accounts[row]),
                merged=0 if is_own else laid_out.merged,
            )
        )
    parts.sort(key=lambda p: (p.merged > 0, -abs(p.contribution.value)))
    return tuple(parts)


def _estimates(values: Array, spread: Array) -> list[Estimate]:
    ends = margin(spread)
    return [
        Estimate(float(v), float(v - m), float(v + m)) for v, m in zip(values, ends, strict=True)
    ]


def _estimate(value: float, spread: Array) -> Estimate:
    return _estimates(np.array([value]), spread[None, :])[0]
