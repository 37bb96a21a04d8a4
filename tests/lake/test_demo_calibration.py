"""The demo company is as skewed, as seasonal and as fickle as published figures say."""

from dataclasses import replace
from pathlib import Path

import pytest

from queries.lake.demo.build import build
from queries.lake.demo.size import SIZES
from queries.lake.lake import Lake
from tests.conftest import TODAY
from tests.lake.demo_views import Demo

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Demo:
    return Demo(Lake(demo_home / "lake"))


def test_hours_are_as_concentrated_as_in_the_published_lists(demo: Demo):
    titles, gini, effective, top_one, top_ten = demo.row("""
        WITH hours AS (SELECT title_id, sum(watched_s) AS x FROM playback GROUP BY 1 HAVING x > 0),
        ranked AS (
            SELECT x / sum(x) OVER () AS p, row_number() OVER (ORDER BY x DESC) AS i,
                   count(*) OVER () AS n FROM hours
        )
        SELECT max(n), 1 - (2 * sum(p * i) - 1) / max(n), (2 * sum(p * i) - 1) / max(n),
               sum(p) FILTER (i <= round(.01 * n)), sum(p) FILTER (i <= round(.1 * n)) FROM ranked
    """)
    assert titles > 850
    assert 0.79 <= gini <= 0.81
    assert 0.19 <= effective <= 0.21
    assert 0.20 <= top_one <= 0.28
    assert 0.68 <= top_ten <= 0.71


def test_three_quarters_of_hours_are_shows(demo: Demo):
    share = demo.value(
        "SELECT sum(watched_s) FILTER (kind = 'season') / sum(watched_s)"
        " FROM playback JOIN titles USING (title_id)"
    )
    assert 0.71 <= share <= 0.79


def test_runtimes_are_those_of_the_published_lists(demo: Demo):
    median = dict(demo.rows("SELECT kind, median(runtime_s) / 60 FROM titles GROUP BY 1"))
    assert median["film"] == pytest.approx(104, abs=2)
    assert median["season"] == pytest.approx(324, abs=20)


def test_release_dates_of_many_licensed_titles_are_missing(demo: Demo):
    missing = dict(
        demo.rows("""
        SELECT kind, sum(watched_s) FILTER (release_date IS NULL) / sum(watched_s)
        FROM playback JOIN titles USING (title_id) GROUP BY 1""")
    )
    assert 0.5 <= missing["film"] <= 0.75
    assert 0.33 <= missing["season"] <= 0.5
    assert demo.value("SELECT count(*) FROM titles WHERE is_original AND release_date IS NULL") == 0


def test_devices_differ_by_country(demo: Demo):
    overall = dict(
        demo.rows("SELECT device, count(*) / sum(count(*)) OVER () FROM playback GROUP BY 1")
    )
    assert overall["tv"] == pytest.approx(0.70, abs=0.04)
    assert overall["web"] == pytest.approx(0.15, abs=0.03)
    assert overall["phone"] == pytest.approx(0.10, abs=0.03)
    assert overall["tablet"] == pytest.approx(0.05, abs=0.015)
    italy = "SELECT avg((device = 'tv')::INT) FROM playback WHERE country = '{}'"
    assert demo.value(italy.format("IT")) == pytest.approx(0.54, abs=0.12)
    assert demo.value(italy.format("TH")) < 0.55


def test_people_sign_up_on_the_web_and_the_phone(demo: Demo):
    share = dict(
        demo.rows("SELECT signup_device, count(*) / sum(count(*)) OVER () FROM accounts GROUP BY 1")
    )
    assert share["web"] == pytest.approx(0.40, abs=0.03)
    assert share["phone"] == pytest.approx(0.30, abs=0.03)


def test_evenings_peak_on_local_clocks_and_flatten_in_utc(demo: Demo):
    by_hour = "SELECT {} AS h, 24 * count(*) / sum(count(*)) OVER () FROM playback GROUP BY 1"
    local = dict(demo.rows(by_hour.format("local_hour")))
    utc = dict(demo.rows(by_hour.format("hour(start_ts)")))
    assert min(local, key=lambda h: local[h]) in {4, 5}
    assert max(local, key=lambda h: local[h]) in {20, 21, 22}
    assert max(local.values()) == pytest.approx(2.95, abs=0.25)
    assert max(utc.values()) == pytest.approx(1.54, abs=0.2)


def test_weekends_see_more_plays(demo: Demo):
    factor = demo.value("""
        SELECT avg(n) FILTER (isodow(day) >= 6) / avg(n) FILTER (isodow(day) < 6)
        FROM (SELECT local_date AS day, count(*) AS n FROM playback
              WHERE local_date < DATE '2026-11-21' GROUP BY 1)""")
    assert 1.25 <= factor <= 1.4


def test_few_viewers_make_a_third_of_all_plays(demo: Demo):
    top_ten, spread = demo.row("""
        WITH plays AS (SELECT account_id, count(*) AS n FROM playback GROUP BY 1),
        ranked AS (SELECT n, percent_rank() OVER (ORDER BY n DESC) AS r FROM plays)
        SELECT sum(n) FILTER (r <= .1) / sum(n), stddev(ln(n)) FROM ranked""")
    assert 0.30 <= top_ten <= 0.35
    assert 0.9 <= spread <= 1.1


def test_recommendations_start_four_fifths_of_hours(demo: Demo):
    share = demo.value("""
        SELECT sum(watched_s) FILTER (source IN
            ('pvr', 'trending', 'continue_watching', 'similar', 'top10', 'billboard'))
            / sum(watched_s) FROM playback WHERE NOT is_autoplay""")
    assert 0.77 <= share <= 0.83


def test_choosing_takes_one_to_one_and_a_half_minutes(demo: Demo):
    seconds = demo.value("SELECT median(first_play_ms) / 1000 FROM visits")
    assert 60 <= seconds <= 90
    empty = demo.value("SELECT avg((plays_n = 0)::INT) FROM visits")
    assert 0.1 <= empty <= 0.25


def test_who_waits_for_the_start_leaves(demo: Demo):
    """Per second beyond the second one, 5.8 % more: seen from those who stayed."""
    slow, fast = demo.row("""
        SELECT avg((outcome = 'ebvs')::INT) FILTER (country IN ('BR', 'IN', 'ID', 'TH', 'PH')),
               avg((outcome = 'ebvs')::INT) FILTER (country IN ('US', 'GB', 'DE', 'FR'))
        FROM playback""")
    assert slow > 1.2 * fast
    assert 0.008 < fast < slow < 0.05


@pytest.fixture(scope="module")
def launching(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A company of some 150 launches: of the 20 in size S a large one alone shifts the mean."""
    lake = Lake(tmp_path_factory.mktemp("launching"))
    build(lake, replace(SIZES["S"], titles=8_000, block=1_000), today=TODAY)
    return Demo(lake)


@pytest.mark.parametrize(
    ("kind", "published"),
    [("film", [1, 0.99, 0.45, 0.26, 0.18]), ("season", [1, 1.05, 0.61, 0.38, 0.34])],
)
def test_launches_decay_week_by_week(launching: Demo, kind: str, published: list[float]):
    """Hours by calendar week over those of the first one."""
    weeks = dict(
        launching.rows(f"""
        WITH launched AS (
            SELECT title_id, release_date FROM titles WHERE kind = '{kind}'
            AND release_date BETWEEN DATE '2026-09-01' AND DATE '2026-10-18'
        )
        SELECT (local_date - date_trunc('week', release_date)::DATE) // 7 AS week, sum(watched_s)
        FROM playback JOIN launched USING (title_id) GROUP BY 1""")
    )
    relative = [weeks[week] / weeks[0] for week in range(5)]
    assert relative == pytest.approx(published, abs=0.2)


def test_members_leave_and_come_back_as_at_the_best_known_services(demo: Demo):
    cancels, rejoins, signups, declined, members = demo.row("""
        WITH months AS (
            SELECT DATE '2026-11-23' - 30 * CAST(i AS INT) AS first FROM range(1, 13) AS t(i)
        )
        SELECT sum(len(list_filter(kinds, lambda k: k LIKE 'cancel%'))),
               sum(len(list_filter(kinds, lambda k: k = 'rejoin'))),
               sum(len(list_filter(kinds, lambda k: k = 'signup_paid'))),
               sum(len(list_filter(kinds, lambda k: k = 'cancel_involuntary'))), sum(members)
        FROM (
            SELECT first,
                   (SELECT list(kind) FROM billing_events
                    WHERE local_date BETWEEN first AND first + 29) AS kinds,
                   (SELECT count(*) FROM spans
                    WHERE turn = 1 AND starts < first AND ends >= first) AS members
            FROM months)""")
    assert cancels / members == pytest.approx(0.052, abs=0.006)
    assert (cancels - rejoins) / members == pytest.approx(0.033, abs=0.006)
    assert rejoins / (rejoins + signups) == pytest.approx(0.34, abs=0.05)
    assert 0.08 <= declined / cancels <= 0.2
