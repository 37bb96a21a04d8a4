"""Shares of a group's hours, and how they compare with those of all groups together."""

import numpy as np
import polars as pl
import pytest

from portal.tiles.mix import shares
from queries.analyses.cluster import CLUSTER, CLUSTERS

GROUPS, VALUES = ("US", "BR", "DE"), ("tv", "web")


def _frame(rng: np.random.Generator) -> pl.DataFrame:
    rows = [
        {"country": g, "device": d, CLUSTER.name: c, "hours_viewed": rng.gamma(4, 10), "plays": 50}
        for g in GROUPS
        for d in VALUES
        for c in range(CLUSTERS)
    ]
    return pl.DataFrame(rows)


def test_shares_are_those_of_the_sums_and_the_index_of_all_together_is_one():
    frame = _frame(np.random.default_rng(3))
    found = shares(frame, ("country", "device"), GROUPS)
    sums = frame.group_by("country", "device").agg(pl.col("hours_viewed").sum())
    total = float(frame["hours_viewed"].sum())
    for row in found.to_dicts():
        own = sums.filter(pl.col("country") == row["group"])
        part = own.filter(pl.col("device") == row["value"])["hours_viewed"].item()
        alike = sums.filter(pl.col("device") == row["value"])
        usual = float(alike["hours_viewed"].sum()) / total
        assert row["share"] == pytest.approx(part / own["hours_viewed"].sum())
        assert row["index"] == pytest.approx(row["share"] / usual)
        assert row["low"] < row["share"] < row["high"]
        assert row["index_low"] < row["index"] < row["index_high"]
    assert found.group_by("group").agg(pl.col("share").sum())["share"].to_list() == pytest.approx(
        [1.0] * len(GROUPS)
    )
    assert shares(frame, ("country", "device"), GROUPS[:1]).height == len(VALUES)


def test_an_interval_of_a_share_covers_the_true_one():
    rng = np.random.default_rng(11)
    held = 0
    worlds = 300
    for _ in range(worlds):
        (row,) = (
            shares(_frame(rng), ("country", "device"), GROUPS[:1])
            .filter(pl.col("value") == "tv")
            .to_dicts()
        )
        held += row["low"] <= 0.5 <= row["high"]
    assert 0.91 <= held / worlds <= 0.98


def test_what_few_accounts_watched_is_withheld_with_what_would_give_it_away():
    frame = _frame(np.random.default_rng(5)).filter(
        (pl.col("country") != "DE") | (pl.col("device") != "web") | (pl.col(CLUSTER.name) < 9)
    )
    found = shares(frame, ("country", "device"), GROUPS)
    few = found.filter(pl.col("group") == "DE")
    assert few["share"].to_list() == [None, None]
    assert found.filter(pl.col("group") != "DE")["share"].null_count() == 0


def test_rows_of_nobody_do_not_make_few_accounts_many():
    frame = _frame(np.random.default_rng(5)).filter(
        (pl.col("country") != "DE") | (pl.col("device") != "web") | (pl.col(CLUSTER.name) < 3)
    )
    is_web = (pl.col("country") == "DE") & (pl.col("device") == "tv")
    nobodys = frame.filter(is_web).with_columns(
        pl.lit("web").alias("device"), pl.col(CLUSTER.name) + CLUSTERS
    )
    found = shares(pl.concat([frame, nobodys]), ("country", "device"), GROUPS)
    assert found.filter(pl.col("group") == "DE")["share"].to_list() == [None, None]


def test_a_share_of_few_accounts_has_a_width_and_holds_the_true_one():
    rng = np.random.default_rng(19)
    hours, people = 6, 15
    held: list[bool] = []
    for _ in range(150):
        whose = rng.integers(0, CLUSTERS, people)
        watched = rng.dirichlet(np.ones(hours), people) * rng.gamma(1, 20, (people, 1))
        frame = pl.DataFrame(
            {
                "country": "KR",
                "hour": np.tile(np.arange(hours), people),
                CLUSTER.name: np.repeat(whose, hours),
                "hours_viewed": watched.ravel(),
                "plays": 3,
            }
        )
        found = shares(frame, ("country", "hour"), ["KR"]).drop_nulls("share")
        held += ((found["low"] <= 1 / hours) & (found["high"] >= 1 / hours)).to_list()
    assert np.mean(held) >= 0.92
    one = _frame(rng).filter(pl.col("device") == "tv").with_columns(plays=1)
    (row,) = shares(one, ("country", "device"), GROUPS[:1]).to_dicts()
    assert row["share"] == row["high"] == 1
    assert row["low"] < 1
