"""Images held against each other, and packaging tests: the split first."""

from pathlib import Path

import polars as pl
import pytest

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


def test_nothing_is_compared_where_there_are_no_tests():
    frame = pl.DataFrame(
        schema={"test": pl.String, "arm": pl.Int64, "headline": pl.String,
                "impressions": pl.Int64, "clicks": pl.Int64}
    )  # fmt: skip
    assert packaging.tests(frame).count == 0


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
