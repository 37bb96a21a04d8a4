"""What members were shown: metrics against plain loops over the rows of the demo."""

from collections import defaultdict
from math import log, log2
from statistics import mean

import duckdb
import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from tests.queries.derived_demo import Demo, Row, together

pytestmark = pytest.mark.demo


def ranked(request: list[Row]) -> tuple[list[bool], set[int], set[int]]:
    """Of a request's seen slots in reading order: whether each title was played, which were, and
    which stood in the first 3 rows and 4 columns.
    """
    played = {r["title_id"] for r in request if r["played"]}
    in_view = {r["title_id"] for r in request if r["row_pos"] <= 3 and r["col_pos"] <= 4}
    order = dict.fromkeys(r["title_id"] for r in request)
    return [title in played for title in order], played, in_view


def precisions(hits: list[bool]) -> list[float]:
    """The precision at the place of each hit among the first ten."""
    return [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits[:10]) if hit]


def test_how_far_up_the_played_lies(demo: Demo):
    found: dict[str, list[float]] = defaultdict(list)
    for request in together(demo.seen, "request_id").values():
        hits, played, in_view = ranked(request)
        found["page_take_rate"].append(bool(played))
        found["plays_per_page"].append(sum(bool(r["played"]) for r in request))
        found["hit_rate"].append(any(hits[:10]))
        found["reciprocal_rank"].append(1 / (hits.index(True) + 1) if played else 0)
        if not played:
            continue
        gain = sum(1 / log2(i + 2) for i, hit in enumerate(hits[:10]) if hit)
        ideal = sum(1 / log2(i + 2) for i in range(min(10, len(played))))
        found["ndcg"].append(gain / ideal)
        found["average_precision"].append(sum(precisions(hits)) / len(played))
        found["recall"].append(sum(hits[:10]) / len(played))
        found["recall_in_view"].append(len(played & in_view) / len(played))
    asked = demo.asked("page_requests", policy="pvr_v2")
    assert len(found["ndcg"]) > 1_000
    for name, values in found.items():
        assert asked[name] == pytest.approx(mean(values)), name


@pytest.mark.parametrize("policy", ["pvr_v2", "popularity"])
def test_a_slate_weighs_one_plus_its_slots_weights_less_one(demo: Demo, policy: str):
    values, weights, plays = list[float](), list[float](), list[float]()
    for request in together(demo.seen, "request_id").values():
        chosen = [r for r in request if policy in (r["targets"] or {})]
        if not chosen:
            continue
        ratios = [r["targets"][policy] / r["propensity"] for r in chosen]
        weights.append(sum(ratios) - len(ratios) + 1)
        plays.append(sum(bool(r["played"]) for r in request))
        values.append(plays[-1] * weights[-1])
    asked = demo.asked("page_requests", policy=policy)
    assert asked["slate_value"] == pytest.approx(mean(values))
    assert asked["slate_logged_value"] == pytest.approx(mean(plays))
    assert asked["slate_mean_weight"] == pytest.approx(mean(weights))
    error = np.std(weights) / np.sqrt(len(weights))
    assert abs(mean(weights) - 1) < 4 * error


def test_diversity_is_over_pairs_of_a_row_and_precision_over_five(demo: Demo):
    unlike, precise = list[float](), list[float]()
    vectors = {t: np.array(r["embedding"], dtype=float) for t, r in demo.titles.items()}
    units = {t: v / np.linalg.norm(v) for t, v in vectors.items()}
    for row in together(demo.seen, "request_id", "row_pos").values():
        precise.append(sum(bool(r["played"]) for r in row if r["col_pos"] <= 5) / 5)
        shown = sorted({r["title_id"] for r in row})
        pairs = [(a, b) for i, a in enumerate(shown) for b in shown[i + 1 :]]
        if pairs:
            unlike.append(mean(1 - float(units[a] @ units[b]) for a, b in pairs))
    asked = demo.asked("page_rows")
    assert len(unlike) > 1_000
    assert asked["diversity"] == pytest.approx(mean(unlike), rel=1e-5)
    assert asked["precision"] == pytest.approx(mean(precise))


def test_each_ranker_s_rows_are_ranked_as_scikit_learn_and_a_loop_say(demo: Demo):
    """sklearn.metrics.ndcg_score with binary relevance: its ideal is over min(k, relevant) too."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    alike: dict[str, dict[int, list[list[bool]]]] = defaultdict(lambda: defaultdict(list))
    for listed in together(demo.seen, "request_id", "row_pos").values():
        ranker, row = listed[0]["ranker"], found[listed[0]["ranker"]]
        order = sorted(listed, key=lambda r: (r["col_pos"], r["title_id"]))
        hits, played, in_view = ranked(order)
        row["titles_per_row"].append(len(listed))
        row["hit_rate"].append(any(hits[:10]))
        row["hit_rate_5"].append(any(hits[:5]))
        row["reciprocal_rank"].append(1 / (hits.index(True) + 1) if played else 0)
        if not played:
            continue
        gain = sum(1 / log2(i + 2) for i, hit in enumerate(hits[:5]) if hit)
        row["ndcg_5"].append(gain / sum(1 / log2(i + 2) for i in range(min(5, len(played)))))
        row["average_precision"].append(sum(precisions(hits)) / len(played))
        row["recall_in_view"].append(len(played & in_view) / len(played))
        alike[ranker][len(hits)].append(hits)
    answer = demo.by("page_rows", "ranker")
    assert set(answer) == set(found) > {"pvr", "trending", "continue_watching", "similar"}
    for ranker, measures in found.items():
        total = sum(
            len(same) * (ndcg_score(same, [range(n, 0, -1)] * len(same), k=10) if n > 1 else 1.0)
            for n, same in alike[ranker].items()
        )
        lists = sum(map(len, alike[ranker].values()))
        assert answer[ranker]["ndcg"] == pytest.approx(total / lists), ranker
        for name, values in measures.items():
            assert answer[ranker][name] == pytest.approx(mean(values)), (ranker, name)
    assert sum(len(measures["ndcg_5"]) for measures in found.values()) > 1_000


def shares(rows: list[Row], titles: dict[int, Row], amount: str) -> dict[str, float]:
    by_genre: dict[str, float] = defaultdict(float)
    for row in rows:
        by_genre[titles[row["title_id"]]["genre"]] += row[amount]
    total = sum(by_genre.values())
    return {g: a / total for g, a in by_genre.items() if a > 0}


def test_rankers_are_calibrated_by_ten_titles_each_of_one_account_in_eight(demo: Demo):
    hashed = {
        key: dict(duckdb.execute("SELECT n, hash(n) FROM unnest($1) AS t(n)", [numbers]).fetchall())
        for key in ("account_id", "impression_id")
        for numbers in [sorted({r[key] for r in demo.seen})]
    }
    plays = [p | {"month": p["local_date"].replace(day=1)} for p in demo.plays]
    watched = together(plays, "account_id", "month")
    seen = [
        s | {"month": s["local_date"].replace(day=1), "one": 1}
        for s in demo.seen
        if hashed["account_id"][s["account_id"]] % 8 == 0
    ]
    divergences: dict[str, list[float]] = defaultdict(list)
    for (account, month, ranker), rows in together(seen, "account_id", "month", "ranker").items():
        if len(rows) < 10 or (account, month) not in watched:
            continue
        p = shares(watched[account, month], demo.titles, "watched_s")
        ten = sorted(rows, key=lambda r: hashed["impression_id"][r["impression_id"]])[:10]
        q = shares(ten, demo.titles, "one")
        terms = [p[g] * log(p[g] / (0.99 * q.get(g, 0.0) + 0.01 * p[g])) for g in p]
        divergences[ranker].append(sum(terms))
    answer = demo.by("ranker_calibration", "ranker")
    assert sum(map(len, divergences.values())) > 200
    assert set(answer) == set(divergences)
    for ranker, values in divergences.items():
        assert answer[ranker]["ranker_miscalibration"] == pytest.approx(mean(values)), ranker


def test_calibration_is_steck_s_divergence_by_account_and_month(demo: Demo):
    plays = [p | {"month": p["local_date"].replace(day=1)} for p in demo.plays]
    seen = [s | {"month": s["local_date"].replace(day=1)} for s in demo.seen]
    shown = together(seen, "account_id", "month")
    divergences: list[float] = []
    for key, watched in together(plays, "account_id", "month").items():
        p = shares(watched, demo.titles, "watched_s")
        if not p or key not in shown:
            continue
        q = shares(shown[key], demo.titles, "sample_w")
        divergences.append(sum(p[g] * log(p[g] / (0.99 * q.get(g, 0.0) + 0.01 * p[g])) for g in p))
    assert len(divergences) > 1_000
    assert min(divergences) > -1e-9
    assert demo.asked("calibration")["miscalibration"] == pytest.approx(mean(divergences))
