"""Damage to a file of the lake is found, and named."""

import random
from pathlib import Path

import polars as pl

from queries.lake.lake import Change, Lake
from queries.lake.soundness import damaged
from tests.lake.rows_of_plays import plays


def test_a_sound_lake_has_no_damaged_files(tmp_path: Path):
    lake = Lake(tmp_path / "lake")
    lake.commit([Change(table="playback", rows=plays(list(range(500))))], "one")
    assert damaged(lake) == ()


def test_a_flipped_bit_is_found_or_changes_no_value(tmp_path: Path):
    lake = Lake(tmp_path / "lake")
    lake.commit([Change(table="playback", rows=plays(list(range(5000))))], "one")
    [file] = lake.snapshot().files("playback")
    sound = Path(file).read_bytes()
    footer = len(sound) - 8 - int.from_bytes(sound[-8:-4], "little")
    expected = pl.read_parquet(file)
    dice = random.Random(7)
    found = 0
    for _ in range(40):
        flipped = bytearray(sound)
        flipped[dice.randrange(4, footer)] ^= 1 << dice.randrange(8)
        Path(file).write_bytes(bytes(flipped))
        found += bool(bad := damaged(lake))
        assert bad or pl.read_parquet(file).equals(expected)
    assert found > 20
    Path(file).unlink()
    assert damaged(lake) == (file,)
