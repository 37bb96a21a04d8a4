"""The studio's questions on the demo company: the planted slow vendor, earned value, deliveries."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from queries.analyses import delivery, earned_value, flow
from queries.analyses.cluster import Scope
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.period import Period
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
STAGES = ("editorial", "vfx", "sound", "colour", "localisation", "qc", "delivery")
SHOT = ("planned_cost_usd", "cost_usd", "planned_pages_8ths", "shot_pages_8ths")


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin(), fewest=0)
    engine.close()


def read(warehouse: Warehouse, table: str) -> pl.DataFrame:
    return pl.read_parquet(list(warehouse.snapshot().files(table)))


def tasks(warehouse: Warehouse, days: int = 0) -> pl.DataFrame:
    dataset = warehouse.dataset("post_production")
    span = warehouse.span(dataset)
    start = span.end.fromordinal(span.end.toordinal() - days + 1) if days else span.start
    scope = Scope(dataset, Period(start, span.end))
    return warehouse.ask(flow.question(scope), Access()).frame


def test_the_planted_slow_vendor_is_the_one_that_is_named(warehouse: Warehouse):
    truth = read(warehouse, "truths").filter(pl.col("name") == "slow_vendor")
    planted = json.loads(str(truth["where"][0]))
    named = flow.waits(tasks(warehouse)).filter("is_slow")
    assert named.select("vendor", "stage").rows() == [(planted["vendor"], planted["stage"])]
    assert named["low"][0] < truth["value"][0] < named["high"][0]


def test_little_s_law_holds_on_the_demo(warehouse: Warehouse):
    days = 84
    assert abs(flow.little(tasks(warehouse, days), days).residual) <= 1e-9


def test_earned_value_is_what_a_plain_loop_over_the_shoot_days_gives(warehouse: Warehouse):
    days, productions = read(warehouse, "production_days"), read(warehouse, "productions")
    pages = dict(productions.select("production_id", "pages_8ths_total").iter_rows())
    earned = planned = actual = 0.0
    for (production,), rows in days.partition_by("production_id", as_dict=True).items():
        cost, spent, of_plan, shot = (float(rows[c].sum()) for c in SHOT)
        planned, actual = planned + cost, actual + spent
        earned += cost / of_plan * min(shot, pages[production])
    question = earned_value.question(Scope(warehouse.dataset("shooting")))
    found = earned_value.state(warehouse.ask(question, Access()).frame)
    assert found.planned == pytest.approx(planned)
    assert found.actual == pytest.approx(actual)
    assert found.earned == pytest.approx(earned)


def test_deliveries_are_planned_as_if_nobody_knew_the_vendors(warehouse: Warehouse):
    """Some are late and some early, none by the day on which the demo begins."""
    made = read(warehouse, "productions").drop_nulls("delivery")
    slip = (made["delivery"] - made["planned_delivery"]).dt.total_days().to_numpy()
    assert 0.25 <= (slip > 0).mean() <= 0.65
    assert np.quantile(np.abs(slip), 0.9) <= 45
    last = read(warehouse, "post_tasks").group_by("production_id").agg(pl.col("finished_ts").max())
    both = made.join(last, on="production_id")
    after = (both["delivery"] - both["finished_ts"].dt.date()).dt.total_days()
    assert both.height >= 20
    assert after.is_between(0, 1).all()
    launched = made.drop_nulls("launch")
    assert (launched["launch"] > launched["delivery"]).all()


def test_task_days_add_up_to_the_tasks_they_come_from(warehouse: Warehouse):
    made, source = read(warehouse, "post_days"), read(warehouse, "post_tasks")
    assert made["task_id"].n_unique() == source.height
    assert made.filter("is_finished").height == source["finished_ts"].is_not_null().sum()
    done = source.drop_nulls("finished_ts")
    took = (done["finished_ts"] - done["queued_ts"]).dt.total_seconds().sum() / 3600
    finished = made.filter(pl.col("task_id").is_in(done["task_id"].to_list()))
    assert finished["open_h"].sum() == pytest.approx(took)


def test_past_forecasts_of_delivery_held_about_four_of_five(warehouse: Warehouse):
    """Forecasts of the demo's past, each by what was known then, against what then happened."""
    source = read(warehouse, "post_tasks").sort("task_id")
    delivered = (
        source.filter(pl.col("stage") == "delivery")
        .group_by("production_id")
        .agg(
            pl.col("finished_ts").max().alias("end"),
            pl.col("finished_ts").null_count().alias("open"),
        )
    )
    whole = source.group_by("production_id").agg(
        (pl.col("stage") == "editorial").sum().alias("n"),
        (pl.col("stage") == "delivery").sum().alias("last"),
    )
    ended = delivered.join(whole, on="production_id").filter(
        (pl.col("open") == 0) & (pl.col("n") == pl.col("last"))
    )
    ends = dict(ended.select("production_id", "end").iter_rows())
    held: list[bool] = []
    last = source["queued_ts"].max()
    for months in range(2, 9):
        now = pl.select(pl.lit(last).dt.offset_by(f"-{months}mo")).item()
        forecast = delivery.deliveries(known := _known(source, now), known, STAGES)
        for row in forecast.drop_nulls("middle").iter_rows(named=True):
            number = row["production_id"]
            seen = source.filter(pl.col("production_id") == number)
            # An episode that was not queued yet is not known to a forecast.
            first = seen.filter(pl.col("stage") == "editorial")["queued_ts"].max()
            if number in ends and first <= now < ends[number]:
                days = (ends[number] - now).total_seconds() / 86_400
                held.append(row["low"] <= days <= row["high"])
    assert len(held) >= 20
    assert 0.6 <= sum(held) / len(held) <= 0.95


def _known(source: pl.DataFrame, now: object) -> pl.DataFrame:
    """Tasks as they stood then."""
    at = pl.lit(now)
    there = source.filter(pl.col("queued_ts") <= at)
    done = (pl.col("finished_ts") <= at).fill_null(value=False)
    end = pl.when(done).then("finished_ts").otherwise(at)
    return there.select(
        "production_id",
        pl.col("production_id").cast(pl.String).alias("production"),
        pl.col("episode_no").alias("episode"),
        "stage",
        done.cast(pl.Float64).alias("finished"),
        ((end - pl.col("queued_ts")).dt.total_seconds() / 86_400).alias("age"),
        pl.when(done)
        .then((pl.col("started_ts") - pl.col("queued_ts")).dt.total_seconds() / 86_400)
        .otherwise(0.0)
        .alias("wait_total"),
    )
