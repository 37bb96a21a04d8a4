"""One scene: exact small cases, intervals that hold in ordinary worlds, and handfuls withheld."""

from math import isnan

import numpy as np
import polars as pl
import pytest

from queries.analyses.cluster import CLUSTERS
from queries.analyses.one_scene import Done, came, done, leaving, times
from queries.analyses.scenes import Part, lost, positions, standing_apart, whole_curves
from queries.analyses.survival import Counts, clustered_log_rank, log_rank

SCENE = (20, 40)


def world(
    dice: np.random.Generator, plays: int, hazard: float = 0.01
) -> tuple[Counts, pl.DataFrame]:
    """Plays of accounts of different patience, and their pauses, as many anywhere they watch."""
    accounts = max(plays // 3, 1)
    who = dice.integers(0, accounts, plays)
    patience = dice.gamma(4, 0.25, accounts)[who]
    left = np.floor(np.minimum(dice.exponential(1, plays) / (hazard * patience), 100))
    cluster = dice.integers(0, CLUSTERS, accounts)[who]
    exits = pl.DataFrame({"position": left, "was_left": left < 100, "cluster": cluster, "rows": 1})
    entries = pl.DataFrame({"start_position": np.zeros(plays), "cluster": cluster, "rows": 1})
    eager = dice.gamma(2, 0.005, accounts)[who]
    pauses = dice.poisson(eager * left)
    position = np.floor(dice.random(pauses.sum()) * np.repeat(left, pauses))
    paused = pl.DataFrame(
        {
            "interaction": "pause",
            "position": position,
            "cluster": np.repeat(cluster, pauses),
            "interactions": 1,
        }
    )
    return positions(entries, exits), paused


def test_those_who_come_and_those_who_leave_are_counted_by_hand():
    entries = pl.DataFrame({"start_position": [0, 30, 60], "rows": [10, 10, 5]})
    exits = pl.DataFrame(
        {
            "position": [10, 25, 35, 100],
            "was_left": [True, True, True, False],
            "rows": [2, 4, 2, 17],
        }
    )
    counted = positions(entries, exits)
    assert came(counted, *SCENE).sum() == 8 + 10
    assert lost(counted, *SCENE) == pytest.approx(1 - (1 - 4 / 8) * (1 - 2 / 14))


def test_the_share_that_leaves_is_that_of_statsmodels_with_late_entry():
    """statsmodels 0.15.0, SurvfuncRight with `entry`: survival before 20 and before 40."""
    entry = [0] * 8 + [25, 25, 30, 30, 0, 0, 0]
    time = [22, 24, 26, 31, 31, 35, 60, 100, 28, 45, 33, 100, 12, 38, 39]
    left = [n not in (2, 7, 11, 14) for n in range(15)]
    plays = pl.DataFrame(
        {"start_position": entry, "position": time, "was_left": left, "rows": 1}
    ).join(pl.DataFrame({"cluster": range(CLUSTERS)}), how="cross")
    found = leaving(positions(plays, plays), *SCENE)
    assert found.value == pytest.approx(1 - 0.3232323232 / 0.9090909091, abs=1e-9)
    # Every cluster has the same plays, so nothing varies.
    assert found.low == pytest.approx(found.value)


def test_intervals_of_a_scene_hold_the_truth_as_often_as_they_say():
    dice, loads = np.random.default_rng(11), 200
    big, everything = world(dice, 200_000)
    truth, usual = leaving(big, *SCENE).value, done(everything, big, SCENE, "pause")
    held = np.zeros(4)
    for _ in range(loads):
        own, paused = world(dice, 1_500)
        found = leaving(own, *SCENE)
        against = times(own, big, *SCENE)
        did = done(paused, own, SCENE, "pause")
        held += [
            found.low <= truth <= found.high,
            against.low <= 1 <= against.high,
            did.per_hundred.low <= usual.per_hundred.value <= did.per_hundred.high,
            did.times.low <= usual.times.value <= did.times.high,
        ]
    assert (held / loads >= 0.9).all(), held / loads
    assert (held / loads <= 0.99).all(), held / loads


def test_what_a_handful_do_in_a_scene_is_withheld_and_nothing_is_nothing():
    dice = np.random.default_rng(12)
    own, paused = world(dice, 1_500)
    inside = pl.col("position").is_between(SCENE[0], SCENE[1] - 1)
    few = paused.filter(~inside | (pl.col("cluster") < 9))
    found = done(few, own, SCENE, "pause")
    assert found.is_withheld
    assert isnan(found.per_hundred.value)
    assert isnan(found.times.value)
    ten = done(paused.filter(~inside | (pl.col("cluster") < 10)), own, SCENE, "pause")
    assert not ten.is_withheld
    none: Done = done(paused, own, SCENE, "rewind")
    assert none.count == 0
    assert none.per_hundred.value == 0
    handful, _ = world(dice, 9)
    assert isnan(leaving(handful, *SCENE).value)


def test_rows_that_name_nobody_make_no_crowd():
    dice = np.random.default_rng(13)
    own, paused = world(dice, 1_500)
    nobody = paused.with_columns(pl.col("cluster") + CLUSTERS)
    few = pl.concat([nobody, paused.filter(pl.col("cluster") < 3)])
    assert done(few, own, SCENE, "pause").is_withheld


def test_a_whole_curve_is_told_apart_as_often_as_chance_allows_and_when_it_is_apart():
    dice = np.random.default_rng(14)
    others, _ = world(dice, 20_000)
    parts = [Part("Any", n, world(dice, 1_200)[0], others) for n in range(200)]
    assert (whole_curves(parts)["p"] < 0.05).sum() <= 0.09 * len(parts)
    worse = Part("Any", 1, world(dice, 1_200, 0.015)[0], others)
    (row,) = standing_apart(whole_curves([worse])).to_dicts()
    assert row["low"] < 1.5 < row["high"] + 0.1
    assert row["ratio"] == pytest.approx(row["left"] / row["expected"])


def test_the_clustered_log_rank_keeps_its_level_where_the_plain_one_does_not():
    dice, loads = np.random.default_rng(15), 300
    rejected = np.zeros(2)
    for _ in range(loads):
        groups = [_alike(dice) for _ in range(3)]
        rejected += [clustered_log_rank(groups).p < 0.05, log_rank(groups).p < 0.05]
    clustered, plain = rejected / loads
    assert 0.015 <= clustered <= 0.09
    assert plain > 0.15


def _alike(dice: np.random.Generator) -> Counts:
    """Few accounts with many plays each that resemble one another."""
    accounts, each = 60, 20
    patience = np.repeat(dice.gamma(2, 0.5, accounts), each)
    cluster = np.repeat(dice.integers(0, CLUSTERS, accounts), each)
    left = np.floor(np.minimum(dice.exponential(1, len(patience)) / (0.01 * patience), 100))
    exits = pl.DataFrame({"position": left, "was_left": left < 100, "cluster": cluster, "rows": 1})
    return positions(exits.select("cluster", "rows", start_position=pl.lit(0)), exits)


def test_an_episode_that_one_cluster_alone_leaves_has_no_ratio_and_no_chance():
    plays = pl.DataFrame({"cluster": range(200), "rows": 2})
    entries = plays.with_columns(start_position=pl.lit(0.0))
    stayed = plays.with_columns(position=pl.lit(100.0), was_left=pl.lit(value=False))
    first, rest = pl.col("cluster") == 0, pl.col("cluster") > 0
    one = stayed.with_columns(
        position=pl.when(first).then(50.0).otherwise("position"), was_left=first
    )
    many = stayed.with_columns(position=pl.when(rest).then(50.0).otherwise("position"))
    many = many.with_columns(was_left=rest)
    own, others = positions(entries, one), positions(entries, many)
    row = whole_curves([Part("A", 1, own, others)]).row(0, named=True)
    assert (row["left"], row["ratio"], row["low"], row["high"], row["q"]) == (
        2,
        None,
        None,
        None,
        1,
    )


def test_an_episode_that_a_handful_of_accounts_watches_elsewhere_is_held_against_nothing():
    dice = np.random.default_rng(3)
    own, _ = world(dice, 900)
    many = pl.DataFrame({"cluster": [n % 9 for n in range(900)], "rows": 1})
    others = positions(
        many.with_columns(start_position=pl.lit(0.0)),
        many.with_columns(position=pl.lit(40.0), was_left=pl.lit(value=True)),
    )
    assert whole_curves([Part("A", 1, own, own)]).height == 1
    assert whole_curves([Part("A", 1, own, others)]).is_empty()
