"""Counts as an estimator is given them, of one group or several, from plain arrays."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.estimators.estimator import Counted
from queries.formula import Array

Integers = NDArray[np.signedinteger]


def counted(
    keys: pl.DataFrame,
    amounts: dict[str, Array],
    group: Integers | None = None,
    settings: dict[str, float] | None = None,
) -> Counted:
    """`amounts` are `rows x clusters`; a single column stands for no clusters at all."""
    rows = keys.height
    place = np.zeros(rows, dtype=np.intp) if group is None else group.astype(np.intp)
    return Counted(
        groups=int(place.max(initial=0)) + 1,
        group=place,
        around=np.zeros(rows, dtype=np.intp),
        keys=keys,
        amounts=amounts,
        has_clusters=next(iter(amounts.values())).shape[1] > 1,
        settings=settings or {},
    )


def by_cluster(values: Array, cluster: Integers, clusters: int = 32) -> Array:
    """`items x accounts` added up to `items x clusters`."""
    onehot = np.zeros((len(cluster), clusters))
    onehot[np.arange(len(cluster)), cluster] = 1.0
    return values @ onehot
