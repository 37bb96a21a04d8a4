"""Clusters of accounts as a key: what an analysis splits by to see how its number varies.

Thirty-two of them, eight buckets each: few enough to carry beside another wide key, enough for an
interval of the right coverage (Student's t with 31 degrees of freedom).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.condition import Condition, Dimension
from queries.dataset import BUCKET, BUCKETS, CLUSTERS, Dataset, Key
from queries.formula import Array
from queries.interval import Estimate, is_present, left_out, margin
from queries.model import Query
from queries.period import Period

__all__ = ["CLUSTERS", "Estimate", "is_present", "left_out"]

CLUSTER = Dimension("cluster", "Cluster", f'"{BUCKET}" // {BUCKETS // CLUSTERS}', kind="number")
"""From `CLUSTERS` on rows name no account; they vary with the cluster as many below."""
EVERY_GROUP = 5_000_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What an analysis looks at: a dataset, a period of it, and the rows that a view keeps."""

    dataset: Dataset
    period: Period | None = None
    where: Condition | None = None


def counted_by(scope: Scope, metrics: Iterable[str], by: Iterable[str]) -> Query:
    """The question an analysis asks: additive metrics by these keys, and by cluster of accounts.

    Without clusters where the rows are nobody's. All groups, without intervals of their own.
    """
    dataset = scope.dataset
    keys = tuple(dataset.dimension(name) for name in by)
    if dataset.entity:
        dataset = replace(dataset, dimensions=(*dataset.dimensions, CLUSTER))
        keys = (*keys, CLUSTER)
    return every_group(replace(scope, dataset=dataset), metrics, keys)


def every_group(scope: Scope, metrics: Iterable[str], by: Iterable[Key]) -> Query:
    """Metrics of every group, small cells among them, without intervals: what is read further."""
    return Query(
        dataset=scope.dataset,
        metrics=tuple(map(scope.dataset.metric, metrics)),
        by=tuple(by),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
        with_total=False,
    )


def cells(frame: pl.DataFrame, keys: Sequence[str], value: str) -> tuple[pl.DataFrame, Array]:
    """The groups of a frame, and a value of theirs as `groups x clusters`; 0 where there is none.

    A frame without clusters gives a single column.
    """
    groups = frame.select(keys).unique(maintain_order=True)
    indexed = frame.join(
        groups.with_row_index("__group"), on=list(keys), how="left", nulls_equal=True
    )
    has_clusters = CLUSTER.name in frame.columns
    laid_out = np.zeros((groups.height, CLUSTERS if has_clusters else 1))
    numbers = indexed[CLUSTER.name] if has_clusters else pl.repeat(0, indexed.height, eager=True)
    cluster = numbers.cast(pl.Int64).fill_null(0).to_numpy() % CLUSTERS
    amounts = indexed[value].cast(pl.Float64).fill_null(0).fill_nan(0).to_numpy()
    np.add.at(laid_out, (indexed["__group"].to_numpy(), cluster), amounts)
    return groups, laid_out


def occupied(frame: pl.DataFrame, keys: Sequence[str], value: str) -> Array:
    """In how many clusters accounts have some of a value, by group in the order of `cells`.

    So many accounts there are, or more; rows that name none are no account's.
    """
    is_theirs = (pl.col(CLUSTER.name) < CLUSTERS) & (pl.col(value) > 0)
    counted = frame.group_by(keys, maintain_order=True).agg(
        pl.col(CLUSTER.name).filter(is_theirs).n_unique()
    )
    return counted[CLUSTER.name].cast(pl.Float64).to_numpy()


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that name an account; the frame itself where all do, or no cluster is told."""
    if CLUSTER.name not in frame.columns or not (frame[CLUSTER.name] >= CLUSTERS).any():
        return frame
    return frame.filter(pl.col(CLUSTER.name) < CLUSTERS)


def around(value: float | Array, replicates: Array) -> Estimate:
    """The estimate with the jackknife interval that its replicates give."""
    spread = float(margin(replicates[None, :])[0])
    return Estimate(float(value), float(value) - spread, float(value) + spread)
