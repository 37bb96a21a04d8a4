"""How concentrated viewing is: effective catalogue size, Gini, Lorenz curve.

The effective catalogue size is how many titles would carry the viewing if all were watched alike:
`2 Σ pᵢ i − 1` with the shares p in falling order (Gomez-Uribe & Hunt 2015, section 4.3). It is
`n (1 − Gini)` exactly. Titles nobody watched count for Gini, and not for the effective size.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.analyses.cluster import (
    Estimate,
    Scope,
    around,
    cells,
    counted_by,
    is_present,
    left_out,
)
from queries.formula import Array
from queries.model import Query

_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Concentration:
    """`curve` has the columns `titles` and `viewing`, both shares from 0 to 1, most watched first.

    `top_percent` and `top_tenth` are the shares of viewing of the first 1 % and 10 % of titles.
    """

    titles: int
    effective_size: Estimate
    gini: Estimate
    top_percent: float
    top_tenth: float
    curve: pl.DataFrame


def question(scope: Scope, metric: str = "hours_viewed", item: str = "title_id") -> Query:
    """An additive metric by item and cluster."""
    return counted_by(scope, [metric], [item])


def concentration(
    frame: pl.DataFrame, metric: str = "hours_viewed", item: str = "title_id"
) -> Concentration | None:
    """Read the answer to `question`; None where nothing was watched."""
    laid_out = _laid_out(frame, metric, item)
    amounts = laid_out.sum(axis=1)
    if not amounts.sum() > 0:
        return None
    watched = laid_out[amounts > 0]
    replicates = left_out(watched)
    amounts = amounts[amounts > 0]
    shares = np.sort(amounts)[::-1] / amounts.sum()
    return Concentration(
        titles=len(amounts),
        effective_size=around(effective_size(amounts), effective_size(replicates)),
        gini=around(gini(amounts), gini(replicates)),
        top_percent=_top(shares, 0.01),
        top_tenth=_top(shares, 0.1),
        curve=_thinned(shares),
    )


def uplift(personal: pl.DataFrame, popular: pl.DataFrame, metric: str, item: str) -> Estimate:
    """Effective size under the one over that under the other: how far personal rows reach further.

    The interval leaves the same accounts out of both (Gomez-Uribe & Hunt 2015).
    """
    one, other = (_laid_out(frame, metric, item) for frame in (personal, popular))
    present = is_present(one) | is_present(other)
    value = effective_size(one.sum(axis=1)) / effective_size(other.sum(axis=1))
    replicates = [effective_size(left_out(amounts, present)) for amounts in (one, other)]
    return around(value, replicates[0] / replicates[1])


def effective_size(amounts: Array) -> Array:
    """`2 Σ pᵢ i − 1` along the first axis; NaN where there is nothing. Order does not matter."""
    falling = -np.sort(-np.asarray(amounts, dtype=np.float64), axis=0)
    rank = np.arange(1, len(falling) + 1).reshape(-1, *(1,) * (falling.ndim - 1))
    with np.errstate(all="ignore"):
        return 2 * (falling * rank).sum(axis=0) / falling.sum(axis=0) - 1


def gini(amounts: Array) -> Array:
    """`2 Σ i x₍ᵢ₎ / (n Σ x) − (n + 1) / n`, x rising, along the first axis: 0 equal, to 1."""
    rising = np.sort(np.asarray(amounts, dtype=np.float64), axis=0)
    count = len(rising)
    rank = np.arange(1, count + 1).reshape(-1, *(1,) * (rising.ndim - 1))
    with np.errstate(all="ignore"):
        return 2 * (rising * rank).sum(axis=0) / (count * rising.sum(axis=0)) - (count + 1) / count


def _laid_out(frame: pl.DataFrame, metric: str, item: str) -> Array:
    return cells(frame.filter(pl.col(item).is_not_null()), [item], metric)[1]


def _top(falling_shares: Array, part: float) -> float:
    """Share of the first part of the items; a fraction of an item counts in part."""
    cumulated = np.concatenate([[0.0], falling_shares.cumsum()])
    return float(np.interp(part * len(falling_shares), np.arange(len(cumulated)), cumulated))


def _thinned(falling_shares: Array) -> pl.DataFrame:
    cumulated = np.concatenate([[0.0], falling_shares.cumsum()])
    items = np.linspace(0, 1, len(cumulated))
    if len(items) > _CURVE_POINTS:
        # Denser at the head, where the curve bends.
        wanted = np.linspace(0, 1, _CURVE_POINTS) ** 2
        return pl.DataFrame({"titles": wanted, "viewing": np.interp(wanted, items, cumulated)})
    return pl.DataFrame({"titles": items, "viewing": cumulated})
