"""Bins of a distribution: of ten accounts each, and none tells the first or the last value."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.analyses.distribution import figures, spreads
from queries.bins import BIN, COUNT, HIGH, LOW, MIDDLE, SIDE, TOTAL, edges, finite, together
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Filter
from queries.dataset import BUCKET, CLUSTER, Access
from queries.distribution import Distribution, Over
from queries.errors import UnsafeQuestion
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.plan import BIN_RATIO
from queries.reduction import Engine
from queries.small_cells import FEWEST_SHOWN
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, plays, titles

HOURS = Query(dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),))
SHARE = Query(dataset=DATASET, metrics=(DATASET.metric("tv_share"),))


def tallied(values: np.ndarray, buckets: np.ndarray, side: np.ndarray) -> pl.DataFrame:
    """Values by side, bucket and bin, as an engine tallies them."""
    step = np.floor(np.log(np.where(values == 0, 1, np.abs(values))) / np.log(BIN_RATIO))
    numbers = (np.sign(values) * (MIDDLE + step)).astype(np.int64)
    frame = pl.DataFrame({SIDE: side, BUCKET: buckets, BIN: numbers, "value": values})
    return frame.group_by(SIDE, BUCKET, BIN).agg(
        pl.len().cast(pl.Float64).alias(COUNT),
        pl.col("value").sum().alias(TOTAL),
        pl.col("value").min().alias(LOW),
        pl.col("value").max().alias(HIGH),
    )


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, pl.DataFrame]:
    """Values of accounts on one or two sides, many alike, some negative."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, sides = draw(st.integers(30, 400)), draw(st.integers(1, 2))
    spread = draw(st.sampled_from([0.01, 1.0, 3.0]))
    values = np.exp(dice.normal(0, spread, n)) * dice.choice([1, draw(st.sampled_from([1, -1]))], n)
    if draw(st.booleans()):
        values = np.round(values)
    return values, tallied(values, np.arange(n) % 256, np.arange(n) % sides)


@given(samples())
def test_no_bin_is_of_few_and_nothing_is_lost(sample: tuple[np.ndarray, pl.DataFrame]):
    values, frame = sample
    try:
        found = together(frame, FEWEST_SHOWN)
    except UnsafeQuestion:
        return
    by_bin = found.group_by(SIDE, BIN).agg(pl.col(BUCKET).n_unique())
    assert by_bin[BUCKET].min() >= FEWEST_SHOWN  # type: ignore[operator]
    assert found[COUNT].sum() == len(values)
    assert found[TOTAL].sum() == pytest.approx(values.sum())
    bins = found.group_by(BIN).agg(pl.col(LOW, HIGH).first(), pl.col(COUNT, TOTAL).sum()).sort(BIN)
    means = bins[TOTAL] / bins[COUNT]
    tolerance = 1e-9 * np.abs(values).max()
    assert (bins[LOW] <= means + tolerance).all()
    assert (bins[HIGH] >= means - tolerance).all()
    assert (bins[HIGH][:-1] <= bins[LOW][1:] + tolerance).all()


@given(samples())
def test_an_end_that_is_told_is_no_value_but_where_ten_share_it(
    sample: tuple[np.ndarray, pl.DataFrame],
):
    values, frame = sample
    try:
        found = together(frame, FEWEST_SHOWN)
    except UnsafeQuestion:
        return
    for end, told in ((values.min(), found[LOW].min()), (values.max(), found[HIGH].max())):
        if (values == end).sum() < FEWEST_SHOWN and end:
            assert told != end


@pytest.mark.parametrize("number", [0, MIDDLE, MIDDLE + 7, MIDDLE - 300, -MIDDLE - 7, 300 - MIDDLE])
def test_the_ends_of_a_bin_hold_its_values(number: int):
    low, high = edges(number)
    middle = (low + high) / 2
    assert low <= high
    if number:
        step = np.floor(np.log(abs(middle)) / np.log(BIN_RATIO))
        assert np.sign(middle) * (MIDDLE + step) == number


def test_a_zero_that_few_have_is_no_share_of_zeros():
    many = np.concatenate([np.zeros(3), np.linspace(1, 50, 300)])
    (side,) = spreads(by_cluster(many), is_independent=True)
    assert np.isnan(figures(side)["zero"].value)
    often = np.concatenate([np.zeros(30), np.linspace(1, 50, 300)])
    (side,) = spreads(by_cluster(often), is_independent=True)
    assert figures(side)["zero"].value == pytest.approx(30 / 330)


def by_cluster(values: np.ndarray) -> pl.DataFrame:
    places = np.arange(len(values))
    found = together(tallied(values, places % 256, places * 0), FEWEST_SHOWN)
    return found.with_columns((pl.col(BUCKET) // 8).alias(CLUSTER))


def test_the_median_is_as_near_as_bins_are_wide():
    values = np.exp(np.random.default_rng(3).normal(0, 1, 5_000))
    (side,) = spreads(by_cluster(values), is_independent=True)
    for level in (0.1, 0.5, 0.9):
        assert side.quantile(level).value == pytest.approx(np.quantile(values, level), rel=0.01)


def warehouse(folder: Path, engine: Engine, rows: pl.DataFrame) -> Warehouse:
    lake = Lake(folder)
    changes = [
        Change(table="plays", rows=rows.cast({"bucket": pl.Int16}), day="local_date"),
        Change(table="programmes", rows=titles()),
    ]
    lake.commit(changes, "plays")
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))


@pytest.mark.parametrize("over", ["rows", "units"])
def test_an_answer_tells_neither_the_least_nor_the_most(tmp_path: Path, engine: Engine, over: Over):
    rows = plays()
    asked = Distribution(
        query=HOURS, over=over, split=Filter(COUNTRY, "in", ("KR",)) if over == "rows" else None
    )
    frame = warehouse(tmp_path / "lake", engine, rows).distribution(asked, Access()).frame
    hours = rows["watched_s"] / 3600
    if over == "units":
        hours = rows.group_by("account_id").agg(pl.col("watched_s").sum() / 3600)["watched_s"]
    else:
        hours = hours.filter(rows["country"].is_not_null())
    assert frame[COUNT].sum() == len(hours)
    assert frame[TOTAL].sum() == pytest.approx(hours.sum())
    assert abs(frame[HIGH].max() / hours.max() - 1) > 0.01  # type: ignore[operator]
    assert abs(frame[LOW].min() / hours.min() - 1) > 0.01  # type: ignore[operator]


@pytest.mark.parametrize("odd", [float("inf"), float("-inf"), float("nan")])
def test_values_that_are_no_numbers_are_left_out_and_said(
    tmp_path: Path, engine: Engine, odd: float
):
    rows = plays().with_columns(
        pl.when(pl.col("play_id") % 50 == 0)
        .then(pl.lit(odd))
        .otherwise(pl.col("startup_ms").cast(pl.Float64))
        .alias("startup_ms")
    )
    asked = Distribution(
        query=Query(dataset=DATASET, metrics=(DATASET.metric("startup"),)), over="rows"
    )
    found = warehouse(tmp_path / "lake", engine, rows).distribution(asked, Access())
    known = rows["startup_ms"].drop_nulls()
    assert found.frame[COUNT].sum() == known.is_finite().sum()
    assert any("no number" in note for note in found.notes)
    assert found.frame[TOTAL].is_finite().all()
    assert finite(found.frame).height == found.frame.height


def test_a_value_that_few_have_is_not_told_beside_many_that_are_no_numbers(
    tmp_path: Path, engine: Engine
):
    is_odd = pl.col("account_id") > 3
    rows = plays().with_columns(startup_ms=pl.when(is_odd).then(float("inf")).otherwise(100.0))
    asked = Distribution(
        query=Query(dataset=DATASET, metrics=(DATASET.metric("startup"),)), over="rows"
    )
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        warehouse(tmp_path / "lake", engine, rows).distribution(asked, Access())
