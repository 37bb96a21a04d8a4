"""Metrics of derived tables against the same worked out by plain loops over the demo's rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from math import log, log2
from pathlib import Path
from statistics import mean, median
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import ndcg_score

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.model import Query
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo

Row = dict[str, Any]
FOUR_WEEKS = timedelta(days=28)


class Demo:
    """The demo's tables as rows, and what the warehouse says of its datasets."""

    def __init__(self, home: Path, engine: DuckDBEngine) -> None:
        self.warehouse = Warehouse(
            Lake(home / "lake"), engine, FrameCache(None), builtin(), fewest=0
        )
        self.tables = self.warehouse.snapshot()
        complete = self.tables.complete_through("playback")
        assert complete is not None
        self.complete: date = complete
        self.titles = {r["title_id"]: r for r in self.rows("titles")}

    def rows(self, table: str, *columns: str) -> list[Row]:
        files = list(self.tables.files(table))
        return pl.read_parquet(files, columns=list(columns) or None).to_dicts()

    @cached_property
    def plays(self) -> list[Row]:
        """What members played."""
        names = (
            "account_id", "title_id", "video_id", "local_date", "start_ts", "watched_s",
            "max_pos_s", "runtime_s", "outcome", "account_kind",
        )  # fmt: skip
        found = self.rows("playback", *names)
        return [r for r in found if r["outcome"] == "played" and r["account_kind"] == "member"]

    @cached_property
    def seen(self) -> list[Row]:
        """What members saw, in reading order."""
        names = (
            "impression_id", "account_id", "request_id", "title_id", "row_pos", "col_pos", "ranker",
            "local_date", "played", "seen", "targets", "propensity", "sample_w", "account_kind",
        )  # fmt: skip
        found = self.rows("impressions", *names)
        kept = [r for r in found if r["seen"] and r["account_kind"] == "member"]
        return sorted(kept, key=lambda r: (r["request_id"], r["row_pos"], r["col_pos"]))

    def asked(self, dataset: str, **parameters: str) -> Row:
        found = self.warehouse.dataset(dataset)
        metrics = tuple(m.bind(parameters) for m in found.metrics)
        query = Query(dataset=found, metrics=metrics)
        return self.warehouse.ask(query, Access()).frame.row(0, named=True)

    def by(self, dataset: str, dimension: str) -> dict[str, Row]:
        """All metrics of a dataset, by the values of a dimension."""
        found = self.warehouse.dataset(dataset)
        query = Query(dataset=found, metrics=found.metrics, by=(found.dimension(dimension),))
        frame = self.warehouse.ask(query, Access()).frame
        return {row[dimension]: row for row in frame.iter_rows(named=True)}


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Iterator[Demo]:
    engine = DuckDBEngine(memory="1GB")
    yield Demo(demo_home, engine)
    engine.close()


def together(rows: list[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[k] for k in keys)].append(row)
    return groups


def ended(play: Row) -> bool:
    return play["max_pos_s"] >= 0.9 * play["runtime_s"]


def first_day(plays: list[Row]) -> date:
    return min(p["local_date"] for p in plays)


def day_reached(amounts: list[tuple[date, float]], wanted: float) -> date | None:
    """The day on which a running total first is as much as wanted."""
    total = 0.0
    for day, amount in sorted(amounts):
        total += amount
        if total >= wanted:
            return day
    return None


def days_to_finish(plays: list[Row], title: Row) -> int | None:
    """Days from the first play to the end of nine episodes in ten."""
    episodes = together([p for p in plays if ended(p)], "video_id").values()
    last = day_reached([(first_day(e), 1) for e in episodes], 0.9 * title["episodes_n"])
    return (last - first_day(plays)).days if last else None


def test_completion_and_episodes_of_the_audience(demo: Demo):
    asked = demo.asked("audience")
    starters, completers, completed = 0, set[int](), 0
    seasons, episodes, finished = 0, 0, list[int]()
    for (account, title_id), plays in together(demo.plays, "account_id", "title_id").items():
        first, title = first_day(plays), demo.titles[title_id]
        is_starter = max(p["watched_s"] for p in plays) >= 120
        if not is_starter or first + timedelta(27) > demo.complete:
            continue
        early = [p for p in plays if p["local_date"] < first + FOUR_WEEKS]
        starters += 1
        if sum(p["watched_s"] for p in early) >= 0.9 * title["runtime_s"]:
            completed += 1
            completers.add(account)
        if title["kind"] == "season":
            seasons += 1
            episodes += len({p["video_id"] for p in early if ended(p)})
            days = days_to_finish(plays, title)
            finished += [days] if days is not None and days < 28 else []
    assert starters > 5_000
    assert asked["completers"] == len(completers)
    assert asked["completion_rate"] == pytest.approx(completed / starters)
    assert asked["episodes_per_starter"] == pytest.approx(episodes / seasons)
    assert asked["finish_rate"] == pytest.approx(len(finished) / seasons)
    assert len(finished) > 100
    assert asked["days_to_finish"] == pytest.approx(median(finished))


def test_binges(demo: Demo):
    binged: list[bool] = []
    for (_, title_id), plays in together(demo.plays, "account_id", "title_id").items():
        first = first_day(plays)
        if demo.titles[title_id]["kind"] != "season" or first + timedelta(27) > demo.complete:
            continue
        days = together([p for p in plays if p["local_date"] < first + FOUR_WEEKS], "local_date")
        binged.append(any(len({p["video_id"] for p in day}) >= 3 for day in days.values()))
    assert sum(binged) > 100
    assert demo.asked("audience")["binge_rate"] == pytest.approx(mean(binged))


def test_what_was_left_is_resumed_within_14_days(demo: Demo):
    resumed: list[bool] = []
    for plays in together(demo.plays, "account_id", "title_id").values():
        left = [p for p in plays if 0.05 <= p["max_pos_s"] / p["runtime_s"] <= 0.9]
        if not left:
            continue
        first = min(left, key=lambda p: p["start_ts"])
        if first["local_date"] + timedelta(14) > demo.complete:
            continue
        until = first["start_ts"] + timedelta(14)
        resumed.append(any(first["start_ts"] < p["start_ts"] <= until for p in plays))
    assert len(resumed) > 1_000
    assert demo.asked("audience")["resume_rate"] == pytest.approx(mean(resumed))


def test_the_next_episode_is_played(demo: Demo):
    videos = {v["video_id"]: v for v in demo.rows("videos")}
    numbered = {(v["title_id"], v["episode_no"]): v["video_id"] for v in videos.values()}
    played = together(demo.plays, "account_id", "video_id")
    went_on: list[bool] = []
    for (account, video_id), plays in played.items():
        video = videos[video_id]
        following = numbered.get((video["title_id"], (video["episode_no"] or 0) + 1))
        ends = [p for p in plays if ended(p)]
        if following is None or not ends or first_day(ends) + timedelta(27) > demo.complete:
            continue
        later = played.get((account, following))
        went_on.append(bool(later) and first_day(later) < first_day(ends) + FOUR_WEEKS)
    assert len(went_on) > 1_000
    assert demo.asked("episodes")["continuation_rate"] == pytest.approx(mean(went_on))


def test_the_cost_of_a_title_is_counted_once(demo: Demo):
    plays = together(demo.plays, "title_id")
    first = min(r["local_date"] for r in demo.rows("playback", "local_date"))
    cost, views, completers, starters, launches = 0.0, 0.0, 0, 0, 0
    for title_id, title in demo.titles.items():
        released = title["release_date"]
        if released is None or not first <= released <= demo.complete - timedelta(27):
            continue
        launches += 1
        cost += float(title["cost_usd"])
        window = [
            p
            for p in plays.get((title_id,), [])
            if released <= p["local_date"] < released + FOUR_WEEKS
        ]
        views += sum(p["watched_s"] for p in window) / title["runtime_s"]
        for watched in together(window, "account_id").values():
            starters += max(p["watched_s"] for p in watched) >= 120
            completers += sum(p["watched_s"] for p in watched) >= 0.9 * title["runtime_s"]
    asked = demo.asked("launches")
    assert asked["rows"] == launches > 10
    assert asked["views"] == pytest.approx(views)
    assert asked["starters"] == starters
    assert asked["completers"] == completers
    assert asked["cost_per_view"] == pytest.approx(cost / views)
    assert asked["cost_per_completer"] == pytest.approx(cost / completers)
    assert asked["cost_per_view__low"] < asked["cost_per_view"] < asked["cost_per_view__high"]


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


def paid_days(demo: Demo) -> set[tuple[int, date]]:
    """Account and day, for every day since the first play that a member paid for.

    Billing events of days that are not complete yet are as if they had not come.
    """
    complete = demo.tables.complete_through("billing_events")
    assert complete is not None
    kinds = {r["account_id"]: r["account_kind"] for r in demo.rows("accounts")}
    every = [r["local_date"] for r in demo.rows("playback", "local_date")]
    first, last = min(every), max(every)
    opening, closing = ("signup_paid", "rejoin"), ("cancel_voluntary", "cancel_involuntary")
    found: set[tuple[int, date]] = set()
    events = demo.rows("billing_events", "account_id", "local_date", "event_ts", "kind")
    known = [e for e in events if e["local_date"] <= complete]
    for (account,), mine in together(known, "account_id").items():
        if kinds[account] != "member":
            continue
        since: date | None = None
        ends = [*sorted(mine, key=lambda e: (e["local_date"], e["event_ts"]))]
        for event in [*ends, {"kind": closing[0], "local_date": last + timedelta(1)}]:
            if event["kind"] in opening:
                since = event["local_date"]
            elif event["kind"] in closing and since is not None:
                start = max(since, first)
                days = (event["local_date"] - start).days
                found |= {(account, start + timedelta(d)) for d in range(days)}
                since = None
    return found


def test_hours_are_over_the_days_that_members_paid_for(demo: Demo):
    paid = paid_days(demo)
    watched: dict[tuple[int, date], int] = defaultdict(int)
    for play in demo.plays:
        watched[play["account_id"], play["local_date"]] += play["watched_s"]
    dormant = active = settled = 0
    for account, day in paid:
        active += (account, day) in watched
        before = [(account, day - timedelta(d)) for d in range(28)]
        if all(d in paid for d in before):
            settled += 1
            dormant += not any(watched.get(d) for d in before)
    asked = demo.asked("membership")
    assert asked["member_days"] == len(paid)
    assert asked["hours_per_member_day"] == pytest.approx(sum(watched.values()) / 3600 / len(paid))
    assert asked["active_share"] == pytest.approx(active / len(paid))
    assert asked["dormant_share"] == pytest.approx(dormant / settled)
    assert asked["members_a_day"] == pytest.approx(len(paid) / len({day for _, day in paid}))
