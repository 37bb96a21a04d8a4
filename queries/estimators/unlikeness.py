"""How unlike what is shown to one is to what is shown to another: 1 less the mean Jaccard index.

Over all pairs of lists, each counted as often as it stands for: intersection over union of their
items (Jaccard 1912). An interval leaves out clusters of accounts, with every pair that has one of
their lists (a U-statistic's jackknife, Arvesen 1969). Beyond `MOST` lists, those that come first by
a hash of their name are kept, which is a random choice of them.
"""

from hashlib import blake2b

import numpy as np
import polars as pl

from queries.estimators.estimator import (
    Counted,
    Estimates,
    Estimator,
    Indices,
    Inner,
    estimates,
    rows_by_group,
)
from queries.formula import Array

MOST = 2_000


def _estimate(counted: Counted) -> Estimates:
    columns = np.full((counted.groups, 1 + counted.clusters), np.nan)
    for group, rows in rows_by_group(counted):
        columns[group] = _read(counted.keys[rows], counted.amounts["weight"][rows])
    return estimates(columns, counted).within(0.0, 1.0)


def _read(keys: pl.DataFrame, amounts: Array) -> Array:
    """Of all lists, then without the lists of one cluster at a time."""
    names = keys["list"].unique().to_list()
    if len(names) > MOST:
        kept = keys["list"].is_in(sorted(names, key=_hash)[:MOST]).to_numpy()
        keys, amounts = keys.filter(pl.Series(kept)), amounts[kept]
    of = _numbers(keys["list"])
    lists, items = int(of.max(initial=-1)) + 1, _numbers(keys["item"])
    holds = np.zeros((lists, int(items.max(initial=-1)) + 1), dtype=np.float32)
    holds[of, items] = 1
    weights = np.zeros((lists, amounts.shape[1]))
    np.maximum.at(weights, of, amounts)
    return unlikeness(holds, weights)


def unlikeness(holds: np.ndarray, weights: Array) -> Array:
    """`holds` is `lists x items` of 0 and 1, `weights` are `lists x clusters`."""
    both = (holds @ holds.T).astype(np.float64)
    size = holds.sum(axis=1).astype(np.float64)
    unlike = 1 - both / (size[:, None] + size[None, :] - both)
    # Sums over pairs of clusters; a list makes no pair with itself.
    apart = weights.T @ unlike @ weights
    pairs = np.outer(weights.sum(axis=0), weights.sum(axis=0)) - np.diag((weights**2).sum(axis=0))
    with np.errstate(all="ignore"):
        return _without(apart) / _without(pairs)


def _without(sums: Array) -> Array:
    """The sum of all cells, then without the row and the column of one cluster at a time."""
    left = sums.sum() - sums.sum(axis=0) - sums.sum(axis=1) + np.diag(sums)
    return np.concatenate([[sums.sum()], left])


def _numbers(values: pl.Series) -> Indices:
    return values.rank("dense").to_numpy().astype(np.intp) - 1


def _hash(name: object) -> bytes:
    return blake2b(str(name).encode(), digest_size=8).digest()


ESTIMATOR = Estimator(estimate=_estimate, amounts=("weight",), inner=(Inner("list"), Inner("item")))
