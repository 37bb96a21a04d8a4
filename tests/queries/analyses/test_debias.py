"""Position debiasing, on a page whose examination and attraction are known."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.cluster import CLUSTERS
from queries.analyses.debias import SMALLEST_THETA, debiased

ROWS, COLUMNS = 4, 3
EXAMINED = 1 / (1 + 0.6 * np.arange(ROWS))[:, None] / (1 + 0.15 * np.arange(COLUMNS))[None, :]
ATTRACTION = {"pvr": 0.10, "trending": 0.10, "similar": 0.16}
# The better ranker sits lower on the page, as it happens.
RANKER_OF_ROW = ("pvr", "trending", "similar", "pvr")
RANDOM_ATTRACTION = 0.06


def _page(rng: np.random.Generator, pages: int, explore_share: float = 0.2) -> pl.DataFrame:
    """Seen, clicks and plays of so many pages, by ranker, slot, explore and cluster."""
    rows: list[dict[str, object]] = []
    # Accounts of a cluster click more or less than others, all over the page.
    keenness = np.exp(rng.normal(0, 0.1, CLUSTERS))
    for cluster in range(CLUSTERS):
        for explore in (False, True):
            share = explore_share if explore else 1 - explore_share
            seen = round(pages / CLUSTERS * share)
            for row in range(ROWS):
                ranker = RANKER_OF_ROW[row]
                attraction = RANDOM_ATTRACTION if explore else ATTRACTION[ranker]
                for column in range(COLUMNS):
                    chance = min(1, attraction * EXAMINED[row, column] * keenness[cluster])
                    clicks = rng.binomial(seen, chance)
                    rows.append(
                        {
                            "ranker": ranker,
                            "row": row + 1,
                            "column": column + 1,
                            "explore": explore,
                            "cluster": cluster,
                            "seen_impressions": float(seen),
                            "rows": float(seen),
                            "clicks": float(clicks),
                            "plays": float(rng.binomial(clicks, 0.75)),
                        }
                    )
    return pl.DataFrame(rows)


def test_examination_is_read_off_random_traffic():
    found = debiased(_page(np.random.default_rng(1), 2_000_000))
    assert found is not None
    theta = found.slots["theta"].to_numpy().reshape(ROWS, COLUMNS)
    np.testing.assert_allclose(theta, EXAMINED, rtol=0.05)
    assert theta[0, 0] == 1


def test_the_better_ranker_wins_once_its_place_is_taken_out():
    found = debiased(_page(np.random.default_rng(2), 2_000_000))
    assert found is not None
    rates = {r["ranker"]: r for r in found.rates.iter_rows(named=True)}
    assert rates["similar"]["take_rate"] < rates["pvr"]["take_rate"] * 1.1
    assert rates["similar"]["debiased_low"] > rates["pvr"]["debiased_high"]
    assert rates["trending"]["covered"] == pytest.approx(1)


def test_rankers_in_different_rows_that_attract_alike_come_out_alike():
    found = debiased(_page(np.random.default_rng(3), 4_000_000))
    assert found is not None
    rates = {r["ranker"]: r for r in found.rates.iter_rows(named=True)}
    assert rates["pvr"]["take_rate"] > 1.05 * rates["trending"]["take_rate"]
    assert rates["pvr"]["debiased"] == pytest.approx(rates["trending"]["debiased"], rel=0.05)


def test_the_index_tells_rankers_apart_better_than_the_rate_does():
    found = debiased(_page(np.random.default_rng(9), 300_000))
    assert found is not None
    row = found.rates.filter(pl.col("ranker") == "similar").row(0, named=True)
    assert row["index_low"] > 1
    relative = {n: (row[f"{n}_high"] - row[f"{n}_low"]) / row[n] for n in ("index", "debiased")}
    assert relative["index"] < relative["debiased"]


def test_by_slot_the_page_flattens():
    found = debiased(_page(np.random.default_rng(4), 4_000_000, 0.9), ("row", "column"))
    assert found is not None
    flat = found.rates.filter(pl.col("row").is_in([1, 4]))["debiased"]
    assert np.ptp(np.log(flat.to_numpy())) < 0.14


def test_slots_without_enough_random_traffic_are_left_out_and_said_so():
    frame = _page(np.random.default_rng(5), 200_000)
    last = (pl.col("row") == ROWS) & pl.col("explore")
    found = debiased(frame.filter(~last))
    assert found is not None
    assert found.slots.filter(pl.col("row") == ROWS)["theta"].null_count() == COLUMNS
    rates = {r["ranker"]: r for r in found.rates.iter_rows(named=True)}
    assert 0.4 < rates["pvr"]["covered"] < 0.65
    assert rates["pvr"]["debiased"] is not None


def test_without_random_traffic_there_is_no_answer():
    frame = _page(np.random.default_rng(6), 10_000)
    assert debiased(frame.filter(~pl.col("explore"))) is None
    assert debiased(frame.head(0)) is None


def test_a_slot_that_is_hardly_examined_is_clipped():
    frame = _page(np.random.default_rng(7), 100_000).with_columns(
        pl.when((pl.col("row") == ROWS) & (pl.col("column") == 1) & pl.col("explore"))
        .then(0.0)
        .otherwise(pl.col("clicks"))
        .alias("clicks")
    )
    found = debiased(frame)
    assert found is not None
    assert found.slots["theta"].min() == SMALLEST_THETA


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """The truth of `similar`: attraction times .75, with the keenness of a cluster at its mean."""
    rng = np.random.default_rng(8)
    truth = 0.8 * (ATTRACTION["similar"] * 0.75 * np.exp(0.1**2 / 2))
    truth += 0.2 * (RANDOM_ATTRACTION * 0.75 * np.exp(0.1**2 / 2))
    covered = 0
    for _ in range(200):
        found = debiased(_page(rng, 300_000))
        assert found is not None
        row = found.rates.filter(pl.col("ranker") == "similar").row(0, named=True)
        covered += row["debiased_low"] <= truth <= row["debiased_high"]
    assert 0.91 <= covered / 200 <= 0.985
