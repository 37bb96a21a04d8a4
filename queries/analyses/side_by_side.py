"""Groups side by side: how far each ratio of a group lies from that of one it is held against.

A difference is read with the jackknife over clusters of accounts that leaves a cluster out of both
sides at once, since the same accounts see several rankers; its p-value off Student's t (Shao & Tu,
The Jackknife and Bootstrap, 1995, ch. 2). Benjamini & Hochberg 1995 over every difference that is
shown. Described, not explained: rows of different rankers stand at different places of a page.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from queries.analyses.cluster import Scope, cells, counted_by
from queries.analyses.findings import two_sided
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.analyses.standing_out import halves
from queries.formula import Array
from queries.interval import FEWEST_CLUSTERS, margin, student
from queries.model import Query

SURE = 0.05
_COLUMNS = ("difference", "low", "high", "p", "q")
_Sides = tuple[Array, Array]


def question(scope: Scope, by: str, metrics: Sequence[str]) -> Query:
    """Numerators and denominators of the ratios by group and cluster."""
    dataset = scope.dataset
    parts = [part for name in metrics for part in halves(dataset.metric(name))]
    asked = replace(dataset, metrics=(*dataset.metrics, *parts))
    return counted_by(replace(scope, dataset=asked), [part.name for part in parts], (by,))


def differences(
    frame: pl.DataFrame, by: str, metrics: Sequence[str], reference: object
) -> pl.DataFrame:
    """A row per group and metric: value, metric, difference, low, high, p, q.

    Nulls where one of the two has no value, or too few clusters to tell; none for the reference.
    """
    known = frame.filter(pl.col(by).is_not_null())
    found: list[dict[str, Any]] = []
    for metric in metrics:
        groups, top = cells(known, (by,), f"{metric}__numerator")
        bottom = cells(known, (by,), f"{metric}__denominator")[1]
        values = groups[by].to_list()
        if reference not in values:
            continue
        held = (top[values.index(reference)], bottom[values.index(reference)])
        found += [
            {"value": value, "metric": metric, **_apart((top[i], bottom[i]), held)}
            for i, value in enumerate(values)
            if value != reference
        ]
    schema = {"value": known.schema[by], "metric": pl.String, **dict.fromkeys(_COLUMNS, pl.Float64)}
    p = [float("nan") if row["p"] is None else row["p"] for row in found]
    q = [None if np.isnan(one) else one for one in benjamini_hochberg(p)]
    columns = pl.Series("q", q, dtype=pl.Float64)
    return pl.DataFrame(found, schema=schema | {"q": pl.Float64}).with_columns(columns)


def _apart(own: _Sides, held: _Sides) -> dict[str, float | None]:
    """The difference of two ratios over the same clusters, with its interval and p-value."""
    present = (own[1] > 0) | (held[1] > 0)
    clusters = int(present.sum())
    if clusters < FEWEST_CLUSTERS or min(own[1].sum(), held[1].sum()) <= 0:
        return dict.fromkeys(_COLUMNS[:-1])
    value = float(own[0].sum() / own[1].sum() - held[0].sum() / held[1].sum())
    without = [[part.sum() - part[present] for part in side] for side in (own, held)]
    replicates = _ratio(*without[0]) - _ratio(*without[1])
    half = float(margin(replicates[None, :])[0])
    if not half > 0:
        return dict.fromkeys(_COLUMNS[:-1])
    freedom = clusters - 1
    p = two_sided(value / (half / student(freedom)), freedom)
    ends = (value, value - half, value + half, p)
    return dict(zip(_COLUMNS, ends, strict=False))


def _ratio(top: Array, bottom: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(top / bottom, dtype=np.float64)
