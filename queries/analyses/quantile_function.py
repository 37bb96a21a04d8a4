"""Whole quantile functions: one arm against the rest, at every level at once.

Counts come by bin of two per cent and by cluster of accounts; quantiles are read linearly within a
bin. The rest is weighted to the arm's own mix of devices, so that a version of the TV app is not
held against phones. Bands hold at all levels together (`queries.analyses.quantile_band`). A
description, not an effect, unless the arm was drawn at random.

Small cells: what is shown is of a whole arm, which is refused where it is of a handful; bins,
clusters and days are never shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Estimate, Scope, cells, counted_by
from queries.analyses.quantile_band import (
    LEVELS,
    Band,
    Spread,
    between,
    design_effect,
    quantiles,
)
from queries.condition import Condition, Dimension, Filter, conjunction
from queries.dataset import Dataset, TimeBucket
from queries.expression import canonical
from queries.formula import Array
from queries.interval import FEWEST_CLUSTERS, student
from queries.model import Query
from queries.period import Grain

STRATUM = "device"
BIN = "bin"
BIN_RATIO = 1.02
ZERO_BIN = -1_000_000


@dataclass(frozen=True, slots=True)
class Measure:
    """What a quantile function is of: a row expression, and the metric that answers for it."""

    name: str
    label: str
    expression: str
    metric: str
    unit: str = ""

    @property
    def dimension(self) -> Dimension:
        return Dimension(self.name, self.label, canonical(self.expression), kind="number")


MEASURES: Mapping[str, Measure] = {
    m.name: m
    for m in (
        Measure("startup", "Startup time", "startup_ms / 1000.0", "startup_seconds", "s"),
        Measure(
            "rebuffering", "Rebuffering",
            "100.0 * rebuffer_ms / nullif(rebuffer_ms + watched_s * 1000.0, 0)",
            "rebuffering_ratio", "% of time",
        ),
        Measure("bitrate", "Bitrate", "bitrate_kbps", "bitrate_kbps", "kbit/s"),
        Measure(
            "watched", "Time watched",
            "case when outcome = 'played' then watched_s / 60.0 end", "minutes_per_play", "min",
        ),
        Measure(
            "first_picture", "Quality of the first picture", "first_ssim_db",
            "first_picture_quality_db", "dB",
        ),
    )
}  # fmt: skip


def question(scope: Scope, measure: Measure) -> Query:
    """Plays by device, by bin of the measure, and by cluster of accounts."""
    dataset, where = _measured(scope, measure)
    return counted_by(Scope(dataset, scope.period, where), ["rows"], [STRATUM, BIN])


def daily_question(scope: Scope, measure: Measure) -> Query:
    """The same by day instead of cluster."""
    dataset, where = _measured(scope, measure)
    return Query(
        dataset=dataset,
        metrics=(dataset.metric("rows"),),
        by=(
            TimeBucket(dataset.time, Grain.DAY),
            dataset.dimension(STRATUM),
            dataset.dimension(BIN),
        ),
        where=where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def _measured(scope: Scope, measure: Measure) -> tuple[Dataset, Condition | None]:
    value = measure.dimension
    binned = Dimension(
        BIN,
        measure.label,
        canonical(
            f"CASE WHEN ({value.expression}) > 0 THEN "
            f"FLOOR(LN({value.expression}) / LN({BIN_RATIO})) ELSE {ZERO_BIN} END"
        ),
        kind="number",
    )
    dataset = replace(scope.dataset, dimensions=(*scope.dataset.dimensions, binned))
    return dataset, conjunction(scope.where, Filter(value, "not missing"))


@dataclass(frozen=True, slots=True)
class Arm:
    """Counts of one arm as `strata x bins x clusters`, on a grid that arms share."""

    counts: Array
    edges: Array

    @property
    def rows(self) -> float:
        return float(self.counts.sum())


def arms(*frames: pl.DataFrame) -> tuple[Arm, ...]:
    """Lay out answers to `question` on one grid of bins and strata."""
    both = pl.concat([f.select(STRATUM, pl.col(BIN).cast(pl.Int64)) for f in frames])
    bins = np.sort(both[BIN].unique().to_numpy())
    strata = both[STRATUM].unique().sort().to_list()
    edges = _edges(bins)
    return tuple(Arm(_laid_out(f, strata, bins), edges) for f in frames)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Quantile functions of an arm and of the rest, and their difference.

    `frame` has a row per level: `level`, and for each of `arm`, `rest` and `difference` the value
    and its ends, `_low` and `_high`, that hold at all levels together. `covered` is the share of
    the arm's rows on devices that the rest has too; the others are left out.
    """

    frame: pl.DataFrame
    points: Mapping[float, Estimate]
    arm_rows: float
    rest_rows: float
    covered: float
    design_effects: tuple[float, float]

    def at(self, level: float) -> Estimate:
        """The difference at a level with its own interval, for that level alone."""
        return self.points[level]


def compared(arm: Arm, rest: Arm) -> Comparison | None:
    """Hold an arm against the rest; None where they share no device."""
    shared = (arm.counts.sum(axis=(1, 2)) > 0) & (rest.counts.sum(axis=(1, 2)) > 0)
    if not shared.any():
        return None
    own, other = (replace(a, counts=a.counts[shared]) for a in (arm, rest))
    whole, parts = _curves(own, other)
    first, second = (Band.of(whole[at], [p[at] for p in parts], own.edges) for at in (0, 1))
    spread = Spread.of(np.array([_gap(part, own.edges) for part in parts]))
    difference = first.value - second.value
    below, above = between(first, second, spread.critical())
    columns: dict[str, Array] = {"level": LEVELS}
    for name, value, ends in (
        ("arm", first.value, first.ends(first.spread.critical())),
        ("rest", second.value, second.ends(second.spread.critical())),
        ("difference", difference, (difference - below, difference + above)),
    ):
        columns |= {name: value, f"{name}_low": ends[0], f"{name}_high": ends[1]}
    below, above = between(first, second, student(max(len(parts) - 1, FEWEST_CLUSTERS - 1)))
    points = {
        float(level): Estimate(float(d), float(d - low), float(d + high))
        for level, d, low, high in zip(LEVELS, difference, below, above, strict=True)
    }
    return Comparison(
        frame=pl.DataFrame(columns).with_columns(pl.exclude("level").fill_nan(None)),
        points=points,
        arm_rows=own.rows,
        rest_rows=other.rows,
        covered=own.rows / arm.rows,
        design_effects=(
            design_effect(first.spread, own.rows),
            design_effect(second.spread, other.rows),
        ),
    )


Curves = tuple[Array, Array]


def standardised(own: Array, other: Array) -> Curves:
    """Distribution functions over bins of counts `strata x bins`, the other's with own weights."""
    mine = own.sum(axis=1)
    weights = mine / mine.sum()
    with np.errstate(all="ignore"):
        by_stratum = np.cumsum(other, axis=1) / other.sum(axis=1, keepdims=True)
    held = np.where(np.isfinite(by_stratum), by_stratum, 0)
    weights = np.where(other.sum(axis=1) > 0, weights, 0)
    return np.cumsum(own.sum(axis=0)) / mine.sum(), weights @ held / weights.sum()


def _curves(own: Arm, other: Arm) -> tuple[Curves, list[Curves]]:
    """Of all clusters, and with one left out at a time."""
    mine, theirs = own.counts, other.counts
    whole = standardised(mine.sum(axis=2), theirs.sum(axis=2))
    present = np.flatnonzero(mine.sum(axis=(0, 1)) + theirs.sum(axis=(0, 1)))
    parts = [
        standardised(
            mine.sum(axis=2) - mine[:, :, k], np.asarray(theirs.sum(axis=2) - theirs[:, :, k])
        )
        for k in present
        if mine.sum() > mine[:, :, k].sum() and theirs.sum() > theirs[:, :, k].sum()
    ]
    return whole, parts


def _gap(curves: Curves, edges: Array) -> Array:
    arm, rest = (quantiles(curve, edges) for curve in curves)
    return arm - rest


def _edges(bins: Array) -> Array:
    """The lower end of the first bin, then the upper end of each."""
    tops = np.where(bins <= ZERO_BIN, 0.0, BIN_RATIO ** (np.maximum(bins, -2_000) + 1.0))
    first = bins[0] if len(bins) else 0
    low = 0.0 if first <= ZERO_BIN else float(BIN_RATIO ** float(first))
    return np.concatenate([[low], tops])


def _laid_out(frame: pl.DataFrame, strata: list[str | None], bins: Array) -> Array:
    groups, laid_out = cells(frame, [STRATUM, BIN], "rows")
    found = np.zeros((len(strata), len(bins), laid_out.shape[1]))
    places = {value: i for i, value in enumerate(strata)}
    row = np.array([places[v] for v in groups[STRATUM]], dtype=np.int64)
    column = np.searchsorted(bins, groups[BIN].cast(pl.Int64).to_numpy())
    np.add.at(found, (row, column), laid_out)
    return found
