"""Forecasts frozen at greenlight against what came, on the demo company, by plain loops."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from math import log
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import pytest

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.interval import wilson
from queries.lake.lake import Lake
from queries.model import Query
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
Row = dict[str, Any]
QUANTILES = {0.1: "fc_views91_p10", 0.5: "fc_views91_p50", 0.9: "fc_views91_p90"}


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    engine.close()


def rows(warehouse: Warehouse, table: str) -> list[Row]:
    return pl.read_parquet(list(warehouse.snapshot().files(table))).to_dicts()


def actual(warehouse: Warehouse) -> dict[int, float]:
    """Views of past launches; the small demo is too short for one of its own to be over."""
    views: defaultdict[int, float] = defaultdict(float)
    last = warehouse.snapshot().complete_through("playback")
    assert isinstance(last, date)
    for row in rows(warehouse, "launch_history"):
        if row["release_date"] + timedelta(90) <= last:
            views[row["title_id"]] += row["views_91d"]
    return views


def asked(warehouse: Warehouse, by: str = "") -> pl.DataFrame:
    dataset = warehouse.dataset("forecasts")
    names = ("forecast_error", "coverage", "pinball_loss", "under_p10", "over_p90")
    query = Query(dataset=dataset, metrics=tuple(dataset.metric(n) for n in names))
    keys = (dataset.dimension(by),) if by else ()
    return warehouse.ask(replace(query, by=keys), Access()).frame


def test_the_record_of_forecasts_is_what_a_plain_loop_gives(warehouse: Warehouse):
    views = actual(warehouse)
    launched = [r for r in rows(warehouse, "productions") if r["title_id"] in views]
    errors, inside, losses = [], 0, []
    for row in launched:
        came = views[row["title_id"]]
        inside += row["fc_views91_p10"] <= came <= row["fc_views91_p90"]
        errors += [abs(log(came / row["fc_views91_p50"]))] if came > 0 else []
        missed = {tau: came - row[name] for tau, name in QUANTILES.items()}
        losses.append(sum(max(tau * u, (tau - 1) * u) for tau, u in missed.items()) / 3)
    found = asked(warehouse).row(0, named=True)
    assert found["forecast_error"] == pytest.approx(median(errors))
    assert found["coverage"] == pytest.approx(inside / len(launched))
    assert len(launched) > 100
    ends = wilson(np.array([inside]), np.array([len(launched)]))
    assert (found["coverage__low"], found["coverage__high"]) == pytest.approx(
        (ends.low[0], ends.high[0])
    )
    assert found["pinball_loss"] == pytest.approx(sum(losses) / len(losses))


def test_the_model_that_was_planted_too_narrow_is_told_by_its_coverage(warehouse: Warehouse):
    by_model = {r["forecast_model"]: r for r in asked(warehouse, "forecast_model").to_dicts()}
    old, new = by_model["quantiles_v0"], by_model["knn_cqr_v1"]
    assert old["coverage__high"] < 0.8
    assert new["coverage__low"] < 0.8 < new["coverage__high"]


def test_views_of_launches_by_country_are_those_of_the_history(warehouse: Warehouse):
    dataset = warehouse.dataset("launch_views")
    query = Query(
        dataset=dataset,
        metrics=(dataset.metric("views"), dataset.metric("launches")),
        by=(dataset.dimension("country"),),
        interval=False,
    )
    found = {r["country"]: r["views"] for r in warehouse.ask(query, Access()).frame.to_dicts()}
    wanted: defaultdict[str, float] = defaultdict(float)
    known = actual(warehouse)
    for row in rows(warehouse, "launch_history"):
        if row["title_id"] in known:
            wanted[row["country"]] += row["views_91d"]
    told = {country: views for country, views in found.items() if views is not None}
    assert len(told) > len(wanted) / 2
    assert told == pytest.approx({country: wanted[country] for country in told})


def test_what_is_known_before_a_launch_tells_about_half_of_its_views(warehouse: Warehouse):
    """The log of what a title cost goes with the log of its views, as it does among films."""
    cost = {r["title_id"]: r["cost_usd"] for r in rows(warehouse, "titles")}
    kind = {r["title_id"]: r["kind"] for r in rows(warehouse, "titles")}
    views = {t: v for t, v in actual(warehouse).items() if v > 0 and kind[t] == "film"}
    frame = pl.DataFrame(
        {"x": [log(float(cost[t])) for t in views], "y": [log(v) for v in views.values()]}
    )
    assert 0.35 < frame.select(pl.corr("x", "y")).item() < 0.85
