"""Images by taste cluster: a published table, and worlds in which tastes differ or do not."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.cluster import CLUSTERS
from queries.analyses.image_tastes import expected, interaction, leading, tastes
from queries.catalog import builtin

TASTES = ("crime", "drama", "romance", "horror")
IMAGES = 3
TITLES = 6


def world(
    dice: np.random.Generator,
    *,
    differs: bool,
    accounts: int = 700,
    take: float = 0.1,
    titles: int = TITLES,
) -> pl.DataFrame:
    """Titles: one image is best; with `differs` another one is for who likes romance.

    Accounts differ in how often they take anything, and see a title several times.
    """
    parts: list[pl.DataFrame] = []
    draw = np.array([1.0, 1.3, 1.0])
    other = np.array([1.8, 0.8, 1.0])
    for title in range(titles):
        for n, taste in enumerate(TASTES):
            liking = take * (1 + 0.2 * n) * dice.gamma(8, 1 / 8, accounts)
            drawn = other if differs and title == 0 and taste == "romance" else draw
            seen = 1 + dice.poisson(3, (IMAGES, accounts))
            taken = dice.binomial(seen, np.clip(liking * drawn[:, None], 0, 1))
            parts.append(
                pl.DataFrame(
                    {
                        "title": f"Title {title}",
                        "taste": taste,
                        "artwork": np.repeat(np.arange(IMAGES), accounts),
                        "cluster": np.tile(np.arange(accounts) % CLUSTERS, IMAGES),
                        "image_shown": 4.0 * seen.ravel(),
                        "image_taken": 4.0 * taken.ravel(),
                        "image_squares": 16.0 * seen.ravel(),
                        "accounts": 1.0,
                    }
                )
            )
    keys = ["title", "taste", "artwork", "cluster"]
    return pl.concat(parts).group_by(keys).sum()


def test_main_effects_leave_what_scipy_s_contingency_table_leaves():
    """With as many rows in every cell the fit is that of independence (scipy.stats)."""
    from scipy.stats import chi2_contingency  # noqa: PLC0415  # only this test reads it

    taken = np.array([[30.0, 12, 25], [18, 22, 31]])
    shown = np.full(taken.shape, 1e9)
    statistic, p_value, degrees, fitted = map(np.array, chi2_contingency(taken, correction=False))
    assert expected(taken, shown) == pytest.approx(fitted)
    chi, freedom, p = interaction(taken, shown)
    assert freedom == degrees
    assert chi == pytest.approx(float(statistic), rel=1e-6)
    assert p == pytest.approx(float(p_value), rel=1e-6)


def test_a_winner_that_differs_by_cluster_is_found():
    dice = np.random.default_rng(3)
    found = [tastes(world(dice, differs=True)) for _ in range(12)]
    said = [dict(one.titles.select("title", "verdict").iter_rows()) for one in found]
    assert sum(one["Title 0"] == "yes" for one in said) >= 11
    romance = [
        one.images.filter(pl.col("title") == "Title 0", pl.col("taste") == "romance")
        .sort("best", descending=True)["artwork"]
        .item(0)
        for one in found
    ]
    assert romance.count(0) >= 11


def test_where_images_draw_everybody_alike_hardly_any_title_is_claimed():
    dice = np.random.default_rng(4)
    found = [tastes(world(dice, differs=False)).titles for _ in range(120)]
    p = np.concatenate([one["p"].to_numpy() for one in found])
    assert 0.02 <= (p <= 0.05).mean() <= 0.07
    assert sum("yes" in one["verdict"].to_list() for one in found) / 120 <= 0.05


def test_a_leader_told_from_the_next_loses_little_and_one_that_is_not_is_said():
    dice = np.random.default_rng(6)
    images = tastes(world(dice, differs=True, titles=1)).images
    first = leading(images)
    assert first.height == len(TASTES)
    romance = first.filter(pl.col("taste") == "romance").row(0, named=True)
    assert romance["is_told"]
    assert romance["ahead"] >= romance["best"] > 0.95
    others = images.filter(pl.col("taste") == "romance", pl.col("artwork") != romance["artwork"])
    assert romance["loss"] < others["loss"].to_numpy().min() / 10
    even = world(dice, differs=False, titles=1).with_columns(pl.lit(0.0).alias("image_taken"))
    assert tastes(even).images["lift"].is_null().all()


def test_clusters_of_few_accounts_or_takes_are_not_tested():
    dice = np.random.default_rng(5)
    few = tastes(world(dice, differs=True, accounts=150))
    assert set(few.titles["verdict"]) == {"too few"}
    assert not few.images["is_enough"].any()
    rare = tastes(world(dice, differs=True, take=0.001))
    assert set(rare.titles["verdict"]) == {"too few"}
    one = world(dice, differs=True)
    single = one.filter((pl.col("taste") == "crime") | (pl.col("title") != "Title 0"))
    verdicts = dict(tastes(single).titles.select("title", "verdict").iter_rows())
    assert verdicts["Title 0"] == "too few"
    handful = tastes(world(dice, differs=False, accounts=8))
    assert handful.titles.is_empty()


def test_images_by_taste_are_measured_as_images():
    images, impressions = builtin().dataset("image_tastes"), builtin().dataset("impressions")
    assert images.table == impressions.table
    assert images.base == impressions.base
    for metric in images.metrics:
        assert metric.formula == impressions.metric(metric.name).formula, metric.name
    for dimension in images.dimensions:
        if dimension.name != "taste":
            known = impressions.dimension(dimension.name)
            assert dimension.expression == known.expression, dimension.name
