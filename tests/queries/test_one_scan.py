"""Reductions of the same rows in one scan: the same answers, in fewer scans."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.analyses.cluster import Scope, counted_by
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Dimension, Filter
from queries.dataset import Access, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query, Threshold
from queries.one_scan import Scan, joint, parted, same_rows, scans_of
from queries.period import Grain, Period
from queries.plan import by_bucket, over, plan
from queries.progress import Progress, followed_by
from queries.reduction import Engine, Reduction
from queries.warehouse import Warehouse
from tests.queries.small_lake import (
    COUNTRY,
    DATASET,
    DEVICE,
    GENRE,
    HOUR,
    START,
    TITLE,
    WEEKDAY,
    Files,
    plays,
    titles,
)

METRICS = tuple(DATASET.metric(name) for name in ("rows", "tv_share", "waited", "accounts"))
LATER = Period(START + timedelta(28), START + timedelta(55))
BEFORE = LATER.shifted(-28)
WEEK = TimeBucket(DATASET.time, Grain.WEEK)
QUESTIONS = (
    Query(dataset=DATASET, metrics=METRICS, period=LATER),
    Query(dataset=DATASET, metrics=METRICS, by=(DEVICE,), period=LATER),
    Query(dataset=DATASET, metrics=METRICS, by=(WEEK, DEVICE), period=LATER),
)


def reductions(query: Query, files: Files, *periods: Period) -> list[Reduction]:
    reduction = by_bucket(plan(query, Access(), files).groups)
    return [over(reduction, period) for period in periods]


def same(one: pl.DataFrame, other: pl.DataFrame, reduction: Reduction) -> None:
    keys = [key.name for key in reduction.keys]
    frames = [f.sort(keys, nulls_last=True) if keys else f for f in (one, other)]
    assert_frame_equal(*frames, check_dtypes=False, rel_tol=1e-9)


@pytest.mark.parametrize("query", QUESTIONS)
@pytest.mark.parametrize("gap", [0, 7])
def test_one_scan_answers_each_period_as_a_scan_of_its_own(
    query: Query, gap: int, engine: Engine, files: Files
) -> None:
    both = reductions(query, files, LATER, BEFORE.shifted(-gap))
    scan = joint(both)
    assert scan is not None
    for reduction, part in zip(both, parted(engine.reduce(scan, files), both), strict=True):
        assert part is not None
        same(part, engine.reduce(reduction, files), reduction)


@pytest.mark.parametrize(
    "other", [LATER.shifted(-1), LATER.shifted(-364), LATER], ids=["overlap", "far", "the same"]
)
def test_periods_that_overlap_or_lie_far_apart_are_scanned_apart(
    other: Period, files: Files
) -> None:
    assert joint(reductions(QUESTIONS[1], files, LATER, other)) is None


def test_reductions_that_differ_by_more_than_their_period_are_scanned_apart(files: Files) -> None:
    now, before = reductions(QUESTIONS[1], files, LATER, BEFORE)
    assert joint([now, replace(before, base="\"device\" = 'tv'")]) is None


def test_of_a_period_without_rows_the_engine_is_asked_what_that_is(
    engine: Engine, files: Files
) -> None:
    groups = plan(QUESTIONS[0], Access(), files).groups
    first = Period(START, START + timedelta(27))
    both = [over(groups, first), over(groups, first.shifted(-28))]
    scan = joint(both)
    assert scan is not None
    found = parted(engine.reduce(scan, files), both)
    assert found[0] is not None
    same(found[0], engine.reduce(both[0], files), both[0])
    assert found[1] is None


def test_a_change_is_read_in_one_scan_and_says_what_its_periods_say_alone(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    lake = Lake(tmp_path / "lake")
    made = plays(5_000).with_columns(pl.col("bucket").cast(pl.Int16))
    lake.commit([Change(table="plays", rows=made, day="local_date")], "small")
    warehouse = Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,)))
    rows = DATASET.metric("rows")
    asked = Query(dataset=DATASET, metrics=(rows,), by=(DEVICE,), period=LATER)
    warehouse.ask(replace(asked, period=LATER.shifted(14)), Access())
    progress = Progress()
    with followed_by(progress):
        change = warehouse.ask(replace(asked, compare=Comparison("previous", BEFORE)), Access())
    assert progress.scans == 1
    alone = [warehouse.ask(replace(asked, period=p), Access()).frame for p in (LATER, BEFORE)]
    for column, frame in zip(("rows", "rows__previous"), alone, strict=True):
        told = change.frame.select("device", pl.col(column).alias("rows")).sort("device")
        assert_frame_equal(told, frame.select("device", "rows").sort("device"))


ADDING = (DATASET.metric("rows"), DATASET.metric("views"))
ON_TV = Filter(DEVICE, "in", ("tv",))


def by_each(*dimensions: Dimension) -> list[Query]:
    """A change of all rows, then by each dimension, as what explains it is asked."""
    before = Comparison("previous", BEFORE)
    whole = Query(dataset=DATASET, metrics=ADDING, where=ON_TV, period=LATER, compare=before)
    return [whole, *(replace(whole, by=(d,), with_total=False) for d in dimensions)]


def scans(queries: list[Query], files: Files) -> list[Scan]:
    return [s for q in queries for s in scans_of(reductions(q, files, LATER, BEFORE))]


def test_several_groupings_of_the_same_rows_in_one_scan_are_those_of_a_scan_each(
    engine: Engine, files: Files
) -> None:
    asked = scans(by_each(COUNTRY, HOUR, WEEKDAY, GENRE), files)
    (group,) = same_rows(asked)
    assert len(group) == 5
    together = engine.reduce_each([scan.reduction for scan in group], files)
    for scan, frame in zip(group, together, strict=True):
        alone = engine.reduce(scan.reduction, files)
        same(frame, alone, scan.reduction)
        assert frame.schema == alone.schema


def test_other_amounts_of_the_same_groups_are_read_in_one_scan(
    engine: Engine, files: Files
) -> None:
    """Each of both periods, with the look-ups that only some of the amounts need."""
    asked = [replace(q, metrics=(m,)) for m in ADDING for q in by_each(COUNTRY, GENRE)]
    (group,) = same_rows(scans(asked, files))
    assert len(group) == 3
    frames = engine.reduce_each([scan.reduction for scan in group], files)
    found = [
        (part, answer)
        for scan, frame in zip(group, frames, strict=True)
        for part, answer in zip(scan.parts, scan.answers(frame), strict=True)
    ]
    assert len(found) == 2 * len(asked)
    for part, answer in found:
        assert answer is not None
        alone = engine.reduce(part, files)
        assert answer.columns == alone.columns
        same(answer, alone, part)


def test_amounts_of_one_name_that_mean_different_things_are_read_apart(files: Files) -> None:
    (scan,) = scans(by_each()[:1], files)
    first, *rest = scan.reduction.aggregates
    meant = replace(first, where="\"device\" = 'tv'", alias=first.key)
    other = replace(scan.reduction, aggregates=(meant, *rest))
    assert same_rows([scan, Scan(other, (other,))]) == []


def test_other_rows_are_scanned_apart_and_so_is_what_does_not_add_up(files: Files) -> None:
    tv, *_ = scans(by_each(), files)
    (others,) = scans([replace(by_each(HOUR)[1], where=None)], files)
    (counted,) = scans([replace(by_each(GENRE)[1], metrics=METRICS)], files)
    assert same_rows([tv, others, counted, tv]) == []


def small_lake(folder: Path) -> Lake:
    lake = Lake(folder / "lake")
    made = plays(5_000).with_columns(pl.col("bucket").cast(pl.Int16))
    names = Change(table="programmes", rows=titles())
    lake.commit([Change(table="plays", rows=made, day="local_date"), names], "small")
    return lake


def test_what_is_read_together_is_found_by_its_answers_which_say_what_they_say_alone(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    lake = small_lake(tmp_path)
    queries = by_each(COUNTRY, GENRE)

    def warehouse() -> Warehouse:
        return Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,)))

    alone, together = warehouse(), warehouse()
    for one in (alone, together):
        one.ask(replace(queries[0], period=LATER.shifted(14), compare=None), Access())
    hidden = Access(hidden=DATASET.metric("startup").formula.aggregates())
    refused = replace(queries[0], metrics=(DATASET.metric("startup"),))
    progress = Progress()
    with followed_by(progress):
        together.read_together([*queries, refused], hidden)
        found = [together.ask(query, hidden) for query in queries]
    assert progress.scans == 1
    for query, answer in zip(queries, found, strict=True):
        expected = alone.ask(query, hidden)
        assert (answer.source, answer.sql) == (expected.source, expected.sql)
        keys = [key.name for key in query.by]
        frames = [f.sort(keys) if keys else f for f in (answer.frame, expected.frame)]
        assert_frame_equal(*frames, rel_tol=1e-9)


def test_what_an_analysis_counts_by_several_keys_is_read_in_one_scan_and_is_as_alone(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    lake = small_lake(tmp_path)
    scope = Scope(DATASET, LATER, ON_TV)
    keys = (["country", "genre"], ["genre", "weekday"], ["hour"])
    queries = [counted_by(scope, ["rows", "views"], by) for by in keys]
    alone, together = (
        Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,))) for _ in range(2)
    )
    for one in (alone, together):  # whom the rows are of is read apart, once
        one.ask(counted_by(scope, ["rows"], ["device"]), Access())
    progress = Progress()
    with followed_by(progress):
        together.read_together(queries, Access())
        found = [together.ask(query, Access()) for query in queries]
    assert progress.scans == 1
    for query, answer in zip(queries, found, strict=True):
        expected = alone.ask(query, Access())
        assert (answer.source, answer.sql) == (expected.source, expected.sql)
        assert_frame_equal(answer.frame, expected.frame, rel_tol=1e-9)


def test_a_ranking_that_a_threshold_leaves_uncut_is_read_once_and_says_what_it_says_without_one(
    tmp_path: Path, duckdb_engine: DuckDBEngine
) -> None:
    lake = small_lake(tmp_path)
    one, other = (
        Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((DATASET,))) for _ in range(2)
    )
    metrics = tuple(DATASET.metric(name) for name in ("rows", "views", "accounts"))
    asked = Query(dataset=DATASET, metrics=metrics, by=(TITLE,), period=LATER, with_total=False)
    ranking = one.ask(asked, Access()).frame
    other.ask(replace(asked, by=()), Access())  # whom the rows are of is read apart, once
    least = sorted(ranking["views"].drop_nulls().to_list())[ranking.height // 3]
    some = replace(asked, thresholds=(Threshold("views", ">=", least),), limit=200)
    progress = Progress()
    with followed_by(progress):
        uncut = other.ask(some, Access()).frame
    assert progress.scans == 1
    assert 0 < uncut.height < ranking.height
    assert_frame_equal(uncut, ranking.filter(pl.col("views") >= least), rel_tol=1e-9)
