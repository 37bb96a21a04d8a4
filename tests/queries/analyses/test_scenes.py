"""Scenes that lose viewers: the planted one, none in ordinary worlds, and exact small cases."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import CensoredData, ecdf

from queries.analyses.cluster import CLUSTERS, Scope
from queries.analyses.scenes import (
    GRID,
    LAST,
    Part,
    at_risk,
    losing,
    lost,
    positions,
    positions_by,
    question,
    questions,
    scenes,
    whole_curves,
)
from queries.analyses.survival import Counts
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter, conjunction
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.period import Period
from queries.warehouse import Warehouse


def watched(dice: np.random.Generator, plays: int, scene: tuple[int, int, float] | None) -> Counts:
    """Plays by accounts of different patience; some leave within the scene besides."""
    accounts = max(plays // 3, 1)
    who = dice.integers(0, accounts, plays)
    patience = dice.gamma(4, 0.25, accounts)[who]
    left = np.minimum(dice.exponential(1, plays) / (0.012 * patience), 100)
    if scene is not None:
        first, last, share = scene
        caught = (left > first) & (dice.random(plays) < share)
        left = np.where(caught, np.minimum(left, dice.uniform(first, last, plays)), left)
    cluster = dice.integers(0, CLUSTERS, accounts)[who]
    exits = pl.DataFrame(
        {"position": np.floor(left), "was_left": left < 100, "cluster": cluster, "rows": 1}
    )
    entries = pl.DataFrame({"start_position": np.zeros(plays), "cluster": cluster, "rows": 1})
    return positions(entries, exits)


def season(dice: np.random.Generator, bad: int | None) -> list[Part]:
    """Five episodes of a title beside comparables; one may have a scene."""
    return [
        Part(
            "Any",
            number,
            watched(dice, 1_500, (15, 25, 0.2) if number == bad else None),
            watched(dice, 6_000, None),
        )
        for number in range(1, 6)
    ]


def test_in_worlds_without_a_bad_scene_at_most_a_few_in_a_hundred_claim_one():
    dice = np.random.default_rng(1)
    claims = sum(losing(scenes(season(dice, None))).height > 0 for _ in range(100))
    assert claims <= 7


def test_the_scene_that_loses_a_fifth_is_the_one_that_is_named():
    dice = np.random.default_rng(2)
    for _ in range(5):
        parts = season(dice, 3)
        found = losing(scenes(parts))
        assert found["episode"].to_list() == [3]
        assert found["start"][0] in (10, 15, 20)
        assert found["end"][0] in (20, 25, 30)
        assert found["rate"][0] > 2 * found["usual"][0]
        curves = whole_curves(parts).sort("q")
        assert curves["episode"][0] == 3
        assert curves["q"][0] < 0.05


def test_those_who_resume_are_at_risk_from_there_only():
    entries = pl.DataFrame({"start_position": [0, 0, 50], "rows": [2, 1, 3]})
    exits = pl.DataFrame(
        {"position": [10, 60, 100], "was_left": [True, True, False], "rows": [1, 2, 3]}
    )
    counted = positions(entries, exits)
    came = at_risk(counted).sum(axis=1)
    assert [came[p] for p in (0, 10, 11, 49, 50, 60, 61, 100)] == [3, 3, 2, 2, 5, 5, 3, 3]
    assert lost(counted, 0, 20) == pytest.approx(1 / 3)
    assert lost(counted, 0, 101) == pytest.approx(1 - (2 / 3) * (3 / 5))
    assert len(came) == len(GRID)


def test_the_order_of_rows_changes_nothing():
    dice = np.random.default_rng(3)
    exits = pl.DataFrame(
        {
            "position": dice.integers(0, 101, 500),
            "was_left": dice.random(500) < 0.6,
            "cluster": dice.integers(0, CLUSTERS, 500),
            "rows": 1,
        }
    )
    entries = exits.select("cluster", "rows", start_position=pl.lit(0))
    first = positions(entries, exits)
    second = positions(entries.reverse(), exits.sample(fraction=1, shuffle=True, seed=1))
    assert np.array_equal(first.events, second.events)
    assert np.array_equal(first.censored, second.censored)


def test_a_window_that_few_reach_is_not_judged():
    dice = np.random.default_rng(4)
    few = Part("Any", 1, watched(dice, 150, None), watched(dice, 6_000, None))
    assert scenes([few]).is_empty()


def test_how_many_would_leave_is_the_cumulated_hazard_of_comparables_by_scipy():
    """Whoever leaves or stops at a place has met the comparables' hazard up to there."""
    dice = np.random.default_rng(9)
    (own, was_left), (others, others_left) = (
        (np.minimum(np.floor(dice.exponential(mean, n)), 100), dice.random(n) < 0.7)
        for mean, n in ((40, 900), (60, 3_000))
    )

    def counted(places: np.ndarray, left: np.ndarray) -> Counts:
        frame = pl.DataFrame({"position": places, "was_left": left}).with_columns(
            start_position=0.0, rows=1, cluster=pl.int_range(pl.len()) % CLUSTERS
        )
        return positions(frame, frame)

    part = Part("Any", 1, counted(own, was_left), counted(others, others_left))
    curve = ecdf(CensoredData(uncensored=others[others_left], right=others[~others_left])).sf
    places = np.arange(LAST)
    survival = np.concatenate([[1.0], curve.evaluate(places)])
    cumulated = np.concatenate([[0.0], np.cumsum(1 - survival[1:] / survival[:-1])])
    row = whole_curves([part]).row(0, named=True)
    met = np.minimum(own, LAST - 1).astype(int)
    assert row["expected"] == pytest.approx(cumulated[met + 1].sum())
    assert row["left"] == (was_left & (own < LAST)).sum()
    first = scenes([part]).sort("start").row(0, named=True)
    assert first["expected"] == pytest.approx(cumulated[np.minimum(own, 4).astype(int) + 1].sum())


@pytest.mark.demo
def test_the_bad_cut_of_the_demo_company_is_the_only_scene_of_its_title(demo_home: Path):
    lake = Lake(demo_home / "lake")
    warehouse = Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())
    truths = pl.read_parquet(list(lake.snapshot().files("truths")))
    (truth,) = truths.filter(pl.col("name") == "bad_cut").iter_rows(named=True)
    planted = json.loads(truth["where"])
    title, episode = divmod(planted["video_id"], 100)
    playback = warehouse.dataset("playback")
    last = warehouse.latest(playback)
    kind = Filter(playback.dimension("kind"), "in", ("season",))
    answers: list[pl.DataFrame] = []
    for operation in ("in", "not in"):
        chosen = Filter(playback.dimension("title_id"), operation, (title,))
        scope = Scope(playback, Period(last - timedelta(83), last), conjunction(kind, chosen))
        answers += [warehouse.ask(q, Access()).frame for q in questions(scope)]
    together = warehouse.ask(question(scope), Access()).frame
    in_one = positions_by(together, together, ("episode",))
    for key, apart in positions_by(answers[2], answers[3], ("episode",)).items():
        assert (apart.events == in_one[key].events).all()
        assert (at_risk(apart) == at_risk(in_one[key])).all()
    numbers = answers[1]["episode"].unique().sort().to_list()
    sides = [
        [positions(*(f.filter(pl.col("episode") == n) for f in answers[i : i + 2])) for i in (0, 2)]
        for n in numbers
    ]
    found = losing(
        scenes([Part("", n, own, rest) for n, (own, rest) in zip(numbers, sides, strict=True)])
    )
    assert found["episode"].to_list() == [episode]
    videos = pl.read_parquet(list(lake.snapshot().files("videos")))
    runtime = videos.filter(pl.col("video_id") == planted["video_id"])["runtime_s"][0]
    start, end = (found[name][0] / 100 * runtime for name in ("start", "end"))
    assert start < planted["to_s"]
    assert end > planted["from_s"]
