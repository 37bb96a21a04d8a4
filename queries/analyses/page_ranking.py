"""How well pages put first what people then play: NDCG, recall in view, reciprocal rank, hits.

By page request, so that a request counts once however much it shows. Conventions, because
libraries disagree: the ideal of NDCG is over `min(k, plays)` places (trec_eval; Järvelin &
Kekäläinen 2002); recall is over requests with a play; a request without one has reciprocal rank 0.
Requests are weighted by how rarely they are logged.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import (
    CLUSTER,
    CLUSTERS,
    EVERY_GROUP,
    Estimate,
    Scope,
    around,
    left_out,
)
from queries.condition import Dimension
from queries.formula import Array, parse
from queries.model import Metric, Query

COLUMNS = 6
_REQUEST = Dimension("request", "Request", '"request_id"', kind="number")
_SLOT = f"((row_pos - 1) * {COLUMNS} + col_pos)"


@dataclass(frozen=True, slots=True)
class Viewport:
    """What a device shows before any scrolling, and how deep the top is: `k` slots."""

    rows: int = 3
    columns: int = 4
    k: int = 12


@dataclass(frozen=True, slots=True)
class PageRanking:
    """Requests with a decision, and the four metrics, from 0 to 1."""

    requests: int
    ndcg: Estimate
    recall: Estimate
    reciprocal_rank: Estimate
    hit_rate: Estimate


def question(scope: Scope, viewport: Viewport) -> Query:
    """Plays of every request, and how far up they lie."""
    inside = f"row_pos <= {viewport.rows} and col_pos <= {viewport.columns}"
    formulas = {
        "played": "count(*) filter (where seen and played)",
        "gained": (
            f"sum(0.6931471805599453 / ln({_SLOT} + 1.0)) "
            f"filter (where seen and played and {_SLOT} <= {viewport.k})"
        ),
        "in_view": f"count(*) filter (where seen and played and {inside})",
        "first_slot": f"min({_SLOT}) filter (where seen and played)",
        "weight": "max(sample_w)",
    }
    metrics = tuple(
        Metric(name=name, label=name, formula=parse(formula), kind="model", interval="none")
        for name, formula in formulas.items()
    )
    dataset = replace(
        scope.dataset,
        dimensions=(*scope.dataset.dimensions, _REQUEST, CLUSTER),
        metrics=metrics,
    )
    return Query(
        dataset=dataset,
        metrics=metrics,
        by=(_REQUEST, CLUSTER),
        where=scope.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
    )


def page_ranking(frame: pl.DataFrame, viewport: Viewport) -> PageRanking | None:
    """Read the answer to `question`. None where no request led to a play."""
    known = frame.drop_nulls("request")
    played = known["played"].to_numpy()
    if not (played > 0).any():
        return None
    first = known["first_slot"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    with np.errstate(all="ignore"):
        ndcg = (
            known["gained"].fill_null(0).to_numpy()
            / _ideal(viewport.k)[np.minimum(played, viewport.k).astype(int)]
        )
        recall = known["in_view"].to_numpy() / played
    weight = known["weight"].cast(pl.Float64).fill_null(1).to_numpy()
    cluster = known[CLUSTER.name].fill_null(0).cast(pl.Int64).to_numpy()
    decided = np.where(played > 0, weight, 0.0)
    return PageRanking(
        requests=known.height,
        ndcg=_mean(ndcg, decided, cluster),
        recall=_mean(recall, decided, cluster),
        reciprocal_rank=_mean(1 / first, weight, cluster),
        hit_rate=_mean((first <= viewport.k).astype(np.float64), weight, cluster),
    )


def _ideal(k: int) -> Array:
    """The gain of so many plays at the very top, for 0 to k of them."""
    places = np.arange(1, k + 1)
    return np.concatenate([[np.nan], np.cumsum(1 / np.log2(places + 1))])


def _mean(values: Array, weight: Array, cluster: NDArray[np.int64]) -> Estimate:
    counted = weight > 0
    sums, weights = np.zeros(CLUSTERS), np.zeros(CLUSTERS)
    np.add.at(sums, cluster[counted], (values * weight)[counted])
    np.add.at(weights, cluster[counted], weight[counted])
    present = weights > 0
    with np.errstate(all="ignore"):
        replicates = left_out(sums, present) / left_out(weights, present)
    return around(float(sums.sum() / weights.sum()), replicates)
