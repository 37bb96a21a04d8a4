"""Does a title's best image differ by taste cluster? A test of interaction, and a winner a cluster.

Where images work alike for everybody, the takes of an image in a cluster are the product of what
the cluster takes and what the image draws. That product is fitted to the takes by iterated
proportions (Deming & Stephan 1940; the main effects of a log-linear model) and what is left is held
against it by Pearson's chi-squared with (clusters - 1) x (images - 1) degrees of freedom (Agresti,
Categorical Data Analysis, 2013, ch. 3). Rows are weighted by how seldom their image is chosen, so a
cell counts as Kish's effective number of rows, divided by the design effect over clusters of
accounts (Kish 1965). Benjamini & Hochberg 1995 over the titles. What an image earns over random in
a cluster is the metric `lift_over_random` of that cluster.

A taste cluster has too few where it has under 200 accounts of the title, or where an image is
expected to be taken under ten times: it is left out, and a title with fewer than two is not tested.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import polars as pl

from queries.analyses.cluster import Scope, cells, counted_by
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.condition import Filter, conjunction
from queries.dataset import Metric
from queries.estimation import Estimation
from queries.estimators.estimator import left_out_too
from queries.estimators.lift_over_random import ends, lifts, met
from queries.estimators.probability_best import contested, design_effect
from queries.formula import Array
from queries.model import Query
from queries.small_cells import FEWEST_SHOWN
from queries.tails import chdtrc

SURE = 0.05
CLEAR = 0.95
FEWEST_ACCOUNTS = 200
FEWEST_TAKES = 10
_KEYS = ("title", "taste", "artwork")
_AMOUNTS = ("shown", "taken", "squares")
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Tastes:
    """`images`: a row per title, taste cluster and image. `titles`: a row per title.

    Images have `rate`, `best` (the probability of being the best of the title in that cluster),
    `ahead` (that of being above the next likeliest), `loss` (the rate it is expected to give away
    to the best), `lift` over images at random with its interval, `accounts` of the cluster that saw
    the title, and `is_enough`, whether its cluster is tested.
    Titles have `clusters` tested, `winners` (how many images win in one), `chi`, `freedom`, `p`,
    `q` and `verdict`: "yes", "no" or "too few".
    """

    images: pl.DataFrame
    titles: pl.DataFrame


def question(scope: Scope, title: str = "title") -> Query:
    """What was shown and taken of images drawn by chance, by title, taste and cluster.

    Only rows that were seen. `title` is the dimension that names titles; one of the table is
    quicker to count by than one that is looked up.
    """
    dataset = scope.dataset
    best = dataset.metric("best_image_probability")
    if not isinstance(best.formula, Estimation):
        raise TypeError(best.name)
    parts = [_part(best, name, best.formula) for name in _AMOUNTS]
    asked = replace(dataset, metrics=(*dataset.metrics, *parts))
    seen = Filter(dataset.dimension("is_seen"), "in", (True,))
    asked_of = replace(scope, dataset=asked, where=conjunction(scope.where, seen))
    return counted_by(asked_of, [*(p.name for p in parts), "accounts"], (title, *_KEYS[1:]))


def tastes(frame: pl.DataFrame) -> Tastes:
    """Read the answer to `question`. Accounts whose taste is not known are left out."""
    images = _images(frame.drop_nulls(_KEYS).sort(_KEYS))
    if images.is_empty():
        return Tastes(_no_images(), _no_titles())
    found = [_tested(part) for part in images.partition_by("title", maintain_order=True)]
    titles = pl.DataFrame([row for row, _ in found], schema=_TITLES)
    q = benjamini_hochberg([nan if p is None else p for p in titles["p"].to_list()])
    titles = titles.with_columns(pl.Series("q", q, dtype=pl.Float64).fill_nan(None))
    differs = (pl.col("q") <= SURE) & (pl.col("winners") > 1)
    verdict = pl.when(pl.col("q").is_null()).then(pl.lit("too few"))
    titles = titles.with_columns(
        verdict=verdict.when(differs).then(pl.lit("yes")).otherwise(pl.lit("no"))
    )
    return Tastes(pl.concat([part for _, part in found]), titles)


def leading(images: pl.DataFrame) -> pl.DataFrame:
    """The likeliest best image of each title in each tested cluster: a row a title and cluster.

    `is_told` says whether it is above the next likeliest with probability `CLEAR`.
    """
    first = images.filter("is_enough").sort("best", descending=True, nulls_last=True)
    first = first.unique(["title", "taste"], keep="first", maintain_order=True)
    return first.with_columns(is_told=pl.col("ahead") >= CLEAR)


def _images(known: pl.DataFrame) -> pl.DataFrame:
    groups, shown = cells(known, _KEYS, "image_shown")
    taken, squares, accounts = (
        cells(known, _KEYS, name)[1] for name in ("image_taken", "image_squares", "accounts")
    )
    kept = shown.sum(axis=1) > 0
    groups, arms = groups.filter(pl.Series(kept)), (shown[kept], taken[kept], squares[kept])
    if groups.is_empty():
        return groups
    ranked = groups.select(pl.struct("title", "taste").rank("dense")).to_series()
    contest = ranked.to_numpy().astype(np.intp)
    total, took, weight = (part.sum(axis=1) for part in arms)
    chances = contested(arms, contest)
    lift = lifts(left_out_too(arms[0]), left_out_too(arms[1]), contest)
    low, high = ends(lift, met(arms[0], contest))
    numbers = {
        "best": chances.best, "ahead": chances.ahead, "loss": chances.loss,
        "lift": lift[:, 0], "lift_low": low, "lift_high": high,
    }  # fmt: skip
    images = groups.with_columns(
        rate=pl.Series(took / total),
        rows=pl.Series(total**2 / weight / design_effect(*arms)),
        **{name: pl.Series(values).fill_nan(None) for name, values in numbers.items()},
        accounts=pl.Series(accounts[kept].sum(axis=1)),
    ).with_columns(pl.col("accounts").max().over("title", "taste"))
    return images.filter(pl.col("accounts") >= FEWEST_SHOWN)


def expected(taken: Array, rows: Array) -> Array:
    """Takes had each image drawn every cluster alike: `clusters x images`, like the arguments."""
    image = np.full(taken.shape[1], taken.sum() / rows.sum())
    cluster = np.ones(taken.shape[0])
    for _ in range(_ROUNDS):
        cluster = taken.sum(axis=1) / (rows * image).sum(axis=1)
        image = taken.sum(axis=0) / (rows * cluster[:, None]).sum(axis=0)
    return np.asarray(rows * cluster[:, None] * image, dtype=np.float64)


def interaction(taken: Array, rows: Array) -> tuple[float, int, float]:
    """Pearson's chi-squared of what main effects leave, its degrees of freedom, and its p."""
    fitted = expected(taken, rows)
    rate = np.clip(fitted / rows, 0, 1 - 1e-9)
    chi = float(((taken - fitted) ** 2 / (fitted * (1 - rate))).sum())
    freedom = (taken.shape[0] - 1) * (taken.shape[1] - 1)
    return chi, freedom, float(chdtrc(freedom, chi))


def _part(best: Metric, name: str, estimation: Estimation) -> Metric:
    amount = dict(estimation.amounts)[name]
    return replace(
        best, name=f"image_{name}", formula=amount, kind="additive", interval="none", tests=()
    )


def _tested(images: pl.DataFrame) -> tuple[dict[str, object], pl.DataFrame]:
    """A title's row, and its images with `is_enough`."""
    clusters, cluster = np.unique(images["taste"].to_numpy(), return_inverse=True)
    every, image = np.unique(images["artwork"].to_numpy(), return_inverse=True)
    rows, rates, best = (np.full((len(clusters), len(every)), np.nan) for _ in range(3))
    for wide, name in ((rows, "rows"), (rates, "rate"), (best, "best")):
        wide[cluster, image] = images[name].cast(pl.Float64).fill_null(nan).to_numpy()
    enough = np.asarray(~np.isnan(rows).any(axis=1), dtype=np.bool_)
    enough[cluster[(images["accounts"] < FEWEST_ACCOUNTS).to_numpy()]] = False
    chi, freedom, p = None, None, None
    while enough.sum() > 1 and len(every) > 1:
        taken, shown = (rates * rows)[enough], rows[enough]
        with np.errstate(all="ignore"):
            least = np.nan_to_num(expected(taken, shown)).min(axis=1)
        if least.min() >= FEWEST_TAKES:
            chi, freedom, p = interaction(taken, shown)
            break
        enough[np.flatnonzero(enough)[least.argmin()]] = False
    tested = enough if p is not None else np.zeros_like(enough)
    winners = len(np.unique(best[tested].argmax(axis=1))) if tested.any() else 0
    return {
        "title": images["title"][0],
        "clusters": int(tested.sum()),
        "winners": winners,
        "chi": chi,
        "freedom": freedom,
        "p": p,
    }, images.with_columns(is_enough=pl.Series(tested[cluster], dtype=pl.Boolean))


_TITLES = {
    "title": pl.String,
    "clusters": pl.Int64,
    "winners": pl.Int64,
    "chi": pl.Float64,
    "freedom": pl.Int64,
    "p": pl.Float64,
}


def _no_titles() -> pl.DataFrame:
    return pl.DataFrame(schema={**_TITLES, "q": pl.Float64, "verdict": pl.String})


def _no_images() -> pl.DataFrame:
    named = ("rate", "rows", "best", "ahead", "loss", "lift", "lift_low", "lift_high", "accounts")
    numbers = dict.fromkeys(named, pl.Float64)
    keys = {"title": pl.String, "taste": pl.String, "artwork": pl.Int64}
    return pl.DataFrame(schema={**keys, **numbers, "is_enough": pl.Boolean})


def by_size(images: pl.DataFrame) -> Sequence[str]:
    """The taste clusters of a frame of images, the largest first."""
    sizes = images.group_by("taste").agg(pl.col("accounts").max())
    return sizes.sort("accounts", "taste", descending=[True, False])["taste"].to_list()
