"""Does what makes an image work differ by taste cluster? A test of each effect over the clusters.

The effects of a cluster are metrics: take rates within titles, of images shown at random. Clusters
share no account, so their estimates are independent, with errors that leave groups of accounts out;
that they are all alike is tried by Welch's F, which takes each cluster's own error and how well it
is known (Welch 1951, Biometrika 38, 330-336). Benjamini & Hochberg 1995 over the effects. A cluster
of fewer than 200 accounts is not tested, nor an effect that two clusters do not have.

All effects are read off one count of images: on which side of an effect an image is says whether
that side was ever shown of it. So they are the metrics, at the price of one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import polars as pl

from queries.analyses.cluster import CLUSTER, Scope, counted_by, every_group
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.condition import Condition, Filter, conjunction
from queries.dataset import CLUSTERS, SMALL, Dataset, Metric
from queries.estimation import Estimation
from queries.estimators.estimator import Estimates, left_out_too
from queries.estimators.stratified_difference import difference
from queries.formula import Array
from queries.interval import student
from queries.model import Query
from queries.tails import fdtrc

SURE = 0.05
_FREEDOM = CLUSTERS - 1
_COUNTS = ("shown", "taken")
_SIDES = ("shown", "shown_other")
_ENDS = ("", "__low", "__high")


@dataclass(frozen=True, slots=True)
class Welch:
    """The statistic, its two degrees of freedom, and its p."""

    statistic: float
    between: int
    within: float
    p: float


def questions(scope: Scope, effects: Sequence[str]) -> tuple[Query, Query]:
    """What was shown and taken of images at random by taste, and which sides images are on."""
    dataset = scope.dataset
    counts = [_part(dataset.metric("exploration_regret"), name) for name in _COUNTS]
    sides = [_part(dataset.metric(e), side) for e in effects for side in _SIDES]
    kept = (Filter(dataset.dimension(n), "in", (True,)) for n in ("explore", "is_seen"))
    where = conjunction(scope.where, *kept)
    by = ("title_id", "artwork")
    return (
        counted_by(_asked(scope, counts, where), [c.name for c in counts], ("taste", *by)),
        every_group(
            _asked(scope, sides, where),
            [s.name for s in sides],
            [dataset.dimension("artwork")],
        ),
    )


def effects_by_taste(
    counted: pl.DataFrame, sides: pl.DataFrame, effects: Sequence[str]
) -> pl.DataFrame:
    """A row a taste cluster with each effect, its `__low` and `__high`; `taste` None is everybody.

    Reads the answers to `questions`. Everybody includes those whose taste is not known.
    """
    shown, taken = (f"exploration_regret_{name}" for name in _COUNTS)
    rows = counted.drop_nulls(["title_id", "artwork"]).filter(pl.col(shown) > 0)
    if rows.is_empty():
        columns = [f"{effect}{end}" for effect in effects for end in _ENDS]
        return pl.DataFrame(schema={"taste": pl.String, **dict.fromkeys(columns, pl.Float64)})
    numbers = rows.select(
        pl.col(shown, taken).cast(pl.Float64).fill_null(0),
        title=pl.col("title_id").rank("dense") - 1,
        cluster=pl.col(CLUSTER.name).cast(pl.Int64).fill_null(0) % CLUSTERS,
    ).to_numpy()
    image, taste = rows["artwork"].to_numpy(), rows["taste"]
    known: list[str | None] = [None, *taste.drop_nulls().unique().sort().to_list()]
    found = {f"{e}{end}": np.full(len(known), np.nan) for e in effects for end in _ENDS}
    owned = [slice(None) if t is None else np.flatnonzero((taste == t).to_numpy()) for t in known]
    for effect in effects:
        is_on = [np.isin(image, _images(sides, f"{effect}_{side}")) for side in _SIDES]
        for place, own in enumerate(owned):
            ends = _estimated(*(numbers[own][on[own]] for on in is_on))
            for end, value in zip(_ENDS, ends, strict=True):
                found[f"{effect}{end}"][place] = value
    return pl.DataFrame({"taste": known, **found}).fill_nan(None)


def _estimated(one: Array, other: Array) -> tuple[float, float, float]:
    """The difference within titles that have both sides, and its interval.

    `one` and `other` have a row an image and cluster: shown, taken, the title and the cluster.
    """
    both = np.intersect1d(one[:, 2], other[:, 2])
    laid_out = [amounts for side in (one, other) for amounts in _laid_out(side, both)]
    seen = np.concatenate([one[:, 3], other[:, 3]]).astype(np.intp)
    present = np.bincount(seen, minlength=CLUSTERS) > 0
    columns = difference(*(left_out_too(part) for part in laid_out))[None, :]
    found = Estimates.jackknifed(columns, present[None, :]).within(-1.0, 1.0)
    return float(found.values[0]), float(found.low[0]), float(found.high[0])


def _laid_out(side: Array, titles: Array) -> Iterable[Array]:
    """Shown and taken as `titles x clusters`."""
    kept = side[np.isin(side[:, 2], titles)]
    place = np.searchsorted(titles, kept[:, 2]) * CLUSTERS + kept[:, 3].astype(np.intp)
    for column in range(len(_COUNTS)):
        amounts = np.bincount(place, kept[:, column], len(titles) * CLUSTERS)
        yield np.asarray(amounts, dtype=np.float64).reshape(-1, CLUSTERS)


def _images(sides: pl.DataFrame, name: str) -> Array:
    return sides.filter(pl.col(name) > 0)["artwork"].to_numpy()


def _asked(scope: Scope, metrics: Iterable[Metric], where: Condition | None) -> Scope:
    asked: Dataset = replace(scope.dataset, metrics=(*scope.dataset.metrics, *metrics))
    return replace(scope, dataset=asked, where=where)


def _part(metric: Metric, name: str) -> Metric:
    if not isinstance(metric.formula, Estimation):
        raise TypeError(metric.name)
    return replace(
        metric,
        name=f"{metric.name}_{name}",
        formula=dict(metric.formula.amounts)[name],
        kind="additive",
        interval="none",
        tests=(),
    )


def differences(frame: pl.DataFrame, names: Sequence[str], by: str = "taste") -> pl.DataFrame:
    """A row an effect, in the order given: `effect`, `clusters` tested, `statistic`, `p` and `q`.

    `frame` has a row a cluster, with the effects and their 95 % intervals. What cannot be tested
    has neither `p` nor `q`.
    """
    enough = frame.drop_nulls(by)
    if SMALL in enough.columns:
        enough = enough.filter(pl.col(SMALL).is_null())
    rows: list[dict[str, object]] = []
    for name in names:
        known = enough.drop_nulls([name, f"{name}__low", f"{name}__high"])
        low, high, value = (
            known[f"{name}{end}"].cast(pl.Float64).to_numpy() for end in ("__low", "__high", "")
        )
        error = (high - low) / 2 / student(_FREEDOM)
        sure = error > 0
        found = welch(value[sure], error[sure], np.full(int(sure.sum()), float(_FREEDOM)))
        rows.append(
            {
                "effect": name,
                "clusters": int(sure.sum()),
                "statistic": found.statistic if found else None,
                "p": found.p if found else None,
            }
        )
    schema = {
        "effect": pl.String, "clusters": pl.Int64, "statistic": pl.Float64, "p": pl.Float64,
    }  # fmt: skip
    told = pl.DataFrame(rows, schema=schema)
    q = benjamini_hochberg([nan if p is None else p for p in told["p"].to_list()])
    return told.with_columns(q=pl.Series(q, dtype=pl.Float64).fill_nan(None))


def welch(values: Array, errors: Array, freedom: Array) -> Welch | None:
    """Whether independent estimates are of one value; None of fewer than two.

    `errors` are standard errors, each known with so many degrees of freedom.
    """
    groups = len(values)
    if groups < 2:  # noqa: PLR2004  # one is like itself
        return None
    weight = 1 / errors**2
    share = weight / weight.sum()
    mean = (share * values).sum()
    spread = float((weight * (values - mean) ** 2).sum()) / (groups - 1)
    unknown = float(((1 - share) ** 2 / freedom).sum())
    statistic = spread / (1 + 2 * (groups - 2) / (groups**2 - 1) * unknown)
    within = (groups**2 - 1) / (3 * unknown)
    return Welch(statistic, groups - 1, within, float(fdtrc(groups - 1, within, statistic)))
