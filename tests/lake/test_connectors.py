"""Each connector on a few invented rows: what every column becomes, and what is not taken."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from queries.lake.connectors import connectors
from queries.lake.errors import LakeError
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.lake.ledger import Entry, Summary


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def load(
    lake: Lake, connector: str, frame: pl.DataFrame, options: Mapping[str, str] | None = None
) -> Summary:
    path = Path(lake.storage.url).parent / "delivery.parquet"
    frame.write_parquet(path)
    return ingest(lake, connector, [path], options)


def one(summary: Summary) -> Entry:
    [entry] = summary.files
    return entry


def table(lake: Lake, name: str, sort: str) -> pl.DataFrame:
    return pl.read_parquet(list(lake.snapshot_now().files(name))).sort(sort)


def test_every_connector_says_what_it_reads():
    assert set(connectors()) == {
        "netflix-top10", "netflix-engagement", "kuairand", "open-bandit", "puffer", "upworthy",
        "bls-wages", "viewing-activity", "file",
    }  # fmt: skip
    assert all(c.about for c in connectors().values())
    assert all(o.about for c in connectors().values() for o in c.options)


def test_top10_keeps_a_zero_runtime_as_missing_and_a_film_without_season(lake: Lake):
    frame = pl.DataFrame(
        {
            "week": ["2026-01-04", "2022-01-02"],
            "category": ["TV (Non-English)", "Films (English)"],
            "weekly_rank": ["1", "2"],
            "show_title": ["Show", "Film"],
            "season_title": ["Show: Season 2", "N/A"],
            "weekly_hours_viewed": ["100", "90"],
            "runtime": ["0.0", None],
            "weekly_views": ["10", None],
        }
    )
    load(lake, "netflix-top10", frame)
    film, show = table(lake, "top10", "week").to_dicts()
    assert (film["title"], film["season_title"], film["kind"]) == ("Film", None, "film")
    assert (film["language"], film["ranked_by"]) == ("English", "hours")
    assert (show["title"], show["runtime_h"], show["ranked_by"]) == (
        "Show: Season 2",
        None,
        "views",
    )
    assert (show["area"], show["language"]) == ("global", "Non-English")


def test_top10_tells_its_files_apart_by_their_columns(lake: Lake):
    country = {"week": [date(2026, 1, 4)], "category": ["TV"], "weekly_rank": [1]}
    country |= {"show_title": ["Show"], "country_iso2": ["se"], "country_name": ["Sweden"]}
    load(lake, "netflix-top10", pl.DataFrame(country))
    assert table(lake, "top10", "week")["area"].to_list() == ["SE"]
    popular = {"category": ["TV (English)"], "rank": [1], "show_title": ["Show"]}
    popular |= {"season_title": ["Show: Season 1"], "hours_viewed_first_28_days": [5]}
    load(lake, "netflix-top10", pl.DataFrame(popular))
    assert table(lake, "top10_most_popular", "rank")["window_days"].to_list() == [28]
    assert one(load(lake, "netflix-top10", pl.DataFrame({"a": [1]}))).code == "missing_columns"


def test_an_engagement_report_is_read_below_its_banner(lake: Lake, tmp_path: Path):
    head = ["What We Watched", None, None, None, None, None]
    half = ["Views from July to December 2031", None, None, None, None, None]
    names = ["Title", "Available Globally?", "Release Date", "Hours Viewed", "Runtime", "Views"]
    body = [
        ["Same // Ens", "Yes", "2030-01-02", "100", "7:30*", "13"],
        ["Same // Ens", "No", None, "90", "*", "*"],
        ["Other", "No", "2029-05-05", "80", "long", "2"],
    ]
    sheet = pl.DataFrame([head, half, names, *body], orient="row", schema=[*"abcdef"])
    path = tmp_path / "report.xlsx"
    sheet.write_excel(path, worksheet="TV", include_header=False)
    summary = ingest(lake, "netflix-engagement", [path])
    assert (one(summary).accepted, one(summary).reasons) == (2, {"unreadable_runtime": 1})
    first, second = table(lake, "engagement", "hours_viewed").reverse().to_dicts()
    assert (first["name"], first["original_name"], first["runtime_h"]) == ("Same", "Ens", 7.5)
    assert (first["half"], first["period_end"]) == ("2031 H2", date(2031, 12, 31))
    assert (second["released"], second["runtime_h"], second["views"]) == ("unknown", None, None)
    assert {first["kind"], second["kind"]} == {"show"}


def test_a_report_that_does_not_say_its_half_is_held(lake: Lake):
    frame = pl.DataFrame({"Title": ["A"], "Hours Viewed": ["1"]})
    assert one(load(lake, "netflix-engagement", frame)).code == "unknown_period"


LOG = pl.DataFrame(
    {
        "user_id": [1, 1, 2],
        "video_id": [7, 8, 7],
        "date": [20220501, 20220501, 20220502],
        "hourmin": [2300, 2300, 0],
        "time_ms": [1651417200000, 1651417300000, 1651420800000],
        "is_click": [1, 0, 0],
        "long_view": [1, 0, 0],
        "play_time_ms": [90_000, 1_400, 0],
        "duration_ms": [60_000, 0, 60_000],
        "is_rand": [0, 0, 1],
        "tab": [1, 1, 4],
        "watch_ratio": [1.5, 0.0, 0.0],
    }
)


def test_a_kuairand_log_becomes_impressions_and_plays(lake: Lake):
    summary = load(lake, "kuairand", LOG)
    assert one(summary).tables == {"impressions": 3, "playback": 2}
    assert "watch_ratio" in one(summary).notes[0]
    shown = table(lake, "impressions", "ts")
    assert shown["clicked"].to_list() == [True, False, False]
    assert shown["played"].to_list() == [True, False, False]
    assert shown["local_hour"].to_list() == [23, 23, 0]
    assert shown["row_context"].to_list() == ["tab 1", "tab 1", "tab 4"]
    plays = table(lake, "playback", "start_ts")
    assert plays["watched_s"].to_list() == [90, 1]
    assert plays["runtime_s"].to_list() == [60, None]
    assert plays["long_view"].to_list() == [True, False]
    assert plays["account_id"].n_unique() == 1
    assert plays["bucket"].n_unique() == 1


def test_kuairand_ids_agree_between_files_delivered_apart(lake: Lake):
    users = pl.DataFrame({"user_id": [1, 2], "user_active_degree": ["full_active", None]})
    videos = pl.DataFrame(
        {"video_id": [7, 8], "video_duration": [60_000.0, None], "upload_dt": ["2022-04-10"] * 2}
    )
    for frame in (videos, LOG, users):
        load(lake, "kuairand", frame)
    snapshot = lake.snapshot()
    with duckdb.connect() as connection:
        joined = connection.sql(
            """SELECT count(*), count(a.account_id), count(t.title_id), min(t.name)
        FROM read_parquet($p) p LEFT JOIN read_parquet($a) a USING (account_id)
        LEFT JOIN read_parquet($t) t USING (title_id)""",
            params={k[0]: list(snapshot.files(k)) for k in ("playback", "accounts", "titles")},
        ).fetchall()
    assert joined == [(2, 2, 2, "Video 7")]
    assert table(lake, "titles", "name")["runtime_s"].to_list() == [60, None]


def test_rows_of_a_log_that_repeat_are_all_kept_and_redelivered_only_once(lake: Lake):
    twice = pl.concat([LOG, LOG.head(1)])
    assert one(load(lake, "kuairand", twice)).tables["impressions"] == 4
    again = load(lake, "kuairand", twice.reverse())
    assert again.tables["impressions"] == {
        "added": 0, "restated": 0, "replayed": 4, "superseded": 0
    }  # fmt: skip


BANDIT = pl.DataFrame(
    {
        "timestamp": ["2019-11-24 09:00:00.5+09:00", "2019-11-24 01:00:00+00:00", "yesterday"],
        "item_id": [5, 6, 5],
        "position": [1, 2, 3],
        "click": [0, 1, 0],
        "propensity_score": [0.25, 1.5, 0.25],
    }
)


def test_a_bandit_log_carries_propensity_and_target_probability(lake: Lake, tmp_path: Path):
    distribution = tmp_path / "egreedy_all_dist.csv"
    distribution.write_text("campaign,item_id,position,prob\nall,5,1,0.4\nmen,5,1,0.9\n")
    options = {
        "policy": "random",
        "campaign": "all",
        "action-distribution": str(distribution),
    }
    summary = load(lake, "open-bandit", BANDIT, options)
    assert one(summary).reasons == {"propensity_out_of_range": 1, "unreadable_time": 1}
    snapshot = lake.snapshot()
    with duckdb.connect() as connection:
        found = connection.sql(
            """SELECT ts, propensity, targets['egreedy'], model_version, row_context, played, seen,
            sample_w, col_pos FROM read_parquet($f)""",
            params={"f": list(snapshot.files("impressions"))},
        ).fetchall()
    at = datetime(2019, 11, 24, 0, 0, 0, 500_000)  # noqa: DTZ001 - the lake is naive UTC
    assert found == [(at, 0.25, 0.4, "random", "all", None, True, 1.0, 1)]


def test_the_same_item_of_two_campaigns_is_not_the_same_title(lake: Lake):
    good = BANDIT.head(1)
    for campaign in ("all", "men"):
        load(lake, "open-bandit", good, {"policy": "bts", "campaign": campaign})
    assert table(lake, "titles", "name")["name"].to_list() == ["Item 5 (all)", "Item 5 (men)"]
    assert table(lake, "impressions", "row_context")["targets"].null_count() == 2


def test_an_action_distribution_without_the_campaign_is_refused(lake: Lake, tmp_path: Path):
    distribution = tmp_path / "bts.csv"
    distribution.write_text("campaign,item_id,position,prob\nmen,5,1,0.9\n")
    options = {"policy": "r", "campaign": "all", "action_distribution": str(distribution)}
    summary = load(lake, "open-bandit", BANDIT, options)
    assert (summary.exit_code, one(summary).code) == (1, "no_content")


def test_puffer_files_are_told_apart_and_negative_delays_quarantined(lake: Lake):
    delays = pl.DataFrame({"scheme": ["mpc", "mpc"], "startup_delay_s": [-6.6, 0.5]})
    assert one(load(lake, "puffer", delays)).reasons == {"negative_startup": 1}
    watched = pl.DataFrame({"scheme": ["bba", "bba"], "session_watch_s": [10.0, 10.0]})
    load(lake, "puffer", watched, {"date": "2020-02-03"})
    found = table(lake, "playback", "local_date")
    assert found["startup_ms"].to_list() == [500, None, None]
    assert found["watched_s"].to_list() == [None, 10, 10]
    assert found["abr"].to_list() == ["mpc", "bba", "bba"]
    assert found["local_date"].to_list() == [date(2019, 1, 26), *[date(2020, 2, 3)] * 2]
    with pytest.raises(LakeError, match="is not a date"):
        load(lake, "puffer", watched, {"date": "someday"})


def test_upworthy_weeks_start_on_monday_and_a_test_stays_in_one_bucket(lake: Lake):
    frame = pl.DataFrame(
        {
            "clickability_test_id": ["t", "t", "u"],
            "headline": ["A", "B", "C"],
            "impressions": [100, 100, 10],
            "clicks": [1, 2, 11],
            "test_week": [201400, 201446, 201446],
        }
    )
    assert one(load(lake, "upworthy", frame)).reasons == {"clicks_exceed_impressions": 1}
    found = table(lake, "packaging", "headline")
    assert found["week_start"].to_list() == [date(2013, 12, 30), date(2014, 11, 17)]
    assert found["bucket"].n_unique() == 1


def test_withheld_wages_are_missing_and_not_zero(lake: Lake):
    frame = pl.DataFrame(
        {
            "area_fips": ["01000", "06037", "US000"],
            "agglvl_code": [58, 78, 18],
            "own_code": [5, 5, 5],
            "industry_code": ["512110"] * 3,
            "year": [2024] * 3,
            "qtr": [1, 4, 5],
            "disclosure_code": ["", "N", ""],
            "qtrly_estabs_count": [3, 4, 5],
            **{f"month{m}_emplvl": [10, 0, 1] for m in (1, 2, 3)},
            "total_qtrly_wages": [1000, 0, 1],
            "avg_wkly_wage": [77, 0, 1],
        }
    )
    assert one(load(lake, "bls-wages", frame)).reasons == {"quarter_out_of_range": 1}
    open_, withheld = table(lake, "wages", "area_code").to_dicts()
    assert (open_["wages_usd"], open_["area_level"]) == (1000, "state")
    assert withheld["withheld"]
    assert (withheld["wages_usd"], withheld["employment_month1"]) == (None, None)
    assert (withheld["establishments"], withheld["quarter_start"]) == (4, date(2024, 10, 1))


def test_trailers_of_a_viewing_activity_are_kept_but_are_no_plays(lake: Lake):
    frame = pl.DataFrame(
        {
            "Profile Name": ["Ada"] * 4,
            "Start Time": [
                "2026-01-02 03:30:00",
                "2026-01-03 12:00:00",
                "2026-01-03 13:00:00",
                "x",
            ],
            "Duration": ["00:50:00", "00:00:30", "02:00:00", "00:01:00"],
            "Attributes": ["Autoplayed: user action: None; ", None, "", ""],
            "Title": ["Dark Sea: Season 1: The Dive (Episode 1)", "Dark Sea_hook", "A Film", "B"],
            "Supplemental Video Type": [None, "HOOK", "", ""],
            "Device Type": ["Sony Android TV", "iPhone 15", "Chrome PC (Cadmium)", ""],
            "Bookmark": ["00:50:00", "00:00:30", "02:00:00", "00:01:00"],
            "Latest Bookmark": ["Not latest view", "00:00:30", "02:00:00", "00:01:00"],
            "Country": ["US (United States)"] * 4,
        }
    )
    summary = load(lake, "viewing-activity", frame, {"timezone": "America/New_York"})
    assert (one(summary).accepted, one(summary).reasons) == (3, {"unreadable_time": 1})
    found = table(lake, "playback", "start_ts")
    assert found["outcome"].to_list() == ["played", "supplemental", "played"]
    assert found["watched_s"].to_list() == [3000, 0, 7200]
    assert found["wall_s"].to_list() == [3000, 30, 7200]
    assert found["local_date"].to_list()[0] == date(2026, 1, 1)
    assert found["local_hour"].to_list()[0] == 22
    assert found["device"].to_list() == ["tv", "phone", "web"]
    assert found["is_autoplay"].to_list()[0]
    assert found["country"].unique().to_list() == ["US"]
    titles = table(lake, "titles", "name")
    assert titles.select("name", "kind").rows() == [
        ("A Film", "film"), ("Dark Sea: Season 1", "season")
    ]  # fmt: skip
    with pytest.raises(LakeError, match="no time zone"):
        load(lake, "viewing-activity", frame, {"timezone": "Mars/Olympus"})
