"""How the viewing lies over titles: the Lorenz curve and what the first titles carry.

The curve is that of Lorenz 1905, Publications of the American Statistical Association 9, 209-219,
turned round: most watched first, so that it lies above the diagonal.

How concentrated it is in one number are the metrics `effective_catalogue_size` and `viewing_gini`.

Small cells: the curve is of shares of all viewing, cumulated, and names no title.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from queries.analyses.cluster import Scope, counted_by
from queries.formula import Array
from queries.model import Query

_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Concentration:
    """`curve` has the columns `titles` and `viewing`, both shares from 0 to 1, most watched first.

    `top_percent` and `top_tenth` are the shares of viewing of the first 1 % and 10 % of titles.
    """

    titles: int
    top_percent: float
    top_tenth: float
    curve: pl.DataFrame


def question(scope: Scope, metric: str = "hours_viewed", item: str = "title_id") -> Query:
    """An additive metric by item."""
    nobody = replace(scope, dataset=replace(scope.dataset, entity=""))
    return counted_by(nobody, [metric], [item])


def concentration(
    frame: pl.DataFrame, metric: str = "hours_viewed", item: str = "title_id"
) -> Concentration | None:
    """Read the answer to `question`; None where nothing was watched."""
    watched = frame.filter(pl.col(item).is_not_null() & (pl.col(metric) > 0))
    if watched.is_empty():
        return None
    amounts = watched[metric].to_numpy()
    shares = np.sort(amounts)[::-1] / amounts.sum()
    return Concentration(
        titles=len(amounts),
        top_percent=_top(shares, 0.01),
        top_tenth=_top(shares, 0.1),
        curve=_thinned(shares),
    )


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
