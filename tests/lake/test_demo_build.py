"""The same seed makes the same company; names are invented and unique."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
import pytest

from queries.lake.demo.build import build
from queries.lake.demo.catalogue import catalogue
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice
from queries.lake.demo.size import SIZES, Size
from queries.lake.lake import Lake

TODAY = date(2026, 11, 24)
TINY = Size(
    name="tiny", accounts=400, days=84, titles=900, productions=20, page_every=20, block=200,
    file_days=28,
)  # fmt: skip

BUILD = """
import sys
from tests.lake.test_demo_build import *
build(Lake(Path(sys.argv[1])), TINY, 5, today=TODAY)
"""
NUMBERS = cs.float()
EXACT = ~(NUMBERS | cs.nested())
ROUNDED_OTHERWISE = 0.001
# What was found where it was made: as text, with every digit and the hash of its files.
WITH_LAST_DIGITS = {"snapshots"}


def frames(lake: Lake) -> dict[str, pl.DataFrame]:
    snapshot = lake.snapshot()
    read = {
        name: pl.read_parquet(list(snapshot.files(name)), hive_partitioning=False)
        for name in snapshot.versions
    }
    return {n: rows.sort(rows.columns[0], maintain_order=True) for n, rows in read.items()}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("tiny"))
    build(lake, TINY, 5, today=TODAY)
    return lake


def test_the_same_seed_makes_the_same_rows(tiny: Lake, tmp_path: Path):
    other = Lake(tmp_path / "other")
    build(other, TINY, 5, today=TODAY)
    again = frames(other)
    for name, rows in frames(tiny).items():
        assert rows.equals(again[name]), name


def test_another_processor_makes_the_same_rows_but_for_last_digits(tiny: Lake, tmp_path: Path):
    """NumPy sorts and rounds by the processor: here without all that it found of this one."""
    config: Any = np.show_config(mode="dicts")
    features = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(config["SIMD Extensions"]["found"]),
        "OPENBLAS_CORETYPE": "Nehalem",
    }
    child = [sys.executable, "-c", BUILD, str(tmp_path)]
    subprocess.run(child, env={**os.environ, **features}, check=True)
    others = frames(Lake(tmp_path))
    for name, rows in frames(tiny).items():
        other = others[name]
        assert rows.height == other.height
        if name not in WITH_LAST_DIGITS:
            for column in rows.select(EXACT).columns:
                apart = rows[column].ne_missing(other[column]).sum()
                assert apart <= ROUNDED_OTHERWISE * rows.height, (name, column)
        summed = [frame.select(NUMBERS.cast(float)).sum().to_dicts() for frame in (rows, other)]
        for sums, same in zip(*summed, strict=True):
            assert same == pytest.approx(sums, rel=1e-5), name


def test_another_seed_makes_other_rows(tiny: Lake, tmp_path: Path):
    other = Lake(tmp_path / "other")
    build(other, TINY, 6, today=TODAY)
    assert not frames(tiny)["playback"].equals(frames(other)["playback"])


def test_building_again_replaces_the_company(tiny: Lake):
    before = tiny.snapshot()
    summary = build(tiny, TINY, 5, today=TODAY)
    after = tiny.snapshot(summary.data_version)
    assert after.data_version != before.data_version
    assert after.rows("playback") == before.rows("playback") == summary.rows["playback"]
    assert after.rows("accounts") == TINY.accounts


def test_progress_goes_from_nothing_to_all(tmp_path: Path):
    told: list[float] = []
    build(Lake(tmp_path), TINY, 5, today=TODAY, progress=lambda _, share: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_streams_of_dice_differ_by_purpose_and_not_by_order():
    first = dice(7, "visits", 1).random(4)
    dice(7, "other").random(9)
    assert np.array_equal(first, dice(7, "visits", 1).random(4))
    assert not np.array_equal(first, dice(7, "visits", 2).random(4))
    assert not np.array_equal(first, dice(8, "visits", 1).random(4))


def test_names_are_unique_and_seasons_are_numbered():
    clock = Clock(date(2026, 5, 28), 180)
    titles = catalogue(SIZES["M"], clock, 7)
    assert len(set(titles.names)) == SIZES["M"].titles
    assert all((": Season " in name) == season for name, season in zip(
        titles.names, titles.is_season.tolist(), strict=True
    ))  # fmt: skip
