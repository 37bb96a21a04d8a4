"""Metrics of derived rows and of estimators on the demo company, against plain loops over its rows.

Nothing here uses a dataset's SQL: rows are read off the loaded tables and counted one by one.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from queries import question
from queries.analyses import concurrency, experiment, geo_experiment, lifetime
from queries.analyses.cluster import Scope
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.estimators.effect import variance_kept
from queries.estimators.power import detectable
from queries.estimators.shifted_beta_geometric import Terms
from queries.lake.lake import Lake
from queries.model import Result
from queries.question import Question
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    engine.close()


def ask(warehouse: Warehouse, dataset: str, *metrics: str, **more: Any) -> Result:  # noqa: ANN401
    return question.ask(Question(dataset=dataset, metrics=metrics, **more), warehouse, Access())


def rows(warehouse: Warehouse, table: str, *columns: str) -> list[dict[str, Any]]:
    files = list(warehouse.snapshot().files(table))
    return pl.read_parquet(files, columns=list(columns), hive_partitioning=True).to_dicts()


def test_a_mean_over_days_is_as_sure_as_its_sum(warehouse: Warehouse):
    names = ("member_days", "members_a_day")
    found = ask(warehouse, "membership", *names, by=("plan",), period="last 28 days",
                compare="previous")  # fmt: skip
    for row in found.frame.iter_rows(named=True):
        assert row["members_a_day"] == pytest.approx(row["member_days"] / 28)
        for of in ("", "__delta"):
            mean, total = (row[f"{n}{of}_high" if of else f"{n}__high"] - row[f"{n}{of}"]
                           for n in ("members_a_day", "member_days"))  # fmt: skip
            # Of a mean, a bucket without a member of the plan is no degree of freedom.
            assert mean == pytest.approx(total / 28, rel=0.02)


def test_stickiness_is_as_sure_as_accounts_drawn_anew_would_have_it(warehouse: Warehouse):
    (row,) = ask(warehouse, "playback", "stickiness", period="last 28 days").frame.to_dicts()
    last = warehouse.latest(warehouse.dataset("playback"))
    active = {
        (r["account_id"], r["local_date"])
        for r in rows(
            warehouse, "playback", "account_id", "local_date", "outcome", "account_kind"
        )
        if r["outcome"] == "played" and r["account_kind"] == "member"
        and last - timedelta(27) <= r["local_date"] <= last
    }  # fmt: skip
    days = np.array(list(Counter(account for account, _ in active).values()))
    draws = np.random.default_rng(1).multinomial(len(days), np.full(len(days), 1 / len(days)), 2000)
    bootstrap = (draws @ days / draws.sum(axis=1) / 28).std()
    assert row["stickiness"] == pytest.approx(days.mean() / 28)
    width = row["stickiness__high"] - row["stickiness__low"]
    assert width == pytest.approx(2 * 1.96 * bootstrap, rel=0.15)


def test_serendipity_is_the_mean_lead_of_what_was_played(warehouse: Warehouse):
    titles = len(rows(warehouse, "titles", "title_id"))
    players: dict[Any, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for play in rows(
        warehouse, "playback", "local_date", "account_id", "account_kind", "title_id", "watched_s"
    ):
        if play["account_kind"] == "member" and (play["watched_s"] or 0) > 0 and play["title_id"]:
            month = play["local_date"].replace(day=1)
            players[month][play["title_id"]].add(play["account_id"])
    counts = {month: {t: len(a) for t, a in by.items()} for month, by in players.items()}
    above = {
        month: {n: sum(1 for other in by.values() if other > n) for n in set(by.values())}
        for month, by in counts.items()
    }
    lists: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for shown in rows(
        warehouse, "impressions", "request_id", "row_pos", "col_pos", "title_id", "seen",
        "played", "local_date", "sample_w", "account_kind",
    ):  # fmt: skip
        if shown["seen"] and shown["request_id"] is not None and shown["row_pos"] is not None:
            lists[shown["request_id"], shown["row_pos"]].append(shown)
    gained = weighed = 0.0
    for seen in lists.values():
        first = seen[0]
        before = (first["local_date"].replace(day=1) - timedelta(1)).replace(day=1)
        if before not in counts or first["account_kind"] != "member":
            continue
        if all(one["played"] is None for one in seen) or all(not s["title_id"] for s in seen):
            continue
        lead = 0.0
        played: dict[int, int] = {}
        for one in seen:
            if one["played"] and one["title_id"] and one["col_pos"] is not None:
                place = played.get(one["title_id"], one["col_pos"])
                played[one["title_id"]] = min(place, one["col_pos"])
        for title, column in played.items():
            accounts = counts[before].get(title)
            place = titles if accounts is None else above[before][accounts] + 1
            lead += max(place - column, 0) / titles
        weight = first["sample_w"] or 1
        gained, weighed = gained + weight * lead / len(seen), weighed + weight
    found = ask(warehouse, "page_rows", "serendipity").total.row(0, named=True)
    assert found["serendipity"] == pytest.approx(gained / weighed, rel=1e-9)
    assert found["serendipity__low"] < found["serendipity"] < found["serendipity__high"]


def test_personalisation_is_the_mean_over_all_pairs_of_sampled_pages(warehouse: Warehouse):
    pages: dict[int, set[int]] = defaultdict(set)
    for top in rows(warehouse, "page_tops", "request_id", "title_id", "device", "account_kind"):
        if top["device"] == "tablet" and top["account_kind"] == "member":
            pages[top["request_id"]].add(top["title_id"])
    apart = [1 - len(a & b) / len(a | b) for a, b in combinations(pages.values(), 2)]
    found = ask(warehouse, "page_tops", "personalisation", where="device = 'tablet'")
    assert len(apart) > 100
    assert found.total["personalisation"].item() == pytest.approx(sum(apart) / len(apart), abs=1e-6)


def test_one_page_in_twenty_is_held_against_the_others(warehouse: Warehouse):
    every = {
        r["request_id"]
        for r in rows(warehouse, "impressions", "request_id", "row_pos")
        if (r["row_pos"] or 9) <= 3 and r["request_id"] is not None
    }
    sampled = {r["request_id"] for r in rows(warehouse, "page_tops", "request_id")}
    assert sampled <= every
    assert len(sampled) / len(every) == pytest.approx(0.05, abs=0.01)


def test_exposures_are_numbered_within_account_and_title(warehouse: Warehouse):
    seen: dict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    for shown in rows(
        warehouse, "impressions", "account_id", "title_id", "bucket", "seen", "played", "ts",
        "ranker", "request_id", "row_pos", "col_pos", "account_kind",
    ):  # fmt: skip
        is_kept = shown["seen"] and shown["played"] is not None and shown["bucket"] % 4 == 0
        if is_kept and shown["ranker"] != "continue_watching" and shown["account_kind"] == "member":
            key = (shown["account_id"], shown["title_id"])
            order = (shown["ts"], shown["request_id"], shown["row_pos"], shown["col_pos"])
            seen[key].append((*order, shown["played"]))
    shown_at, taken_at = Counter[int](), Counter[int]()
    for times in seen.values():
        for nth, one in enumerate(sorted(times), start=1):
            shown_at[min(nth, 10)] += 1
            taken_at[min(nth, 10)] += one[-1]
    answer = ask(warehouse, "exposures", "rows", "exposure_take_rate", by=("exposure",)).frame
    for row in answer.iter_rows(named=True):
        assert row["rows"] == shown_at[row["exposure"]]
        rate = taken_at[row["exposure"]] / shown_at[row["exposure"]]
        assert row["exposure_take_rate"] == pytest.approx(rate)


def test_the_peak_is_the_fullest_minute_of_all_plays(warehouse: Warehouse):
    """Minute by minute, and by the analysis that the page of quality draws."""
    moves = Counter[int]()
    zero = datetime(1970, 1, 1)  # noqa: DTZ001  # clocks of the lake are UTC and say no zone
    for play in rows(warehouse, "playback", "start_ts", "wall_s", "outcome", "account_kind"):
        if play["outcome"] == "played" and play["account_kind"] == "member":
            start = int((play["start_ts"] - zero).total_seconds())
            moves[-(-start // 60)] += 1
            moves[-(-(start + play["wall_s"]) // 60)] -= 1
    open_now, by_day = 0, dict[int, int]()
    for minute in range(min(moves), max(moves) + 1):
        open_now += moves[minute]
        by_day[minute // 1440] = max(by_day.get(minute // 1440, 0), open_now)
    answer = ask(warehouse, "open_streams", "peak_concurrency", by=("day",)).frame
    assert answer.height > 50
    for row in answer.iter_rows(named=True):
        assert row["peak_concurrency"] == by_day[(row["date"] - zero.date()).days]
    playback = warehouse.dataset("playback")
    starts, ends = (
        warehouse.ask(one, Access()).frame for one in concurrency.questions(Scope(playback))
    )
    drawn = concurrency.concurrency(starts, ends, None)
    assert drawn is not None
    assert drawn.peak == max(by_day.values())


def test_littles_law_holds_of_every_stage(warehouse: Warehouse):
    for period in ("all", "last 30 days"):
        answer = ask(
            warehouse, "post_production", "flow_residual", by=("stage",), period=period
        ).frame
        assert answer.height > 3
        assert answer["flow_residual"].abs().max() < 1e-3  # type: ignore[operator]


def test_the_value_of_a_membership_is_that_of_its_page_and_of_its_formula(warehouse: Warehouse):
    terms = Terms(margin=0.4, discount=0.1, horizon=24)
    cohorts = warehouse.dataset("cohorts")
    asked = lifetime.attrition_question(Scope(cohorts), ("plan",))
    frame = warehouse.ask(asked, Access()).frame
    answer = ask(warehouse, "cohorts", "membership_value_usd", by=("plan",)).frame
    assert answer.height == 4
    for row in answer.iter_rows(named=True):
        drawn = lifetime.worth(lifetime.attrition(frame.filter(plan=row["plan"])), terms)
        assert drawn is not None
        ends = (row["membership_value_usd__low"], row["membership_value_usd__high"])
        assert row["membership_value_usd"] == pytest.approx(drawn.value.value, rel=1e-6)
        assert ends == pytest.approx((drawn.value.low, drawn.value.high), rel=1e-3)
        alpha, beta, paid, survival = drawn.fit.alpha, drawn.fit.beta, 0.0, 1.0
        for month in range(24):
            paid += survival / 1.1 ** (month / 12)
            survival *= (beta + month) / (alpha + beta + month)
        revenue = lifetime.attrition(frame.filter(plan=row["plan"])).revenue_usd
        assert drawn.value.value == pytest.approx(0.4 * revenue * paid)


def test_a_campaign_is_asked_as_its_page_draws_it(warehouse: Warehouse):
    asked = geo_experiment.question(Scope(warehouse.dataset("campaign_regions")))
    (drawn,) = geo_experiment.read(warehouse.ask(asked, Access()).frame)
    brought = geo_experiment.brought(drawn).signups
    answer = ask(
        warehouse, "campaign_outcomes", "incremental_signups", "incremental_cost_usd",
        "attribution_inflation", "return_on_spend", "payback_months", "spend",
        by=("campaign",), parameters={"horizon": "36"},
    ).frame  # fmt: skip
    (row,) = answer.iter_rows(named=True)
    ends = (row["incremental_signups__low"], row["incremental_signups__high"])
    assert row["incremental_signups"] == pytest.approx(brought.value)
    assert ends == pytest.approx((brought.low, brought.high))
    assert row["spend"] == pytest.approx(drawn.spend)
    if brought.low > 0:
        assert row["incremental_cost_usd"] == pytest.approx(drawn.spend / brought.value)
        assert row["attribution_inflation__low"] == pytest.approx(drawn.attributed / brought.high)
    else:
        assert row["incremental_cost_usd"] is None
        assert row["attribution_inflation"] is None
    assert row["return_on_spend__low"] < row["return_on_spend"] < row["return_on_spend__high"]
    months = row["payback_months"]
    assert (months is not None) == (row["return_on_spend"] >= 1)


def test_what_a_campaign_brought_is_the_difference_of_differences_over_accounts(
    warehouse: Warehouse,
):
    spent = rows(
        warehouse, "marketing_daily", "date", "campaign_id", "geo", "is_holdout", "spend_usd"
    )
    held = defaultdict(set)
    for row in spent:
        held[row["campaign_id"]].add(row["is_holdout"])
    (number,) = (n for n, kinds in held.items() if kinds == {True, False})
    mine = [row for row in spent if row["campaign_id"] == number]
    complete = warehouse.latest(warehouse.dataset("campaign_regions"))
    first = min(row["date"] for row in mine)
    last = min(max(row["date"] for row in mine), complete)
    length = (last - first).days + 1
    change: dict[str, int] = {row["geo"]: 0 for row in mine}
    for account in rows(warehouse, "accounts", "geo", "signup_date", "account_kind"):
        if account["account_kind"] == "member" and account["geo"] in change:
            away = (account["signup_date"] - first).days
            change[account["geo"]] += (0 <= away < length) - (-length <= away < 0)
    out = {row["geo"] for row in mine if row["is_holdout"]}
    treated = [n for geo, n in change.items() if geo not in out]
    control = [n for geo, n in change.items() if geo in out]
    expected = len(treated) * (np.mean(treated) - np.mean(control))
    found = ask(warehouse, "campaign_outcomes", "incremental_signups", by=("campaign",)).frame
    assert found["incremental_signups"].item() == pytest.approx(expected)


@pytest.mark.parametrize("adjusted", [True, False])
def test_an_experiment_is_asked_as_its_page_draws_it(warehouse: Warehouse, adjusted: bool):
    asked = experiment.question(Scope(warehouse.dataset("experiments")))
    drawn = {e.name: e for e in experiment.read(warehouse.ask(asked, Access()).frame)}
    given = {"cuped": str(int(adjusted))}
    by_cell = ask(
        warehouse, "experiments", "hours_effect", "hours_effect_at_any_look",
        by=("experiment", "cell"), parameters=given,
    ).frame  # fmt: skip
    seen = 0
    for row in by_cell.drop_nulls("hours_effect").iter_rows(named=True):
        one = drawn[row["experiment"]]
        nth = [cell.name for cell in one.treatments].index(row["cell"])
        effect = one.effects("hours_per_account", adjusted=adjusted)[nth]
        expected = (effect.value, effect.low, effect.high, effect.always_low, effect.always_high)
        names = (
            "hours_effect", "hours_effect__low", "hours_effect__high",
            "hours_effect_at_any_look__low", "hours_effect_at_any_look__high",
        )  # fmt: skip
        assert tuple(row[n] for n in names) == pytest.approx(expected, rel=1e-6)
        seen += 1
    assert seen == sum(len(e.treatments) for e in drawn.values() if not e.is_broken)
    about = ask(
        warehouse, "experiments", "sample_ratio_p", "variance_reduction", "detectable_effect",
        by=("experiment",), parameters=given,
    ).frame  # fmt: skip
    for row in about.iter_rows(named=True):
        one = drawn[row["experiment"]]
        assert row["sample_ratio_p"] == pytest.approx(one.ratios()[0].p, rel=1e-6)
        if one.is_broken:
            assert row["detectable_effect"] is None
            continue
        kept = variance_kept([cell.moments["hours_per_account"] for cell in one.cells])
        assert row["variance_reduction"] == pytest.approx(1 - kept, rel=1e-6)
        control, treated = one.levels("hours_per_account", adjusted=adjusted)[:2]
        least = detectable((control, treated), control.count + treated.count, one.alpha)
        assert math.isclose(row["detectable_effect"], least, rel_tol=1e-6)
