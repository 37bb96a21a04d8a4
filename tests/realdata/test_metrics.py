"""Metrics on public data, through the whole path: file, lake, catalog, warehouse.

Expected values were worked out from the files by other means, or printed by their publishers.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from queries.analyses import offpolicy
from queries.analyses.cluster import Scope
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter
from queries.dataset import Access, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import UnsafeQuestion
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.model import Query, Result
from queries.period import Grain
from queries.warehouse import Warehouse

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def warehouse(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A lake of nearly all the public files; about 20 s, most of it reading two workbooks."""
    lake = Lake(tmp_path_factory.mktemp("real") / "lake")
    bandit = realdata / "open_bandit"
    for policy in ("random", "bts"):
        options = {
            "policy": policy,
            "campaign": "all",
            "action_distribution": str(bandit / "bts_zozotown_action_dist.csv"),
        }
        ingest(lake, "open-bandit", [bandit / f"{policy}_all.parquet"], options)
    kuairand = sorted((realdata / "kuairand").glob("*.*"))
    ingest(lake, "kuairand", kuairand)
    ingest(lake, "puffer", sorted((realdata / "puffer").glob("*.parquet")))
    ingest(lake, "netflix-top10", [realdata / "netflix_top10" / "all-weeks-global.tsv"])
    ingest(lake, "netflix-engagement", sorted((realdata / "netflix_engagement").glob("*.xlsx")))
    ingest(lake, "upworthy", sorted((realdata / "upworthy").glob("*.parquet")))
    ingest(lake, "bls-wages", sorted((realdata / "film_locations").glob("*.parquet")))
    engine = DuckDBEngine(memory="2GB")
    yield Warehouse(lake, engine, FrameCache(None), builtin())
    engine.close()


def ask(
    warehouse: Warehouse,
    dataset: str,
    metrics: list[str],
    by: str = "",
    grain: str = "",
    **only: str,
) -> Result:
    described = warehouse.dataset(dataset)
    dimension = described.dimension(by) if by else None
    key = (dimension,) if dimension else ()
    if dimension and grain:
        key = (TimeBucket(dimension, Grain(grain)),)
    filters = [Filter(described.dimension(name), "in", (value,)) for name, value in only.items()]
    query = Query(
        dataset=described,
        metrics=tuple(described.metric(m) for m in metrics),
        by=key,
        where=filters[0] if filters else None,
    )
    return warehouse.ask(query, Access())


def test_click_rates_of_the_open_bandit_policies(warehouse: Warehouse):
    frame = ask(warehouse, "impressions", ["click_rate"], "policy", feed="open-bandit").frame
    found = {r["policy"]: r for r in frame.iter_rows(named=True)}
    assert found["random"]["click_rate"] == pytest.approx(0.0038)
    assert found["bts"]["click_rate"] == pytest.approx(0.0042)
    # 38 and 42 clicks in 10,000: half as wide as the rate itself, and the two cannot be told apart.
    for row in found.values():
        assert 0.0010 < row["click_rate__high"] - row["click_rate"] < 0.0017
    assert found["random"]["click_rate__high"] > found["bts"]["click_rate__low"]


def test_the_value_of_the_evaluation_policy_is_the_published_one(warehouse: Warehouse):
    """1.198 times the random policy, as the README of the data's own package prints it."""
    dataset = warehouse.dataset("impressions")
    where = Filter(dataset.dimension("policy"), "in", ("random",))
    total = warehouse.ask(offpolicy.question(Scope(dataset, where=where), "bts"), Access()).total
    found = offpolicy.reading(total)
    ips = found.ladder["ips_value"]
    assert ips.value / found.logged.value == pytest.approx(1.198126, abs=1e-6)
    assert ips.low < 0.001
    assert ips.high > 0.008
    assert found.ladder["snips_value"].value == pytest.approx(0.00477583, abs=1e-8)
    assert found.effective_share == pytest.approx(0.163950, abs=1e-6)
    assert found.verdict == "cannot tell"


def test_the_log_of_the_other_policy_is_too_narrow_to_conclude_from(warehouse: Warehouse):
    dataset = warehouse.dataset("impressions")
    where = Filter(dataset.dimension("policy"), "in", ("bts",))
    total = warehouse.ask(offpolicy.question(Scope(dataset, where=where), "bts"), Access()).total
    found = offpolicy.reading(total)
    assert found.effective_share == pytest.approx(0.078906, abs=1e-6)
    assert found.verdict == "refused"


def test_click_and_long_view_rates_of_kuairand(warehouse: Warehouse, realdata: Path):
    log = pl.scan_parquet(realdata / "kuairand" / "log_standard*.parquet")
    expected = log.select(pl.col("is_click").mean(), pl.col("long_view").mean()).collect()
    result = ask(warehouse, "impressions", ["click_rate", "long_view_rate"], feed="kuairand")
    total = result.total.row(0, named=True)
    assert total["click_rate"] == pytest.approx(expected["is_click"][0])
    assert total["long_view_rate"] == pytest.approx(expected["long_view"][0])
    naive = 1.96 * (total["click_rate"] * (1 - total["click_rate"]) / 228_329) ** 0.5
    assert total["click_rate__high"] - total["click_rate"] > 1.3 * naive


def test_startup_delay_of_each_puffer_arm_has_an_interval(warehouse: Warehouse, realdata: Path):
    delays = pl.read_parquet(realdata / "puffer" / "startup_delays.parquet")
    kept = delays.filter(pl.col("startup_delay_s") >= 0)
    expected = dict(kept.group_by("scheme").agg(pl.col("startup_delay_s").median()).iter_rows())
    metrics = ["startup_seconds", "mean_startup_seconds"]
    frame = ask(warehouse, "playback", metrics, "abr", feed="puffer").frame
    assert frame.height == len(expected)
    for row in frame.iter_rows(named=True):
        median = row["startup_seconds"]
        assert median == pytest.approx(expected[row["abr"]], abs=0.001)
        assert row["startup_seconds__low"] < median < row["startup_seconds__high"]
        assert row["mean_startup_seconds"] > median


def test_a_log_without_plays_has_no_take_rate_rather_than_zero(warehouse: Warehouse):
    result = ask(warehouse, "impressions", ["take_rate", "click_rate"], feed="open-bandit")
    assert result.total["take_rate"][0] is None
    assert result.total["click_rate"][0] > 0


def test_what_a_feed_does_not_record_is_missing_and_not_zero(warehouse: Warehouse):
    metrics = ["rebuffering_ratio", "search_share", "recommendation_share", "pauses_per_hour"]
    total = ask(warehouse, "playback", metrics, feed="kuairand").total
    assert [total[m][0] for m in metrics] == [None] * 4


def test_the_top_ten_has_no_views_before_they_were_published(warehouse: Warehouse):
    frame = ask(warehouse, "top10", ["hours_viewed", "views"], "date", "year").frame
    found = {r["date"].year: r for r in frame.iter_rows(named=True)}
    assert found[2022]["views"] is None
    assert found[2022]["hours_viewed"] > 1e10
    assert found[2025]["views"] > 1e9


def test_the_engagement_report_adds_up_to_its_published_total(warehouse: Warehouse):
    """Netflix: “nearly 100 billion hours” in a half; 93.455 bn in the first one's own rows."""
    frame = ask(warehouse, "engagement", ["hours_viewed", "views"], "half").frame
    found = {r["half"]: r for r in frame.iter_rows(named=True)}
    assert found["2023 H1"]["hours_viewed"] == pytest.approx(93.455e9, rel=1e-3)
    assert found["2023 H1"]["views"] is None
    assert found["2024 H2"]["views"] > 1e10


def test_chosen_headlines_were_clicked_more(warehouse: Warehouse):
    total = ask(warehouse, "packaging", ["click_rate", "winner_lift"]).total
    assert total["click_rate"][0] == pytest.approx(1_231_208 / 81_024_151)
    assert total["winner_lift__low"][0] > 1


def test_withheld_wages_are_missing_and_levels_are_never_added(warehouse: Warehouse):
    frame = ask(warehouse, "wages", ["withheld_share", "wages_usd"], "area_level").frame
    found = {r["area_level"]: r for r in frame.iter_rows(named=True)}
    assert found["county"]["withheld_share"] > found["national"]["withheld_share"]
    # States are the nation once more: adding the levels would double every dollar.
    assert found["state"]["wages_usd"] == pytest.approx(found["national"]["wages_usd"], rel=0.01)
    with pytest.raises(UnsafeQuestion, match="overlap"):
        ask(warehouse, "wages", ["wages_usd"])
