"""Quantiles off the counts of values: what an engine says of the rows themselves."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Dimension, Filter
from queries.dataset import Access, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.formula import Aggregate
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query
from queries.period import Grain, Period
from queries.plan import plan
from queries.progress import Progress, followed_by
from queries.reduction import Column, Engine, Reduction, Source
from queries.value_counts import COUNT, VALUE, by_value, quantiles
from queries.warehouse import Warehouse
from tests.queries.same_answers import assert_same
from tests.queries.small_lake import COUNTRY, DATASET, DEVICE, GENRE, HOUR, START, Files, plays

METRICS = tuple(DATASET.metric(name) for name in ("rows", "startup", "startup_p95"))
LATER = Period(START + timedelta(28), START + timedelta(55))
WEEK = TimeBucket(DATASET.time, Grain.WEEK)
BEFORE = Comparison("previous", LATER.shifted(-28))
KEYS = st.sampled_from(["tv", "web", None])
VALUES = st.none() | st.integers(-3, 12).map(lambda n: n / 1000)


def told(frame: pl.DataFrame, reduction: Reduction) -> pl.DataFrame:
    keys = [key.name for key in reduction.keys]
    return frame.sort(keys, nulls_last=True) if keys else frame


@pytest.mark.parametrize("where", [None, Filter(DEVICE, "in", ("tv", "web"))])
@pytest.mark.parametrize("by", [(), (DEVICE,), (COUNTRY, GENRE)])
def test_they_are_those_of_the_rows_by_any_keys_and_off_finer_counts_too(
    engine: Engine, files: Files, by: tuple[Dimension, ...], where: Filter | None
) -> None:
    query = Query(dataset=DATASET, metrics=METRICS, by=by, where=where, period=LATER)
    reduction = plan(query, Access(), files).groups
    expected = told(engine.reduce(reduction, files), reduction)
    finer = plan(replace(query, by=(*by, HOUR)), Access(), files).groups
    for asked in (reduction, finer):
        counted = by_value(asked)
        assert counted is not None
        found = quantiles(engine.reduce(counted, files), reduction)
        assert found is not None
        assert_frame_equal(told(found, reduction), expected, check_dtypes=False, rel_tol=1e-12)


@given(st.lists(st.tuples(KEYS, VALUES), min_size=1), st.sampled_from([0.05, 0.5, 0.95]))
def test_they_are_linear_between_the_two_nearest_values(
    rows: list[tuple[str | None, float | None]], level: float
) -> None:
    quantile = Aggregate("quantile", '"x"', level=level)
    reduction = Reduction(
        source=Source("plays"),
        keys=(Column("device", '"device"'),),
        aggregates=(Aggregate("count"), quantile),
    )
    frame = pl.DataFrame(rows, schema={"device": pl.String, VALUE: pl.Float64}, orient="row")
    counts = pl.len().cast(pl.Float64)
    counted = frame.group_by("device", VALUE).agg(
        counts.alias(Aggregate("count").key), pl.col(VALUE).count().cast(pl.Float64).alias(COUNT)
    )
    found = quantiles(counted, reduction)
    assert found is not None
    for device, count, value in found.iter_rows():
        own = [x for name, x in rows if name == device]
        known = [x for x in own if x is not None]
        assert count == len(own)
        assert value == (pytest.approx(np.quantile(known, level)) if known else None)


def test_what_is_not_told_by_counts_of_one_value_is_left_to_the_engine(files: Files) -> None:
    def asked(*names: str) -> Reduction:
        metrics = tuple(DATASET.metric(name) for name in names)
        return plan(Query(dataset=DATASET, metrics=metrics), Access(), files).groups

    assert by_value(asked("rows")) is None
    assert by_value(asked("startup", "accounts")) is None
    assert by_value(asked("startup", "waited")) is None
    assert by_value(asked("startup", "startup_p95")) is not None


def test_an_answer_off_counts_is_the_one_off_rows_in_fewer_scans(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    lake = Lake(tmp_path / "lake")
    bucket, startup = pl.col("bucket").cast(pl.Int16), pl.col("startup_ms") // 2_000 * 2_000
    made = plays(5_000).with_columns(bucket, startup)
    lake.commit([Change(table="plays", rows=made, day="local_date")], "small")
    off_rows, off_counts = (
        Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,)), many_rows=many)
        for many in (300_000, 400)
    )
    median = DATASET.metric("startup")
    first = Query(dataset=DATASET, metrics=(median,), by=(WEEK,), period=LATER, compare=BEFORE)
    second = replace(first, metrics=(DATASET.metric("startup_p95"),))
    scans: list[int] = []
    for warehouse in (off_rows, off_counts):
        progress = Progress()
        with followed_by(progress):
            found = [warehouse.ask(query, Access()) for query in (first, second)]
        scans.append(progress.scans)
        for query, answer in zip((first, second), found, strict=True):
            assert_same(answer, off_rows.ask(query, Access()))
    assert scans[1] < scans[0]
