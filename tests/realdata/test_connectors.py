"""Every connector on the real file it was written for: rows in, accepted, quarantined.

Slow because the files are whole; each is loaded once.
"""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.lake.ledger import Summary

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("real") / "lake")


def counts(summary: Summary) -> list[tuple[int, int, int]]:
    assert all(f.rows_in == f.accepted + f.quarantined for f in summary.files)
    return [(f.rows_in, f.accepted, f.quarantined) for f in summary.files]


def ask(lake: Lake, sql: str, table: str) -> list[tuple[Any, ...]]:
    files = list(lake.snapshot_now().files(table))
    with duckdb.connect() as connection:
        reading = sql.replace("FROM t", "FROM read_parquet($t)")
        return connection.sql(reading, params={"t": files}).fetchall()


def test_netflix_top10(lake: Lake, realdata: Path):
    folder = realdata / "netflix_top10"
    summary = ingest(
        lake,
        "netflix-top10",
        [
            folder / "all-weeks-global.tsv",
            folder / "countries_official_2021-07-04_2022-10-09.parquet",
            folder / "countries_scraped_2024-11_2026-06.parquet",
            folder / "most-popular.tsv",
        ],
    )
    assert counts(summary) == [
        (10_560, 10_560, 0),
        (125_320, 125_320, 0),
        (104_160, 102_298, 1_862),
        (40, 40, 0),
    ]
    # One week was rebuilt with ranks from 21 on, and two rows have no title.
    assert summary.files[2].reasons == {"rank_out_of_range": 1_860, "missing_title": 2}


def test_the_weekly_hours_of_the_top_10_per_year(lake: Lake):
    sql = """SELECT year(week), sum(weekly_hours_viewed) FROM t WHERE area = 'global'
        GROUP BY ALL ORDER BY 1"""
    assert [(y, int(h)) for y, h in ask(lake, sql, "top10")] == [
        (2021, 20_289_090_000),
        (2022, 42_418_810_000),
        (2023, 35_378_120_000),
        (2024, 33_368_800_000),
        (2025, 36_909_100_000),
        (2026, 19_130_700_000),
    ]


def test_hours_over_runtime_are_the_published_views_but_for_rounding(lake: Lake):
    """Hours and views are published to 100,000. Live events outlast their runtimes."""
    sql = """SELECT count(*), count(*) FILTER (abs(weekly_hours_viewed / runtime_h - weekly_views)
        <= 50000 + 50000 / runtime_h + 0.005 * weekly_views) FROM t WHERE runtime_h IS NOT NULL"""
    [(rows, near)] = ask(lake, sql, "top10")
    assert rows == 6_315
    assert near / 6_315 > 0.99


def test_runtimes_are_missing_where_not_published_or_zero(lake: Lake):
    sql = """SELECT count(*) FILTER (runtime_h IS NULL AND weekly_views IS NOT NULL),
        count(*) FILTER (weekly_views IS NULL), max(week) FILTER (weekly_views IS NULL),
        count(*) FILTER (season_title = 'N/A') FROM t WHERE area = 'global'"""
    [(zero, unpublished, last, literal)] = ask(lake, sql, "top10")
    assert (zero, unpublished, str(last), literal) == (165, 4_080, "2023-06-11", 0)


def test_netflix_engagement(lake: Lake, realdata: Path):
    files = sorted((realdata / "netflix_engagement").glob("*.xlsx"))
    summary = ingest(lake, "netflix-engagement", files)
    assert counts(summary) == [(18_214, 18_214, 0), (15_563, 15_563, 0)]
    sql = "SELECT half, kind, count(*), sum(hours_viewed) FROM t GROUP BY ALL ORDER BY 1, 2"
    assert [(h, k, n) for h, k, n, _ in ask(lake, sql, "engagement")] == [
        ("2023 H1", "unknown", 18_214),
        ("2024 H2", "film", 8_680),
        ("2024 H2", "show", 6_883),
    ]
    same = """SELECT name, count(*) FROM t WHERE half = '2024 H2' GROUP BY title, kind, name
        HAVING count(*) > 1 ORDER BY 1"""
    assert ask(lake, same, "engagement") == [("Maria", 2), ("Monster", 2)]


def test_kuairand(lake: Lake, realdata: Path):
    folder = realdata / "kuairand"
    summary = ingest(
        lake,
        "kuairand",
        [
            folder / "log_standard_2022-04-25_2022-05-08.parquet",
            folder / "user_features.parquet",
            folder / "video_features_basic_pure.csv",
        ],
    )
    assert counts(summary) == [(228_329, 228_329, 0), (27_285, 27_285, 0), (7_583, 7_583, 0)]
    sql = """SELECT count(*), avg(clicked::INT), avg(long_view::INT),
        count(DISTINCT account_id), count(DISTINCT local_date) FROM t WHERE feed = 'kuairand'"""
    [(rows, clicks, long_views, accounts, days)] = ask(lake, sql, "impressions")
    assert (rows, accounts, days) == (228_329, 25_156, 14)
    assert clicks == pytest.approx(0.44190619675993853)
    assert long_views == pytest.approx(0.3107927595706196)
    sql = """SELECT count(*), count(*) FILTER (watched_s > runtime_s),
        count(*) FILTER (runtime_s IS NULL) FROM t WHERE feed = 'kuairand'"""
    [(plays, replays, unknown)] = ask(lake, sql, "playback")
    assert plays == 206_066
    assert replays > 28_000
    assert unknown > 0


@pytest.mark.parametrize(
    ("policy", "campaign", "clicks"),
    [("random", "all", 38), ("random", "men", 46), ("bts", "all", 42), ("bts", "men", 69)],
)
def test_open_bandit(lake: Lake, realdata: Path, policy: str, campaign: str, clicks: int):
    folder = realdata / "open_bandit"
    distribution = folder / "bts_zozotown_action_dist.csv"
    options = {"policy": policy, "campaign": campaign, "action-distribution": str(distribution)}
    log = folder / f"{policy}_{campaign}.parquet"
    summary = ingest(lake, "open-bandit", [log], options)
    assert counts(summary) == [(10_000, 10_000, 0)]
    sql = f"""SELECT count(*), sum(clicked::INT), sum((targets['bts'] IS NULL)::INT),
        avg(clicked::INT * targets['bts'] / propensity) FROM t
        WHERE feed = 'open-bandit' AND model_version = '{policy}' AND row_context = '{campaign}'"""
    [(rows, found, missing, value)] = ask(lake, sql, "impressions")
    assert (rows, found, missing) == (10_000, clicks, 0)
    raw = pl.read_parquet(log).with_columns(pl.col("item_id", "position").cast(pl.Int64))
    known = pl.read_csv(distribution).filter(pl.col("campaign") == campaign)
    by_hand = raw.join(known, on=["item_id", "position"])
    weight = by_hand["click"] * by_hand["prob"] / by_hand["propensity_score"]
    assert value == pytest.approx(weight.sum() / 10_000)


def test_puffer(lake: Lake, realdata: Path):
    names = ("watchtimes", "startup_delays", "first_ssims")
    summary = ingest(lake, "puffer", [realdata / "puffer" / f"{n}.parquet" for n in names])
    assert counts(summary) == [(226_265, 226_265, 0), (92_270, 92_267, 3), (92_270, 92_270, 0)]
    assert summary.files[1].reasons == {"negative_startup": 3}
    raw = pl.read_parquet(realdata / "puffer" / "startup_delays.parquet")
    raw = raw.filter(pl.col("startup_delay_s") >= 0)
    by_arm = raw.group_by("scheme").agg(pl.mean("startup_delay_s"), pl.len()).sort("scheme")
    sql = """SELECT abr, avg(startup_ms) / 1000, count(*) FROM t
        WHERE feed = 'puffer' AND startup_ms IS NOT NULL GROUP BY ALL ORDER BY 1"""
    for (arm, mean, n), (scheme, expected, rows) in zip(
        ask(lake, sql, "playback"), by_arm.iter_rows(), strict=True
    ):
        assert (arm, n) == (scheme, rows)
        assert mean == pytest.approx(expected, abs=0.0005)


def test_upworthy(lake: Lake, realdata: Path):
    summary = ingest(lake, "upworthy", [realdata / "upworthy" / "upworthy_clean.parquet"])
    assert counts(summary) == [(22_666, 22_666, 0)]
    sql = "SELECT count(DISTINCT test_id), count(DISTINCT arm_id), min(week_start) FROM t"
    [(tests, arms, first)] = ask(lake, sql, "packaging")
    assert (tests, arms, str(first)) == (4_873, 22_666, "2013-01-21")


def test_bls_wages(lake: Lake, realdata: Path):
    path = realdata / "film_locations" / "bls_qcew_512110_2010_2025q1.parquet"
    summary = ingest(lake, "bls-wages", [path])
    assert counts(summary) == [(87_370, 87_370, 0)]
    sql = """SELECT count(*) FILTER (withheld), count(wages_usd) FILTER (withheld),
        count(*) FILTER (NOT withheld AND wages_usd IS NULL), count(DISTINCT area_level) FROM t"""
    assert ask(lake, sql, "wages") == [(57_048, 0, 0, 4)]


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("upworthy/upworthy_clean.parquet", 22_666),
        ("netflix_top10/all-weeks-global.tsv", 10_560),
        ("kuairand/video_features_basic_pure.csv", 7_583),
        ("open_bandit/bts_zozotown_action_dist.csv", 480),
    ],
)
def test_any_of_the_files_can_be_a_dataset_of_its_own(
    lake: Lake, realdata: Path, file: str, rows: int
):
    name = Path(file).stem.split("_")[0].replace("-", "_")
    summary = ingest(lake, "file", [realdata / file], {"name": f"own_{name}"})
    assert counts(summary) == [(rows, rows, 0)]


def test_everything_again_changes_nothing(lake: Lake, realdata: Path):
    file = realdata / "netflix_top10" / "all-weeks-global.tsv"
    before = ingest(lake, "netflix-top10", [file]).data_version
    again = ingest(lake, "netflix-top10", [file])
    assert (again.status, again.data_version) == ("already_there", before)
