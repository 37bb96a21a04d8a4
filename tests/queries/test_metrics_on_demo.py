"""The catalog on the demo company: metrics pass their own tests, planted truths are found."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from queries.analyses import launch, offpolicy, survival
from queries.analyses.cluster import Scope
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access, Dataset, Metric
from queries.engines.duckdb_engine import DuckDBEngine
from queries.estimation import Estimation
from queries.lake.lake import Lake
from queries.model import Query
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo

BY = {
    "playback": "device",
    "impressions": "ranker",
    "visits": "device",
    "searches": "language",
    "audience": "kind",
    "episodes": "episode",
    "interactions": "interaction",
    "launches": "genre",
    "title_value": "genre",
    "licences": "genre",
    "licensed_viewing": "genre",
    "launch_views": "kind",
    "launch_reach": "genre",
    "forecasts": "forecast_model",
    "page_requests": "device",
    "page_rows": "ranker",
    "calibration": "shown",
    "membership": "plan",
    "experiments": "cell",
    "marketing": "creative_kind",
    "campaign_regions": "is_holdout",
    "signups": "signup_channel",
    "experiment_days": "primary_metric",
    "shooting": "city",
    "productions": "kind",
    "post_production": "stage",
    "location_costs": "city",
    "locations": "city",
    "campaign_outcomes": "country",
    "page_tops": "device",
    "exposures": "ranker",
    "open_streams": "utc_hour",
}
DATASETS = tuple(BY)
BOUND = {"policy": "pvr_v2", "image_policy": "best"}


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin(), fewest=0)
    engine.close()


@pytest.fixture(scope="module")
def truths(warehouse: Warehouse) -> dict[str, float]:
    found = pl.read_parquet(list(warehouse.snapshot().files("truths")))
    return dict(found.select("name", "value").iter_rows())


def can_be_asked(metric: Metric, by: str) -> bool:
    if not isinstance(metric.formula, Estimation):
        return True
    return not metric.formula.asked and (not by or metric.formula.groups_by(by))


def asked(warehouse: Warehouse, dataset: Dataset, by: str = "") -> pl.DataFrame:
    metrics = tuple(m.bind({n: BOUND[n] for n in m.parameters}) for m in dataset.metrics)
    metrics = tuple(m for m in metrics if can_be_asked(m, by))
    keys = (dataset.dimension(by),) if by else ()
    query = Query(dataset=dataset, metrics=metrics, by=keys, interval=False)
    return warehouse.ask(query, Access()).frame


def total(warehouse: Warehouse, name: str, *metrics: str) -> dict[str, float]:
    dataset = warehouse.dataset(name)
    query = Query(dataset=dataset, metrics=tuple(dataset.metric(m) for m in metrics))
    return warehouse.ask(query, Access()).total.row(0, named=True)


@pytest.mark.parametrize("name", DATASETS)
def test_every_metric_passes_its_own_tests_overall_and_in_every_slice(
    warehouse: Warehouse, name: str
):
    dataset = warehouse.dataset(name)
    for frame in (asked(warehouse, dataset), asked(warehouse, dataset, BY[name])):
        with duckdb.connect() as connection:
            connection.register("answer", frame.to_arrow())
            for metric in (m for m in dataset.metrics if m.name in frame.columns):
                for test in metric.tests:
                    condition = test.replace('"value"', f'"{metric.name}"')
                    broken = connection.execute(
                        f"SELECT count(*) FROM answer WHERE NOT ({condition})"
                    ).fetchone()
                    assert broken == (0,), f"{name}.{metric.name}: {test}"


@pytest.mark.parametrize("name", DATASETS)
def test_hardly_any_metric_is_without_a_number(warehouse: Warehouse, name: str):
    row = asked(warehouse, warehouse.dataset(name)).row(0, named=True)
    missing = {m.name for m in warehouse.dataset(name).metrics if row.get(m.name, 0) is None}
    assert missing <= {
        "long_view_rate",  # of feeds that judge views themselves
        "weekly_wage_usd",  # of wages that are loaded apart
        "first_picture_quality_db",  # of feeds that measure pictures
        "replay_value",  # of image policies
        "image_lift",
        "abandonment_position",  # of plays of which more than half are seen to the end
    }


@pytest.mark.parametrize("name", DATASETS)
def test_what_is_estimated_does_not_depend_on_whether_an_interval_is_asked_for(
    warehouse: Warehouse, name: str
):
    dataset = warehouse.dataset(name)
    for metric in (m for m in dataset.metrics if isinstance(m.formula, Estimation)):
        names = metric.formula.asked if isinstance(metric.formula, Estimation) else ()
        keys = tuple(dataset.dimension(n) for n in names)
        query = Query(dataset=dataset, metrics=(metric,), by=keys)
        full, plain = (
            warehouse.ask(replace(query, interval=i), Access()).frame for i in (True, False)
        )
        both = (
            full.join(plain, on=names, suffix="_plain")
            if names
            else full.hstack(plain.rename(lambda column: f"{column}_plain"))
        )
        values = [both[n].fill_null(np.nan) for n in (metric.name, f"{metric.name}_plain")]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-9, err_msg=metric.name)
        assert plain[f"{metric.name}__low"].null_count() == plain.height


@pytest.mark.parametrize("policy", ["pvr_v2", "popularity"])
def test_off_policy_values_find_what_the_policy_would_have_earned(
    warehouse: Warehouse, truths: dict[str, float], policy: str
):
    scope = Scope(warehouse.dataset("impressions"))
    total = warehouse.ask(offpolicy.question(scope, policy), Access()).total
    found = offpolicy.reading(total)
    truth = truths[f"policy_value_{policy}_plays"]
    for name in ("ips_value", "snips_value", "dr_value"):
        estimate = found.ladder[name]
        error = (estimate.high - estimate.low) / 4
        assert abs(estimate.value - truth) < 3 * error, name
    assert abs(found.mean_weight.value - 1) < 0.02
    assert found.effective_share > 0.1


def test_the_better_policy_is_told_from_the_log(warehouse: Warehouse):
    scope = Scope(warehouse.dataset("impressions"))
    total = warehouse.ask(offpolicy.question(scope, "pvr_v2"), Access()).total
    found = offpolicy.reading(total)
    assert found.verdict == "better"
    assert found.reasons == ()


def test_viewing_is_as_concentrated_as_the_real_thing(warehouse: Warehouse):
    row = total(warehouse, "playback", "viewing_gini", "effective_catalogue_size", "titles_played")
    assert 0.77 < row["viewing_gini"] < 0.83
    assert row["viewing_gini__low"] < row["viewing_gini"] < row["viewing_gini__high"]


def test_rows_and_rankers_are_alike_once_the_place_is_taken_out(warehouse: Warehouse):
    """Rankers of the demo draw from one pool by one rule: only the place sets them apart."""
    dataset = warehouse.dataset("impressions")
    metrics = (dataset.metric("take_rate"), dataset.metric("debiased_take_index"))
    query = Query(dataset=dataset, metrics=metrics, by=(dataset.dimension("ranker"),))
    frame = warehouse.ask(query, Access()).frame
    rows = {r["ranker"]: r for r in frame.iter_rows(named=True)}
    for ranker in ("pvr", "trending", "similar", "top10", "billboard"):
        row = rows[ranker]
        slack = row["debiased_take_index__high"] - row["debiased_take_index"]
        assert abs(row["debiased_take_index"] - 1) < 2 * slack, ranker
    assert rows["continue_watching"]["debiased_take_index"] is None


def test_choosing_takes_about_a_minute(warehouse: Warehouse):
    row = total(warehouse, "visits", "choosing_median_seconds", "first_play_seconds")
    name = "choosing_median_seconds"
    assert 40 < row[name] < 90
    assert row[f"{name}__low"] <= row[name] <= row[f"{name}__high"]
    assert row["first_play_seconds"] < row[name]
    query = survival.first_play_question(Scope(warehouse.dataset("visits")))
    assert survival.first_play(warehouse.ask(query, Access()).frame).median == row[name]


def test_launches_decay_like_the_published_ones(warehouse: Warehouse):
    dataset = warehouse.dataset("playback")
    frame = warehouse.ask(launch.question(Scope(dataset)), Access()).frame
    curves = launch.curves(frame, "hours_viewed", warehouse.span(dataset))
    assert launch.fan(curves).launches > 10
    weeks = curves.group_by(pl.col("day") // 7).agg(pl.col("value").sum()).sort("day")["value"]
    ratios = (weeks / weeks[0]).to_list()
    assert ratios[0] == 1
    assert ratios[1] > ratios[2] > ratios[3] > 0.15


def test_image_policies_are_valued_as_by_hand_and_the_best_images_beat_random_ones(
    warehouse: Warehouse,
):
    dataset = warehouse.dataset("impressions")
    names = ("image_policy_rate", "image_policy_lift")
    metrics = tuple(dataset.metric(n).bind({"image_policy": "best"}) for n in names)
    found = warehouse.ask(Query(dataset=dataset, metrics=metrics), Access()).total.to_dicts()[0]
    files = list(warehouse.snapshot().files("impressions"))
    by_hand = duckdb.sql(f"""
        WITH seen AS (
            SELECT *, art_targets['best'] AS target, CAST(played AS INT) AS play,
                   sample_w * art_targets['best'] / art_propensity AS weight,
                   sample_w / art_propensity AS even
            FROM read_parquet({files})
            WHERE seen AND played IS NOT NULL AND art_targets['best'] IS NOT NULL
              AND art_propensity < 1 AND account_kind = 'member'
        )
        SELECT sum(sample_w * play) FILTER (WHERE explore AND target > 0.999)
               / sum(sample_w) FILTER (WHERE explore AND target > 0.999),
               (sum(weight * play) / sum(weight)) / (sum(even * play) / sum(even))
        FROM seen
    """)
    assert by_hand is not None
    assert [found[n] for n in names] == pytest.approx(by_hand.fetchall()[0])
    assert found["image_policy_lift__low"] > 1
