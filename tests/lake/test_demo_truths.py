"""What is planted can be found: each fact of `truths` shows in the table it names."""

import json
from pathlib import Path
from typing import Any

import pytest

from queries.lake.lake import Lake
from tests.lake.demo_views import Demo

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Demo:
    return Demo(Lake(demo_home / "lake"))


def truth(demo: Demo, name: str) -> tuple[float, dict[str, Any], str, str]:
    """Value, rows, first and last day."""
    value, where, period = demo.rows(
        f"""SELECT value, "where", period FROM truths WHERE name = '{name}' ORDER BY period"""
    )[0]
    first, _, last = period.partition(" to ")
    return value, json.loads(where), first, last


def test_every_truth_says_where_it_lies(demo: Demo):
    facts = demo.rows("""SELECT name, "table", description, value, "where" FROM truths""")
    assert len(facts) > 20
    for _, table, description, value, where in facts:
        assert demo.snapshot.has(table)
        assert description.endswith(".")
        assert isinstance(value, float)
        json.loads(where)


@pytest.mark.parametrize("policy", ["pvr_v2", "popularity"])
@pytest.mark.parametrize(("reward", "column"), [("plays", "played"), ("clicks", "clicked")])
def test_weighting_the_log_gives_the_true_value_of_a_policy(
    demo: Demo, policy: str, reward: str, column: str
):
    value, *_ = truth(demo, f"policy_value_{policy}_{reward}")
    estimate, error = demo.row(f"""
        WITH slots AS (
            SELECT bucket, {column}::INT * targets['{policy}'] / propensity AS x
            FROM impressions WHERE seen AND account_kind = 'member' AND targets IS NOT NULL
        ), buckets AS (SELECT bucket, sum(x) AS x, count(*) AS n FROM slots GROUP BY 1)
        SELECT sum(x) / sum(n), sqrt(var_samp((x - n * (SELECT avg(x) FROM slots)) / (
            SELECT avg(n) FROM buckets)) / count(*)) FROM buckets""")
    assert abs(estimate - value) < 3.3 * error
    assert error < 0.03 * value


def test_the_better_ranker_is_better_than_the_log_and_popularity_is_not_the_best(demo: Demo):
    better, *_ = truth(demo, "policy_value_pvr_v2_plays")
    popular, *_ = truth(demo, "policy_value_popularity_plays")
    logged = demo.value(
        "SELECT avg(played::INT) FROM impressions"
        " WHERE seen AND account_kind = 'member' AND targets IS NOT NULL"
    )
    assert better > 1.08 * logged
    assert better > 1.05 * popular


def test_the_reward_model_alone_is_wrong_and_corrected_it_is_right(demo: Demo):
    value, *_ = truth(demo, "policy_value_pvr_v2_plays")
    alone, corrected = demo.row("""
        SELECT avg(dm['pvr_v2']),
               avg(dm['pvr_v2'] + targets['pvr_v2'] / propensity * (played::INT - q_hat))
        FROM impressions WHERE seen AND account_kind = 'member' AND targets IS NOT NULL""")
    assert alone < 0.85 * value
    assert corrected == pytest.approx(value, rel=0.06)


def test_the_outage_shows_in_failed_starts(demo: Demo):
    failed, where, first, last = truth(demo, "outage")
    rows = f"country = '{where['country']}' AND cdn = '{where['cdn']}'"
    during, usual = demo.row(f"""
        SELECT avg((outcome = 'vsf')::INT) FILTER (local_date BETWEEN '{first}' AND '{last}'),
               avg((outcome = 'vsf')::INT) FILTER (local_date NOT BETWEEN '{first}' AND '{last}')
        FROM playback WHERE {rows}""")
    assert failed >= 5
    assert during > 5 * usual


def test_the_slow_version_of_the_app_starts_later(demo: Demo):
    factor, where, first, _ = truth(demo, "slow_version")
    median = dict(
        demo.rows(f"""
        SELECT app_version, median(startup_ms) FROM playback
        WHERE device = '{where["device"]}' AND local_date >= '{first}' GROUP BY 1""")
    )
    assert median[where["app_version"]] / median["9.3.0"] == pytest.approx(factor, rel=0.06)


def test_the_bad_cut_loses_viewers_between_its_positions(demo: Demo):
    share, where, *_ = truth(demo, "bad_cut")
    leaves = """
        SELECT avg((max_pos_s < {to_s})::INT) FROM playback
        WHERE {video} AND outcome = 'played' AND start_pos_s < {from_s} AND max_pos_s >= {from_s}"""
    here = demo.value(leaves.format(video=f"video_id = {where['video_id']}", **where))
    elsewhere = demo.value(leaves.format(video=f"video_id = {where['video_id'] + 1}", **where))
    assert here == pytest.approx(share, abs=0.07)
    assert here > 3 * elsewhere


def test_people_go_back_to_the_loved_scene(demo: Demo):
    place, where, *_ = truth(demo, "loved_scene")
    near, all_rewinds = demo.row(f"""
        SELECT count(*) FILTER (abs(i.from_s - {place} * runtime_s) < 45), count(*)
        FROM (SELECT runtime_s, unnest(interactions) AS i FROM playback
              WHERE video_id = {where["video_id"]}) WHERE i.kind = 'rewind'""")
    assert near > 0.12 * all_rewinds


def test_the_dearer_plan_loses_members(demo: Demo):
    factor, where, first, last = truth(demo, "price_change")
    after, before = demo.row(f"""
        WITH renewals AS (
            SELECT local_date >= '{first}' AS dearer, kind FROM billing_events
            JOIN accounts USING (account_id)
            WHERE country = '{where["country"]}' AND plan_from = '{where["plan"]}'
              AND kind IN ('renewal', 'cancel_voluntary') AND local_date <= '{last}'
        )
        SELECT avg((kind = 'cancel_voluntary')::INT) FILTER (dearer),
               avg((kind = 'cancel_voluntary')::INT) FILTER (NOT dearer) FROM renewals""")
    assert 1.2 < after / before < factor * 1.5


def test_the_winning_image_is_clicked_more(demo: Demo):
    lift, where, *_ = truth(demo, "winning_artwork")
    rate = f"""
        SELECT avg(clicked::INT), sqrt(avg(clicked::INT) * (1 - avg(clicked::INT)) / count(*))
        FROM impressions WHERE seen AND title_id = {where["title_id"]} AND targets IS NOT NULL
        AND artwork_id"""
    winner, error = demo.row(f"{rate} = {where['artwork_id']}")
    usual, noise = demo.row(f"{rate} = {where['title_id'] * 10 + 1}")
    assert abs(winner - lift * usual) < 3.5 * (error**2 + (lift * noise) ** 2) ** 0.5


def test_one_experiment_has_the_wrong_sample_ratio_and_the_others_the_right_one(demo: Demo):
    for (text,) in demo.rows("""SELECT "where" FROM truths WHERE name LIKE 'experiment_%' """):
        fact = json.loads(text)
        counts = dict(
            demo.rows(
                f"SELECT cell, count(*) FROM allocations WHERE exp_id = {fact['exp_id']} GROUP BY 1"
            )
        )
        n = sum(counts.values())
        for cell, share in zip(fact["cells"], fact["actual"], strict=True):
            noise = (share * (1 - share) / n) ** 0.5
            assert abs(counts[cell] / n - share) < 3.5 * noise
        wrong = fact["planned"] != fact["actual"]
        assert wrong == (fact["exp_id"] == 3)


def test_nobody_is_exposed_before_a_visit(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM allocations AS a LEFT JOIN visits AS v
        ON v.account_id = a.account_id AND v.start_ts = a.exposed_ts
        WHERE a.exposed_ts IS NOT NULL AND v.visit_id IS NULL
          AND a.exposed_ts < TIMESTAMP '2026-11-20'""")
        == 0
    )


def test_missing_days_are_empty(demo: Demo):
    for where, period in demo.rows(
        """SELECT "where", period FROM truths WHERE name = 'missing_day'"""
    ):
        country, day = json.loads(where)["country"], period[:10]
        for table in ("playback", "visits", "impressions", "searches"):
            rows = demo.value(
                f"SELECT count(*) FROM {table} WHERE country = '{country}' AND local_date = '{day}'"
            )
            assert rows == 0
        assert demo.value(f"SELECT count(*) FROM visits WHERE country = '{country}'") > 100


def test_three_in_a_hundred_events_are_late(demo: Demo):
    share = demo.value(
        "SELECT avg((ingest_ts > start_ts + INTERVAL 24 HOUR)::INT) FROM playback"
        " WHERE local_date < DATE '2026-11-20'"
    )
    assert share == pytest.approx(truth(demo, "late_share")[0], abs=0.004)


def test_an_unmet_wish_is_typed_in_vain(demo: Demo):
    _, where, first, _ = truth(demo, "unmet_demand")
    typed = f"""
        SELECT avg((query_norm = '{where["query_norm"]}')::INT),
               max(results_n) FILTER (query_norm = '{where["query_norm"]}')
        FROM searches WHERE country = '{where["country"]}' AND local_date"""
    share, results = demo.row(f"{typed} >= '{first}'")
    before, _ = demo.row(f"{typed} < '{first}'")
    assert share > max(0.05, 5 * before)
    assert results == 0


def test_work_waits_at_the_slow_vendor(demo: Demo):
    factor, where, *_ = truth(demo, "slow_vendor")
    waits = dict(
        demo.rows(f"""
        SELECT vendor = '{where["vendor"]}', avg(epoch(started_ts - queued_ts))
        FROM post_tasks WHERE stage = '{where["stage"]}' AND started_ts IS NOT NULL GROUP BY 1""")
    )
    assert waits[True] / waits[False] == pytest.approx(factor, rel=0.35)


def test_the_campaign_claims_more_than_it_brought(demo: Demo):
    brought, where, first, last = truth(demo, "campaign_signups")
    inflation, *_ = truth(demo, "campaign_inflation")
    claimed = demo.value(
        "SELECT sum(attributed_signups) FROM marketing_daily"
        f" WHERE campaign_id = {where['campaign_id']}"
    )
    came = demo.value(
        f"SELECT count(*) FROM accounts WHERE campaign_id = {where['campaign_id']}"
        f" AND signup_date BETWEEN '{first}' AND '{last}'"
    )
    assert came == brought > 0
    assert claimed == pytest.approx(inflation * brought, abs=4 * (inflation * brought) ** 0.5)
    assert demo.value("SELECT sum(spend_usd) FROM marketing_daily WHERE is_holdout") == 0
