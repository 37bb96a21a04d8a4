"""P-values of many questions asked at once."""

from collections.abc import Sequence

import numpy as np
import polars as pl


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """q-values: the false discovery rate at which each would be called (Benjamini & Hochberg 1995).

    In the order given; one that is not known stays so, and is not counted as a question.
    """
    return _stepped(p, is_up=True)


def q_values(p: pl.Series) -> pl.Series:
    """The same of a column."""
    return pl.Series(benjamini_hochberg(p.to_list()), dtype=pl.Float64)


def holm(p: Sequence[float]) -> list[float]:
    """P-values adjusted so that the chance of any false alarm is kept (Holm 1979).

    In the order given; one that is not known stays so, and is not counted as a question.
    """
    return _stepped(p, is_up=False)


def _stepped(p: Sequence[float], *, is_up: bool) -> list[float]:
    values = np.asarray(p, dtype=np.float64)
    found = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    m = len(order)
    if m == 0:
        return found.tolist()
    rank = np.arange(1, m + 1)
    if is_up:
        scaled = values[order] * m / rank
        found[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    else:
        found[order] = np.maximum.accumulate(values[order] * (m - rank + 1))
    return np.minimum(found, 1).tolist()
