"""Effects of an image's look by taste cluster: Welch's F, and worlds in which they are alike."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from queries.analyses.cluster import Scope
from queries.analyses.image_looks import differences, effects_by_taste, questions, welch
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.estimators import stratified_difference
from queries.formula import Array
from queries.lake.lake import Lake
from queries.model import Query
from queries.warehouse import Warehouse
from tests.queries.estimators.counts import counted

CLUSTERS = 32
TASTES = 6
TITLES = 12


def test_welch_is_that_of_scipy():
    from scipy.stats import f_oneway  # noqa: PLC0415  # only this test reads it

    dice = np.random.default_rng(1)
    groups = [dice.normal(m, s, n) for m, s, n in ((0, 1, 9), (0.8, 2, 14), (0.2, 0.5, 30))]
    expected = f_oneway(*groups, equal_var=False)
    found = welch(
        np.array([g.mean() for g in groups]),
        np.array([g.std(ddof=1) / np.sqrt(len(g)) for g in groups]),
        np.array([len(g) - 1.0 for g in groups]),
    )
    assert found is not None
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)


def effects(dice: np.random.Generator, gain: Array) -> pl.DataFrame:
    """What the metric answers of clusters that take more or less, by a gain of each cluster."""
    keys = pl.DataFrame({"stratum": np.tile(np.arange(TITLES), TASTES)})
    taste = np.repeat(np.arange(TASTES), TITLES)
    eager = dice.gamma(8, 1 / 8, (len(taste), CLUSTERS))
    base = (0.05 + 0.01 * taste)[:, None] * eager
    amounts: dict[str, Array] = {}
    for side, more in (("", gain[taste][:, None]), ("_other", 0.0)):
        shown = dice.poisson(60, eager.shape)
        amounts[f"shown{side}"] = shown.astype(float)
        amounts[f"taken{side}"] = dice.binomial(shown, np.clip(base + more, 0, 1)).astype(float)
    found = stratified_difference.ESTIMATOR.estimate(counted(keys, amounts, taste))
    return pl.DataFrame(
        {
            "taste": [f"taste {n}" for n in range(TASTES)],
            "effect": found.values,
            "effect__low": found.low,
            "effect__high": found.high,
        }
    )


def test_effects_that_are_alike_are_called_as_seldom_as_they_may():
    dice, alike = np.random.default_rng(2), np.full(TASTES, 0.01)
    p = np.array([differences(effects(dice, alike), ["effect"])["p"][0] for _ in range(400)])
    assert 0.02 <= (p <= 0.05).mean() <= 0.08
    assert p.mean() == pytest.approx(0.5, abs=0.05)


def test_an_effect_that_one_cluster_has_alone_is_found():
    gain = np.zeros(TASTES)
    gain[2] = 0.03
    dice = np.random.default_rng(3)
    q = [differences(effects(dice, gain), ["effect"])["q"][0] for _ in range(20)]
    assert sum(one <= 0.05 for one in q) >= 18


@pytest.mark.demo
def test_effects_off_one_count_are_the_metrics(demo_home: Path):
    """Asked of rows at random by taste, with the intervals of the metric layer."""
    warehouse = Warehouse(
        Lake(demo_home / "lake"), DuckDBEngine(memory="1GB"), FrameCache(None), builtin()
    )
    dataset, names = builtin().dataset("image_tastes"), ["close_up_effect", "people_effect"]
    asked = questions(Scope(dataset), names)
    counted, sides = (warehouse.ask(q, Access()).frame for q in asked)
    found = effects_by_taste(counted, sides, names).drop_nulls("taste").sort("taste")
    metrics = tuple(dataset.metric(n) for n in names)
    whole = Query(
        dataset=dataset, metrics=metrics, by=(dataset.dimension("taste"),),
        where=asked[0].where, keeps_small=True,
    )  # fmt: skip
    expected = warehouse.ask(whole, Access()).frame.drop_nulls("taste").sort("taste")
    columns = [f"{n}{end}" for n in names for end in ("", "__low", "__high")]
    assert found["taste"].to_list() == expected["taste"].to_list()
    for column in columns:
        left, right = (f[column].cast(pl.Float64).fill_null(np.nan) for f in (found, expected))
        np.testing.assert_allclose(left.to_numpy(), right.to_numpy(), atol=1e-9)
    assert found["people_effect__low"].drop_nulls().len() > 3


def test_small_clusters_and_unknown_tastes_are_not_tested_and_one_cluster_tells_nothing():
    frame = effects(np.random.default_rng(4), np.zeros(TASTES))
    marks = [None, None, "few", "few", None, None]
    marked = frame.with_columns(small=pl.Series(marks, dtype=pl.String))
    assert differences(marked, ["effect"])["clusters"][0] == 4
    unknown = frame.with_columns(pl.lit(None, pl.String).alias("taste"))
    for few in (unknown, frame.head(1), frame.clear()):
        assert differences(few, ["effect"]).select("p", "q").row(0) == (None, None)
