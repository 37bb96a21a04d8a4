"""Comparables: distances and errors against plain loops."""

from math import log
from statistics import mean, stdev
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist

from queries.analyses.comparables import (
    NEIGHBOURS,
    Programme,
    distances,
    left_out_errors,
    nearest,
    quantiles,
    reasons,
)

TAGS = ("heist", "twist", "revenge", "period", "workplace")
PROGRAMME = Programme("season", "drama", ("heist", "twist"), 2e7, "en", "US", 8)


def past(count: int = 40, seed: int = 1) -> pl.DataFrame:
    dice = np.random.default_rng(seed)
    kind = dice.choice(["film", "season"], count)
    return pl.DataFrame(
        {
            "title_id": np.arange(1, count + 1),
            "kind": kind,
            "genre": dice.choice(["drama", "comedy", "crime"], count),
            "tags": [" · ".join(sorted(dice.choice(TAGS, 2, replace=False))) for _ in range(count)],
            "budget_usd": np.exp(dice.normal(16, 1, count)),
            "original_language": dice.choice(["en", "es", "ko"], count),
            "origin_country": dice.choice(["US", "ES", "KR"], count),
            "episodes": np.where(kind == "film", 1, dice.integers(4, 12, count)),
            "views": dice.gamma(2, 50, count),
        }
    )


def by_hand(one: dict[str, Any], other: dict[str, Any], scale: pl.DataFrame) -> float:
    """The distance as it is written down."""
    total = 3.0 * (one["kind"] != other["kind"]) + 1.5 * (one["genre"] != other["genre"])
    total += one["original_language"] != other["original_language"]
    total += 0.5 * (one["origin_country"] != other["origin_country"])
    for column, weight in (("budget_usd", 2.5), ("episodes", 0.5)):
        spread = float(np.std([log(v) for v in scale[column].to_list()]))
        total += weight * min(abs(log(one[column]) - log(other[column])) / (2 * spread), 1)
    mine, theirs = (set(row["tags"].split(" · ")) for row in (one, other))
    total += 2.5 * (1 - len(mine & theirs) / len(mine | theirs))
    return total / 11.5


def test_distances_are_those_of_a_plain_loop():
    frame = past()
    rows = frame.to_dicts()
    wanted = [[by_hand(one, other, frame) for other in rows] for one in rows]
    assert distances(frame, frame, frame) == pytest.approx(np.array(wanted))


def test_the_nearest_are_the_nearest_of_all():
    frame = past()
    row = PROGRAMME.row().to_dicts()[0]
    wanted = sorted((round(by_hand(row, r, frame), 9), r["title_id"]) for r in frame.to_dicts())
    found = nearest(frame, PROGRAMME)
    assert found["title_id"].to_list() == [title for _, title in wanted]


def test_what_is_left_out_by_hand_is_not_among_them_and_the_others_stay_in_order():
    frame = past()
    everything = nearest(frame, PROGRAMME)["title_id"].to_list()
    out = frozenset(everything[:3])
    assert nearest(frame, PROGRAMME, out)["title_id"].to_list() == everything[3:]


def test_the_order_of_launches_changes_nothing():
    frame = past()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    assert nearest(frame, PROGRAMME).equals(nearest(shuffled, PROGRAMME))


def test_errors_are_those_of_leaving_each_launch_out():
    frame = past()
    y = np.log(frame["views"].to_numpy())
    far = distances(frame, frame, frame)
    wanted: list[float] = []
    for i in range(frame.height):
        others = sorted((far[i, j], j) for j in range(frame.height) if j != i)[:NEIGHBOURS]
        wanted.append(y[i] - mean(y[j] for _, j in others))
    assert left_out_errors(frame, y) == pytest.approx(wanted)


def test_the_interval_of_comparables_covers_four_of_five():
    """60 worlds of 90 launches, the last ten of which are new."""
    inside: list[float] = []
    for seed in range(60):
        frame = past(100, seed)
        y = np.log(frame["views"].to_numpy()) + (frame["kind"] == "season").to_numpy()
        known = frame.head(90)
        errors = left_out_errors(known, y[:90])
        hits = 0
        for i in range(90, 100):
            near = distances(frame[i : i + 1], known, known)[0].argsort()[:NEIGHBOURS]
            ends = quantiles(y[near], errors)
            hits += ends[0] <= y[i] <= ends[-1]
        inside.append(hits / 10)
    assert mean(inside) >= 0.8 - 3 * stdev(inside) / len(inside) ** 0.5


def test_reasons_name_what_is_shared_and_what_is_not():
    launch = {
        "genre": "crime", "original_language": "en", "origin_country": "US",
        "tags": "heist · revenge", "budget_usd": 6e7,
    }  # fmt: skip
    assert reasons(PROGRAMME, launch) == (
        "same language, country", "heist", "crime, not drama", "3× the cost",
    )  # fmt: skip


def test_distances_are_a_weighted_mean_of_those_of_scipy():
    """Hamming of what is the same or not, Jaccard of tags, and distances of numbers up to one."""
    frame = past(50, 4)
    same = ("kind", "genre", "original_language", "origin_country")
    codes = np.column_stack([frame[c].rank("dense").to_numpy() for c in same]).astype(float)
    weights = np.array([3, 1.5, 1, 0.5])
    wanted = weights.sum() * cdist(codes, codes, "hamming", w=weights)
    tags = np.array([[tag in row for tag in TAGS] for row in frame["tags"]])
    wanted += 2.5 * cdist(tags, tags, "jaccard")
    for column, weight in (("budget_usd", 2.5), ("episodes", 0.5)):
        logs = np.log(frame[column].to_numpy().astype(float))[:, None]
        wanted += weight * np.minimum(cdist(logs, logs, "seuclidean", V=[(2 * logs.std()) ** 2]), 1)
    assert distances(frame, frame, frame) == pytest.approx(wanted / 11.5, abs=1e-9)
