"""Images held against each other, and packaging tests: the split first."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta, chisquare, t

from portal.open_page import ask, open_page
from portal.routing import discover
from queries.analyses import artwork, packaging
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.warehouse import Warehouse


def test_a_test_with_a_broken_split_is_blocked_and_the_better_arm_of_a_sound_one_is_named():
    # 821,588 against 815,482 readers is p = 1.8e-6 (Fabijan et al. 2019).
    frame = pl.DataFrame({
        "test": ["broken", "broken", "sound", "sound", "alone"],
        "arm": [1, 2, 3, 4, 5],
        "headline": list("abcde"),
        "impressions": [821_588, 815_482, 5_000, 5_010, 900],
        "clicks": [9_000, 8_000, 50, 120, 9],
    })  # fmt: skip
    found = packaging.tests(frame)
    assert (found.count, found.broken) == (2, 1)
    broken = found.arms.filter(pl.col("test") == "broken")
    assert broken["p"][0] == pytest.approx(1.8e-6, rel=0.03)
    sound = found.arms.filter(pl.col("test") == "sound")
    assert not sound["is_broken"].any()
    assert sound.sort("best")["headline"].to_list() == ["c", "d"]
    assert sound.filter(pl.col("best") > 0.99).height == 1


def test_the_interval_of_a_lift_over_the_mean_holds_it_95_times_in_100():
    rng, rates = np.random.default_rng(8), np.array([0.03, 0.05, 0.04, 0.04])
    shown = np.tile([3_000, 3_100, 2_900, 3_000], 500)
    frame = pl.DataFrame({
        "test": np.repeat(np.arange(500), 4).astype(str),
        "arm": np.tile(np.arange(4), 500),
        "headline": "a",
        "impressions": shown,
        "clicks": rng.binomial(shown, np.tile(rates, 500)),
    })  # fmt: skip
    arms = packaging.tests(frame).arms
    truth = pl.Series(rates / rates.mean() - 1)[arms["arm"].to_numpy()]
    held = (arms["lift_low"] <= truth) & (truth <= arms["lift_high"])
    assert 0.935 <= float(held.mean()) <= 0.965  # type: ignore[arg-type]
    assert (arms["lift_low"] < arms["lift"]).all()
    # Wilson 1927 of 4 clicks in 100 (Newcombe 1998, method 3): 1.57 % to 9.84 %.
    few = packaging.tests(frame.head(2).with_columns(impressions=100, clicks=pl.Series([4, 0])))
    known, none = few.arms.sort("clicks", descending=True).iter_rows(named=True)
    assert (known["rate_low"], known["rate_high"]) == pytest.approx((0.0157, 0.0984), abs=5e-5)
    assert none["lift_low"] is None


def test_nothing_is_compared_where_there_are_no_tests():
    frame = pl.DataFrame(
        schema={"test": pl.String, "arm": pl.Int64, "headline": pl.String,
                "impressions": pl.Int64, "clicks": pl.Int64}
    )  # fmt: skip
    assert packaging.tests(frame).count == 0


def test_of_two_arms_the_chance_to_be_best_is_the_integral_of_scipy():
    frame = pl.DataFrame({
        "test": ["one", "one"], "arm": [1, 2], "headline": ["a", "b"],
        "impressions": [1_000, 1_040], "clicks": [40, 52],
    })  # fmt: skip
    found = packaging.tests(frame).arms.sort("arm")
    grid = np.linspace(0, 0.2, 20_001)
    exact = np.trapezoid(beta.pdf(grid, 53, 989) * beta.cdf(grid, 41, 961), grid)
    assert found["best"][1] == pytest.approx(exact, abs=0.03)
    assert found["p"].to_list() == pytest.approx([chisquare([1_000, 1_040]).pvalue] * 2)
    rates = np.array([0.04, 0.05])
    assert found["lift"].to_list() == pytest.approx((rates / rates.mean() - 1).tolist())


def test_the_p_of_a_winner_is_student_s_on_the_log_of_two_rates():
    """255 degrees of freedom; of three images two could have come out best instead."""
    step = t.ppf(0.975, 255)
    rates, errors = np.array([0.10, 0.13, 0.09]), np.array([0.006, 0.009, 0.012])
    frame = pl.DataFrame({
        "title": "A", "artwork": [1, 2, 3], "image_take_rate": rates,
        "image_take_rate__low": rates - step * errors,
        "image_take_rate__high": rates + step * errors,
        "best_image_probability": [0.01, 0.98, 0.01], "seen_impressions": [900, 400, 300],
        "click_bait_index": 1.0, "click_bait_index__low": 0.9,
    })  # fmt: skip
    row = artwork.winners(frame).row(0, named=True)
    error = np.hypot(errors[0] / rates[0], errors[1] / rates[1])
    law = t(255, loc=np.log(1.3), scale=error)
    assert row["gain"] == pytest.approx(0.3)
    ends = np.exp(law.interval(0.95)) - 1
    assert (row["gain_low"], row["gain_high"]) == pytest.approx(tuple(ends), rel=1e-3)
    assert row["p"] == pytest.approx(2 * 2 * law.cdf(0), rel=0.02)


@pytest.mark.demo
def test_the_planted_image_is_the_likeliest_of_its_title_and_no_other_is_named(demo_home: Path):
    """The small demo has too few accounts to name even the planted one beyond doubt."""
    lake = Lake(demo_home / "lake")
    truths = pl.read_parquet(list(lake.snapshot_now().files("truths")))
    where = truths.filter(pl.col("name") == "winning_artwork")["where"].str.json_decode(
        pl.Struct({"title_id": pl.Int64, "artwork_id": pl.Int64})
    )[0]
    warehouse = Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())
    opened = open_page(discover("pages")["/artwork"], "?period=all", warehouse)
    tile = next(t for t in opened.tiles().values() if type(t).__name__ == "ImageWinners")
    results = ask(opened, tile, warehouse, Access())
    of_title = artwork.compared(results[-1].frame).filter("is_best")
    assert where["artwork_id"] in of_title["artwork"].to_list()
    said = tile.draw(results, opened.tile_context(tile)).notes[0]
    first = artwork.winners(results[-1].frame).row(0, named=True)
    if first["best_image_probability"] < artwork.CLEAR:
        assert said == "No image is better than the one in use beyond doubt."
    else:
        assert f"Image {where['artwork_id']}" in said
