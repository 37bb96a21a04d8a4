"""What must hold in every row of the demo company: domain rules, and links between tables."""

from pathlib import Path

import pytest

from queries.lake import contract
from queries.lake.lake import Lake
from tests.lake.demo_views import Demo

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Demo:
    return Demo(Lake(demo_home / "lake"))


def declared(demo: Demo) -> list[contract.Table]:
    return [t for name, t in contract.tables().items() if demo.snapshot.has(name)]


def test_all_nineteen_tables_and_the_truths_are_there(demo: Demo):
    published = {"top10", "top10_most_popular", "engagement", "packaging", "wages"}
    own = set(contract.tables()) - published - {"ledger", "quarantine"}
    assert len(own) == 19
    assert own | {"truths"} <= set(demo.snapshot.versions)


def test_keys_are_unique(demo: Demo):
    for table in declared(demo):
        key = ", ".join(table.key)
        rows, keys = demo.row(f"SELECT count(*), count(DISTINCT ({key})) FROM {table.name}")
        assert rows == keys > 0, table.name


def test_no_row_breaks_a_check_of_its_contract(demo: Demo):
    broken = {
        (table.name, check.code): demo.value(
            f"SELECT count(*) FROM {table.name} WHERE NOT ({check.holds})"
        )
        for table in declared(demo)
        for check in table.checks
    }
    assert not {where: n for where, n in broken.items() if n}


def test_no_value_lies_outside_its_domain(demo: Demo):
    for table in declared(demo):
        for column in table.columns:
            found = column.values and demo.rows(f"SELECT DISTINCT {column.name} FROM {table.name}")
            assert {v for (v,) in found or () if v is not None} <= set(column.values), column


def test_the_hash_of_the_account_gives_the_bucket(demo: Demo):
    for table in ("playback", "impressions", "visits", "searches"):
        assert (
            demo.value(
                f"SELECT count(*) FROM {table}"
                " WHERE bucket <> md5_number_lower(cast(account_id AS varchar)) % 256"
            )
            == 0
        )


def test_a_title_runs_as_long_as_its_videos_together(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM titles JOIN (
            SELECT title_id, sum(runtime_s) AS runtime, count(*) AS n FROM videos GROUP BY 1
        ) USING (title_id) WHERE runtime <> runtime_s OR n <> episodes_n""")
        == 0
    )


def test_memberships_of_an_account_do_not_overlap(demo: Demo):
    assert demo.value("SELECT count(*) FROM spans WHERE turn = next_turn") == 0


def test_nobody_watches_without_a_membership(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM playback AS p ANTI JOIN (SELECT * FROM spans WHERE turn = 1) AS s
        ON p.account_id = s.account_id AND p.local_date BETWEEN s.starts AND s.ends + 3""")
        == 0
    )


def test_nothing_plays_where_or_when_it_is_not_licensed(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM playback AS p ANTI JOIN availability AS a
        ON p.title_id = a.title_id AND p.country = a.country
        AND p.local_date BETWEEN a.window_start AND coalesce(a.window_end, p.local_date)""")
        == 0
    )
    assert (
        demo.value(
            "SELECT count(*) FROM playback JOIN videos USING (video_id)"
            " WHERE local_date < available_from"
        )
        == 0
    )


def test_a_start_that_failed_has_nothing_watched_and_no_startup_time(demo: Demo):
    assert (
        demo.value(
            "SELECT count(*) FROM playback WHERE outcome <> 'played'"
            " AND (watched_s <> 0 OR startup_ms IS NOT NULL)"
        )
        == 0
    )
    assert (
        demo.value("SELECT count(*) FROM playback WHERE outcome = 'played' AND startup_ms IS NULL")
        == 0
    )


def test_interactions_are_counted_as_they_are_listed(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM playback
        WHERE pause_n <> len(list_filter(interactions, lambda i: i.kind = 'pause'))
           OR rewind_n <> len(list_filter(interactions, lambda i: i.kind = 'rewind'))
           OR ffwd_n <> len(list_filter(interactions, lambda i: i.kind = 'ffwd'))""")
        == 0
    )


def test_a_play_goes_on_where_the_one_before_stopped(demo: Demo):
    """In one viewing: the next play is the rest of the same video, or the next one from 0."""
    jumps, plays = demo.row("""
        WITH next AS (
            SELECT video_id, max_pos_s, start_pos_s, outcome,
                   lag(video_id) OVER w AS video, lag(max_pos_s) OVER w AS stopped
            FROM playback WHERE source = 'continue_watching'
            WINDOW w AS (PARTITION BY profile_id, title_id ORDER BY start_ts)
        )
        SELECT count(*) FILTER (abs(start_pos_s - stopped) > 2), count(*)
        FROM next WHERE video = video_id AND start_pos_s > 0""")
    assert plays > 100
    assert jumps < 0.05 * plays


def test_impressions_and_searches_belong_to_visits_that_are_there_or_late(demo: Demo):
    for table in ("playback", "impressions", "searches"):
        orphans = demo.value(f"SELECT count(*) FROM {table} ANTI JOIN visits USING (visit_id)")
        assert orphans < 0.002 * demo.snapshot.rows(table)


def test_a_row_of_the_home_page_shows_no_title_twice(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM (
            SELECT 1 FROM impressions WHERE NOT explore
            GROUP BY request_id, row_pos, title_id HAVING count(*) > 1)""")
        == 0
    )


def test_what_the_log_says_was_played_was_played(demo: Demo):
    missing, played = demo.row("""
        SELECT count(*) FILTER (p.session_id IS NULL), count(*)
        FROM (SELECT * FROM impressions WHERE played) AS i LEFT JOIN (
            SELECT request_id, title_id, min(session_id) AS session_id FROM playback GROUP BY ALL
        ) AS p ON p.request_id = i.request_id AND p.title_id = i.title_id""")
    assert missing < 0.002 * played


def test_propensities_are_true_of_both_policies_and_of_the_images(demo: Demo):
    """A weight has mean 1 over what was logged, or the propensities are wrong."""
    for weight in (
        "targets['pvr_v2'] / propensity",
        "targets['popularity'] / propensity",
        "art_targets['first'] / art_propensity",
        "art_targets['best'] / art_propensity",
    ):
        mean, error = demo.row(
            f"SELECT avg({weight}), stddev({weight}) / sqrt(count(*)) FROM impressions"
            " WHERE targets IS NOT NULL"
        )
        assert abs(mean - 1) < 3.5 * error, weight


def test_post_production_goes_forward(demo: Demo):
    assert (
        demo.value(
            "SELECT count(*) FROM post_tasks"
            " WHERE started_ts < queued_ts OR finished_ts < started_ts"
        )
        == 0
    )
    assert demo.value("SELECT count(*) FROM post_tasks WHERE finished_ts IS NULL") > 0


def test_nothing_arrives_after_the_last_day(demo: Demo):
    for table in ("playback", "visits", "impressions", "searches", "billing_events"):
        assert demo.value(f"SELECT max(ingest_ts) <= TIMESTAMP '2026-11-24' FROM {table}")
        assert str(demo.value(f"SELECT max(local_date) FROM {table}")) == "2026-11-23"
        assert str(demo.snapshot.complete_through(table)) < "2026-11-23"


def test_a_play_from_the_search_names_its_query(demo: Demo):
    missing, plays = demo.row("""
        SELECT count(*) FILTER (s.search_id IS NULL OR s.played_title_id <> p.title_id), count(*)
        FROM playback AS p LEFT JOIN searches AS s USING (search_id)
        WHERE p.search_id IS NOT NULL AND p.outcome = 'played'""")
    assert plays > 1_000
    assert missing < 0.002 * plays


def test_a_query_follows_the_one_it_names_within_the_visit(demo: Demo):
    assert (
        demo.value("""
        SELECT count(*) FROM searches AS s JOIN searches AS before
        ON before.search_id = s.prev_search_id
        WHERE before.visit_id <> s.visit_id OR before.ts > s.ts""")
        == 0
    )


def test_visits_count_their_searches_and_plays(demo: Demo):
    """But for what is late, the counts are those of the other tables."""
    wrong, visits = demo.row("""
        WITH counted AS (SELECT visit_id, count(*) AS n FROM searches GROUP BY 1)
        SELECT count(*) FILTER (coalesce(n, 0) <> searches_n), count(*)
        FROM visits LEFT JOIN counted USING (visit_id)""")
    assert wrong < 0.002 * visits
