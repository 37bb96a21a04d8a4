"""How good a ranker is once the place of its row is taken out.

The position-based model: a click needs that the slot is examined, and that what it shows attracts;
examination depends on the slot alone. Where titles were shown at random (`explore`), attraction is
the same everywhere, so `θ(slot) = click rate there ÷ click rate of the first slot`. A play counts
`1 / θ` (inverse propensity scoring, Joachims, Swaminathan & Schnabel 2017), θ clipped at .05. The
interval leaves a cluster of accounts out of θ and of the plays at once, so θ's own error is in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import Scope, cells, counted_by, is_present, left_out
from queries.formula import Array
from queries.interval import margin
from queries.model import Query

SMALLEST_THETA = 0.05
FEWEST_SEEN = 200
SLOT = ("row", "column")
_COUNTS = ("seen_impressions", "clicks", "plays", "rows")


@dataclass(frozen=True, slots=True)
class Debiased:
    """Take rates by group, and the examination of each slot they rest on.

    `rates` has a row per group: its keys; `take_rate` as it is, `debiased`, and `index`, the
    debiased rate over that of the whole page, each with `_low` and `_high`; `seen`; and `covered`,
    the share of what was seen that lies in slots of known θ. The error of the first slot scales
    every debiased rate alike and cancels in the index: compare by that.

    `slots` has row, column, theta, theta_low, theta_high and seen (both in random traffic). θ is
    null where random traffic was seen less than `FEWEST_SEEN` times.
    """

    rates: pl.DataFrame
    slots: pl.DataFrame


def question(scope: Scope) -> Query:
    """Seen, clicks and plays by ranker, slot, whether shown at random, and cluster."""
    return counted_by(scope, _COUNTS, ("ranker", *SLOT, "explore"))


def debiased(frame: pl.DataFrame, by: Sequence[str] = ("ranker",)) -> Debiased | None:
    """Read the answer to `question`, by ranker or by slot. None without any random traffic."""
    known = frame.drop_nulls(SLOT)
    slots = known.select(SLOT).unique().sort(SLOT)
    explored = _explored(known, slots)
    if slots.is_empty() or not explored.clicks[0].sum() > 0:
        return None
    present = is_present(cells(known, SLOT, "rows")[1])
    theta = explored.theta(present)
    rates = _rates(known, by, slots, theta, present)
    return Debiased(rates, explored.described(theta))


@dataclass(frozen=True, slots=True)
class _Theta:
    """θ by slot, and with a cluster left out at a time (`slots x clusters`)."""

    value: Array
    replicates: Array


@dataclass(frozen=True, slots=True)
class _Explored:
    """Random traffic as `slots x clusters`, slots by row and column: the first is the reference."""

    slots: pl.DataFrame
    clicks: Array
    seen: Array
    rows: Array

    def theta(self, present: NDArray[np.bool_]) -> _Theta:
        whole = _relative(self.clicks.sum(axis=1), self.seen.sum(axis=1))
        parts = _relative(left_out(self.clicks, present), left_out(self.seen, present))
        enough = self.rows.sum(axis=1) >= FEWEST_SEEN
        whole[~enough], parts[~enough] = np.nan, np.nan
        return _Theta(whole, parts)

    def described(self, theta: _Theta) -> pl.DataFrame:
        spread = margin_by_row(theta.replicates)
        return self.slots.with_columns(
            pl.Series("theta", theta.value, nan_to_null=True),
            pl.Series("theta_low", np.maximum(theta.value - spread, 0), nan_to_null=True),
            pl.Series("theta_high", theta.value + spread, nan_to_null=True),
            pl.Series("seen", self.seen.sum(axis=1)),
        )


def margin_by_row(replicates: Array) -> Array:
    """Half-widths; NaN for the rows that have no value, without taking it from the others."""
    known = ~np.isnan(replicates).any(axis=1)
    spread = np.full(len(replicates), np.nan)
    if known.any():
        spread[known] = margin(replicates[known])
    return spread


def _relative(clicks: Array, seen: Array) -> Array:
    with np.errstate(all="ignore"):
        rate = clicks / seen
        return np.asarray(np.clip(rate / rate[0], SMALLEST_THETA, None), dtype=np.float64)


def _explored(frame: pl.DataFrame, slots: pl.DataFrame) -> _Explored:
    """Counts of random traffic; a slot without any has zeros."""
    at_random = pl.col("explore").fill_null(value=False)
    counted = frame.with_columns(
        pl.when(at_random).then(pl.col(name)).otherwise(0).alias(name) for name in _COUNTS
    )
    laid_out: dict[str, Array] = {}
    for name in _COUNTS:
        groups, amounts = cells(counted, SLOT, name)
        order = slots.join(groups.with_row_index("at"), on=SLOT, maintain_order="left")["at"]
        laid_out[name] = amounts[order.to_numpy()]
    return _Explored(slots, laid_out["clicks"], laid_out["seen_impressions"], laid_out["rows"])


def _rates(
    frame: pl.DataFrame,
    by: Sequence[str],
    slots: pl.DataFrame,
    theta: _Theta,
    present: NDArray[np.bool_],
) -> pl.DataFrame:
    keys = list(dict.fromkeys((*by, *SLOT)))
    found, plays = cells(frame, keys, "plays")
    seen = cells(frame, keys, "seen_impressions")[1]
    groups = found.select(by).unique(maintain_order=True)
    slot = _place(found, slots, SLOT)
    adder = np.zeros((groups.height, found.height))
    adder[_place(found, groups, by), np.arange(found.height)] = 1
    covered = ~np.isnan(theta.value[slot])
    kept = adder * covered
    weight = np.where(covered, 1 / theta.value[slot], 0)
    weights = np.where(covered[:, None], 1 / theta.replicates[slot], 0)
    some_plays, some_seen = left_out(plays, present), left_out(seen, present)
    all_plays, all_seen = plays.sum(axis=1), seen.sum(axis=1)
    with np.errstate(all="ignore"):
        raw = (adder @ all_plays) / (adder @ all_seen)
        corrected = (kept @ (all_plays * weight)) / (kept @ all_seen)
        raw_replicates = (adder @ some_plays) / (adder @ some_seen)
        replicates = (kept @ (some_plays * weights)) / (kept @ some_seen)
        share = (kept @ all_seen) / (adder @ all_seen)
        page = (all_plays * weight).sum() / all_seen[covered].sum()
        pages = (some_plays * weights).sum(axis=0) / some_seen[covered].sum(axis=0)
    columns = _interval("take_rate", raw, raw_replicates)
    columns += _interval("debiased", corrected, replicates)
    columns += _interval("index", corrected / page, replicates / pages)
    columns += [pl.Series("seen", adder @ all_seen), pl.Series("covered", share, nan_to_null=True)]
    return groups.with_columns(columns).sort(list(by), nulls_last=True)


def _place(found: pl.DataFrame, listed: pl.DataFrame, keys: Sequence[str]) -> NDArray[np.intp]:
    indexed = listed.with_row_index("at")
    joined = found.join(indexed, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
    return joined["at"].to_numpy().astype(np.intp)


def _interval(name: str, value: Array, replicates: Array) -> list[pl.Series]:
    spread = margin_by_row(replicates)
    return [
        pl.Series(name, value, nan_to_null=True),
        pl.Series(f"{name}_low", np.maximum(value - spread, 0), nan_to_null=True),
        pl.Series(f"{name}_high", value + spread, nan_to_null=True),
    ]
