"""Position debiasing: on pages whose examination and attraction are known, and on the demo's."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor

from queries.estimators import position_debiased, position_index
from queries.estimators.estimator import Counted
from queries.estimators.position_model import SMALLEST_THETA, examination, fitted
from queries.formula import Array
from queries.lake.demo.home import CONTINUE, RANKERS, requests
from queries.lake.demo.size import SIZES
from queries.lake.demo.slots import examination as examined
from queries.lake.demo.slots import slots
from queries.lake.demo.viewing import intents
from queries.lake.demo.visits import visits
from queries.lake.demo.world import Block, world
from tests.queries.estimators.counts import counted

ROWS, COLUMNS, CLUSTERS = 4, 3, 32
EXAMINED = 1 / (1 + 0.6 * np.arange(ROWS))[:, None] / (1 + 0.15 * np.arange(COLUMNS))[None, :]
ATTRACTION = {"pvr": 0.10, "trending": 0.10, "similar": 0.16}
NAMES = tuple(ATTRACTION)
# The better ranker sits lower on the page, as it happens.
RANKER_OF_ROW = ("pvr", "trending", "similar", "pvr")
AT_RANDOM = 0.06
KEENNESS = 0.1


def _page(rng: np.random.Generator, pages: int, explore_share: float = 0.2) -> Counted:
    """So many pages by ranker; accounts of a cluster click more or less, all over the page."""
    keenness = np.exp(rng.normal(0, KEENNESS, CLUSTERS))
    keys: list[tuple[int, int, bool]] = []
    group: list[int] = []
    amounts: dict[str, list[Array]] = {n: [] for n in position_debiased.AMOUNTS}
    for explore in (False, True):
        share = explore_share if explore else 1 - explore_share
        seen = np.full(CLUSTERS, float(round(pages / CLUSTERS * share)))
        for row, ranker in enumerate(RANKER_OF_ROW):
            attraction = AT_RANDOM if explore else ATTRACTION[ranker]
            for column in range(COLUMNS):
                chance = np.minimum(1, attraction * EXAMINED[row, column] * keenness)
                clicks = rng.binomial(seen.astype(int), chance)
                keys.append((row + 1, column + 1, explore))
                group.append(NAMES.index(ranker))
                amounts["clicks"].append(clicks.astype(float))
                amounts["plays"].append(rng.binomial(clicks, 0.75).astype(float))
                amounts["seen"].append(seen)
                amounts["clickable"].append(seen)
                amounts["rows"].append(seen * explore)
    frame = pl.DataFrame(keys, schema=["row", "column", "explore"], orient="row")
    return counted(frame, {n: np.stack(a) for n, a in amounts.items()}, np.array(group))


def _worth(ranker: str, explore_share: float) -> float:
    """What a slot of the ranker is worth in the first place, random pages included."""
    return (1 - explore_share) * ATTRACTION[ranker] + explore_share * AT_RANDOM


def _index(ranker: str, explore_share: float) -> float:
    page = sum(_worth(r, explore_share) for r in RANKER_OF_ROW) / ROWS
    return _worth(ranker, explore_share) / page


def test_examination_is_read_off_random_traffic():
    found = examination(_page(np.random.default_rng(1), 2_000_000))
    theta = found.theta[:, 0].reshape(ROWS, COLUMNS)
    np.testing.assert_allclose(theta, EXAMINED, rtol=0.04)
    assert theta[0, 0] == 1


def test_examination_is_scikit_learn_s_poisson_regression_on_rows_and_columns():
    dice = np.random.default_rng(9)
    row, column = (side.ravel() for side in np.indices((ROWS, COLUMNS)))
    seen = dice.integers(2_000, 9_000, row.size).astype(float)
    clicks = dice.poisson(seen * 0.08 * EXAMINED.ravel()).astype(float)
    found = fitted(clicks[:, None], seen[:, None], (row, column))[:, 0]
    columns = np.column_stack([np.eye(ROWS)[row], np.eye(COLUMNS)[column][:, 1:]])
    line = PoissonRegressor(
        alpha=0, fit_intercept=False, solver="newton-cholesky", tol=1e-10, max_iter=100
    ).fit(columns, clicks / seen, seen)
    rates = line.predict(columns)
    assert found == pytest.approx(rates / rates[0], rel=1e-5)


def test_pooled_over_rows_and_columns_it_is_far_less_noisy_than_slot_by_slot():
    rng = np.random.default_rng(2)
    pooled, alone = [], []
    for _ in range(60):
        page = _page(rng, 40_000, 0.05)
        found = examination(page)
        explored = page.keys["explore"].to_numpy()
        rate = (page.amounts["clicks"].sum(axis=1) / page.amounts["seen"].sum(axis=1))[explored]
        pooled.append(found.theta[:, 0])
        alone.append(rate / rate[0])
    truth = EXAMINED.ravel()
    errors = [np.sqrt(np.mean((np.array(t) / truth - 1) ** 2)) for t in (pooled, alone)]
    assert errors[0] < 0.75 * errors[1]
    assert abs(np.mean(np.array(pooled) / truth) - 1) < 0.02


def test_the_better_ranker_wins_once_its_place_is_taken_out():
    page = _page(np.random.default_rng(2), 2_000_000)
    raw = page.amounts["plays"].sum(axis=1)
    seen = page.amounts["seen"].sum(axis=1)
    rates = [raw[page.group == g].sum() / seen[page.group == g].sum() for g in range(3)]
    assert rates[NAMES.index("similar")] < rates[NAMES.index("pvr")] * 1.1
    found = position_debiased.ESTIMATOR.estimate(page)
    assert found.low[NAMES.index("similar")] > found.high[NAMES.index("pvr")]


def test_rankers_in_different_rows_that_attract_alike_come_out_alike():
    found = position_debiased.ESTIMATOR.estimate(_page(np.random.default_rng(3), 4_000_000))
    pvr, trending = (found.values[NAMES.index(n)] for n in ("pvr", "trending"))
    assert pvr == pytest.approx(trending, rel=0.03)


def test_everything_together_is_the_average():
    page = _page(np.random.default_rng(4), 300_000)
    whole = counted(page.keys, dict(page.amounts))
    found = position_index.ESTIMATOR.estimate(whole)
    assert found.values[0] == pytest.approx(1)
    assert found.low[0] == pytest.approx(1)


def test_without_random_traffic_there_is_no_answer():
    page = _page(np.random.default_rng(6), 10_000)
    usual = page.keys.with_columns(explore=False)
    amounts = dict(page.amounts) | {"rows": np.zeros_like(page.amounts["rows"])}
    for estimator in (position_debiased.ESTIMATOR, position_index.ESTIMATOR):
        assert np.isnan(estimator.estimate(counted(usual, amounts)).values).all()


def test_a_group_mostly_in_slots_that_are_hardly_shown_at_random_has_no_number():
    page = _page(np.random.default_rng(5), 200_000)
    last = (page.keys["row"] == 3).to_numpy()
    amounts = {n: np.where(last[:, None], 0, a) if n == "rows" else a
               for n, a in page.amounts.items()}  # fmt: skip
    found = position_debiased.ESTIMATOR.estimate(counted(page.keys, amounts, page.group))
    assert np.isnan(found.values[NAMES.index("similar")])
    assert not np.isnan(found.values[NAMES.index("pvr")])


def test_a_slot_that_is_hardly_examined_is_clipped():
    page = _page(np.random.default_rng(7), 100_000)
    last = (page.keys["row"] == ROWS).to_numpy() & page.keys["explore"].to_numpy()
    amounts = {n: np.where(last[:, None], 0, a) if n == "clicks" else a
               for n, a in page.amounts.items()}  # fmt: skip
    assert examination(counted(page.keys, amounts)).theta.min() == SMALLEST_THETA


@pytest.mark.parametrize("share", [0.2, 0.05])
def test_the_interval_of_the_index_covers_the_truth_as_often_as_it_says(share: float):
    rng = np.random.default_rng(8)
    held = np.zeros(len(NAMES))
    truth = np.array([_index(n, share) for n in NAMES])
    for _ in range(400):
        found = position_index.ESTIMATOR.estimate(_page(rng, 150_000, share))
        held += (found.low <= truth) & (truth <= found.high)
    assert (held / 400 >= 0.93).all(), held / 400
    assert (held / 400 <= 0.97).all(), held / 400


@pytest.fixture(scope="module")
def demo_pages() -> pl.DataFrame:
    """Every seen slot of the demo company's pages, with what only the generator knows of it."""
    made = world(SIZES["S"], 7, date(2026, 11, 24))
    block = Block(made, 0, SIZES["S"].blocks[0])
    of = visits(block)
    wants = intents(block, of)
    pages = requests(block, of, wants.browsing, of.profile_starts)
    shown = slots(block, of, pages)
    looks = pages.browsing[shown.request]
    return pl.DataFrame(
        {
            "row": shown.row,
            "column": shown.column,
            "ranker": np.array(RANKERS)[shown.kind],
            "explore": pages.explore[shown.request],
            "cluster": of.account[pages.visit[shown.request]] % CLUSTERS,
            "clicked": shown.clicked,
            "played": shown.played,
            "chance": examined(shown.row, shown.column) * looks,
            "seen": shown.seen,
        }
    ).filter("seen")


def test_random_pages_of_the_demo_are_looked_at_as_the_others_are(demo_pages: pl.DataFrame):
    """Else what is learnt on them would be wrong of the others, however much of it there were."""
    by_row = demo_pages.group_by("explore", "row").agg(pl.col("chance").mean(), pl.len())
    pairs = by_row.filter("explore").join(by_row.filter(~pl.col("explore")), on="row")
    enough = pairs.filter(pl.col("len") > 400)
    assert enough.height >= 4
    np.testing.assert_allclose(enough["chance"], enough["chance_right"], rtol=0.12)


def test_the_index_of_the_demo_is_what_its_planted_examination_makes_it(demo_pages: pl.DataFrame):
    """With θ as planted instead of estimated; rankers of more than a few hundred slots."""
    slot = demo_pages.group_by("row", "column").agg(theta=pl.col("chance").mean())
    known = demo_pages.join(slot, on=["row", "column"])
    worth = (pl.col("played") / pl.col("theta")).sum() / pl.len()
    truth = known.group_by("ranker").agg(worth).sort("ranker")["played"].to_numpy()
    truth = truth / known.select(worth).item()
    found = position_index.ESTIMATOR.estimate(_of_demo(demo_pages))
    assert ((found.low <= truth) & (truth <= found.high)).all(), (found.low, truth, found.high)
    assert (found.high - found.low < 0.8).all()


def _of_demo(pages: pl.DataFrame) -> Counted:
    keys = ["ranker", "row", "column", "explore"]
    rows = pages.select(keys).unique().sort(keys)
    place = (
        pages.select(keys)
        .join(rows.with_row_index("at"), on=keys, how="left", maintain_order="left")["at"]
        .to_numpy()
    )
    cluster = pages["cluster"].to_numpy()

    def laid_out(values: Array) -> Array:
        flat = np.bincount(place * CLUSTERS + cluster, values, minlength=rows.height * CLUSTERS)
        return flat.reshape(rows.height, CLUSTERS).astype(np.float64)

    one = np.ones(pages.height)
    amounts = {
        "plays": laid_out(pages["played"].to_numpy().astype(float)),
        "seen": laid_out(one),
        "clicks": laid_out(pages["clicked"].to_numpy().astype(float)),
        "clickable": laid_out(one),
        "rows": laid_out(pages["explore"].to_numpy().astype(float)),
    }
    ranker = rows["ranker"].rank("dense").to_numpy().astype(np.intp) - 1
    return counted(rows.drop("ranker"), amounts, ranker)


def test_the_row_to_continue_watching_is_none_of_those_that_a_policy_fills(
    demo_pages: pl.DataFrame,
):
    assert RANKERS[CONTINUE] not in set(demo_pages["ranker"])
