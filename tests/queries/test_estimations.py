"""Metrics that name an estimator, through the one door, against the same worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.condition import Dimension, Filter
from queries.dataset import CLUSTERS, Access, Metric, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import AccessDenied, UnsafeQuestion
from queries.estimation import Estimation
from queries.estimators.effective_size import effective_size
from queries.formula import Aggregate, parse
from queries.lake.lake import Lake
from queries.model import Calculation, Comparison, Query, Result, Threshold
from queries.period import Grain, Period, previous
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, DAY, DEVICE, START, plays

TITLE_ID = Dimension("title_id", "Title id", '"title_id"', "number", is_wide=True)
WEEKS = Period(START.replace(month=2), START.replace(month=2, day=28))


def amount(text: str) -> Aggregate:
    found = parse(text)
    assert isinstance(found, Aggregate)
    return found


SIZE = Metric(
    name="size",
    label="Effective size",
    formula=Estimation(
        "effective_size", (("amount", amount("sum(watched_s)")),), (("item", "title_id"),)
    ),
    kind="model",
)
BEST = Metric(
    name="best",
    label="Best device",
    formula=Estimation(
        "probability_best",
        (
            ("shown", amount("count(*)")),
            ("taken", amount("count(*) filter (where clicked)")),
            ("squares", amount("count(*)")),
        ),
        (("stratum", "title_id"), ("arm", "device")),
    ),
    kind="model",
)
SEEN = "watched_s > 60"
BEST_SEEN, BEST_OF_ALL = (
    replace(
        BEST,
        name=name,
        formula=Estimation(
            "probability_best",
            (
                ("shown", amount(f"count(*) filter (where {SEEN})")),
                ("taken", amount(f"count(*) filter (where {taken})")),
                ("squares", amount(f"count(*) filter (where {SEEN})")),
            ),
            (("stratum", "title_id"), ("arm", "device")),
        ),
    )
    for name, taken in (
        ("best_seen", f"{SEEN} and clicked"),
        ("best_of_all", f"case when {SEEN} then clicked end"),
    )
)
PLAYS = replace(
    DATASET,
    dimensions=(*DATASET.dimensions, TITLE_ID),
    metrics=(*DATASET.metrics, SIZE, BEST, BEST_SEEN, BEST_OF_ALL),
)


@pytest.fixture
def door(lake: Lake, duckdb_engine: DuckDBEngine) -> Warehouse:
    return Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((PLAYS,)))


def ask(
    door: Warehouse, metrics: Sequence[str], access: Access | None = None, **options: object
) -> Result:
    query = Query(
        dataset=PLAYS,
        metrics=tuple(PLAYS.metric(m) for m in metrics),
        **options,  # type: ignore[arg-type]
    )
    return door.ask(query, access or Access())


def by_hand(rows: pl.DataFrame) -> float:
    hours = rows.group_by("title_id").agg(pl.col("watched_s").sum())["watched_s"]
    return float(effective_size(hours.to_numpy().astype(float)))


def test_a_total_is_what_the_rows_say(door: Warehouse):
    answer = ask(door, ["size"])
    assert answer.frame["size"].item() == pytest.approx(by_hand(plays()))
    assert answer.total["size"].item() == answer.frame["size"].item()
    assert answer.frame["size__n"].item() == plays().height
    assert answer.source == "raw"
    assert "title_id" in answer.sql


def test_every_group_is_what_its_rows_say_and_the_total_is_recomputed(door: Warehouse):
    answer = ask(door, ["size"], by=(COUNTRY,))
    for country, value in answer.frame.select("country", "size").iter_rows():
        rows = plays().filter(pl.col("country").eq_missing(country))
        assert value == pytest.approx(by_hand(rows)), country
    assert answer.total["size"].item() == pytest.approx(by_hand(plays()))


def test_over_time_every_bucket_is_worked_out_by_itself(door: Warehouse):
    answer = ask(door, ["size"], by=(TimeBucket(DAY, Grain.WEEK),), period=WEEKS)
    weeks = plays().with_columns(pl.col("local_date").dt.truncate("1w"))
    kept = plays()["local_date"].is_between(WEEKS.start, WEEKS.end)
    for week, value in answer.frame.select("day", "size").iter_rows():
        assert value == pytest.approx(by_hand(weeks.filter(kept, pl.col("local_date") == week)))


def test_the_interval_leaves_one_cluster_of_accounts_out_at_a_time(door: Warehouse):
    row = ask(door, ["size"]).frame.row(0, named=True)
    cluster = pl.col("bucket") // (256 // CLUSTERS)
    left = np.array([by_hand(plays().filter(cluster != c)) for c in range(CLUSTERS)])
    variance = (CLUSTERS - 1) / CLUSTERS * ((left - left.mean()) ** 2).sum()
    assert row["size__high"] - row["size"] == pytest.approx(2.0395 * np.sqrt(variance), rel=1e-4)
    assert row["size"] - row["size__low"] == pytest.approx(2.0395 * np.sqrt(variance), rel=1e-4)


def test_a_change_leaves_the_same_accounts_out_of_both_periods(door: Warehouse):
    compare = Comparison("previous", previous(WEEKS))
    row = ask(door, ["size"], period=WEEKS, compare=compare).frame.row(0, named=True)
    sizes = []
    for period in (WEEKS, compare.period):
        rows = plays().filter(pl.col("local_date").is_between(period.start, period.end))
        cluster = pl.col("bucket") // (256 // CLUSTERS)
        left = [by_hand(rows.filter(cluster != c)) for c in range(CLUSTERS)]
        sizes.append((by_hand(rows), np.array(left)))
    (now, left), (then, left_then) = sizes
    assert row["size__previous"] == pytest.approx(then)
    assert row["size__delta"] == pytest.approx(now - then)
    assert row["size__relative"] == pytest.approx(now / then - 1)
    moved = left - left_then
    error = 2.0395 * np.sqrt((CLUSTERS - 1) / CLUSTERS * ((moved - moved.mean()) ** 2).sum())
    assert row["size__delta_high"] - row["size__delta"] == pytest.approx(error, rel=1e-4)


def test_formulas_and_estimations_are_asked_together(door: Warehouse):
    together = ask(door, ["hours_viewed", "size", "accounts"], by=(DEVICE,)).frame.sort("device")
    for name in ("hours_viewed", "size", "accounts"):
        alone = ask(door, [name], by=(DEVICE,)).frame.sort("device")
        for column in (name, f"{name}__low", f"{name}__high", f"{name}__n"):
            assert together[column].to_list() == pytest.approx(alone[column].to_list()), column


def test_without_intervals_there_is_the_same_value_and_nothing_else(door: Warehouse):
    plain = ask(door, ["size"], by=(DEVICE,), interval=False).frame.sort("device")
    full = ask(door, ["size"], by=(DEVICE,)).frame.sort("device")
    assert plain["size"].to_list() == pytest.approx(full["size"].to_list())
    assert plain["size__low"].null_count() == plain.height


def test_groups_are_kept_ordered_and_ranked_by_it(door: Warehouse):
    whole = ask(door, ["size"], by=(COUNTRY,)).frame
    limit = whole["size"].sort()[1]
    answer = ask(
        door,
        ["size"],
        by=(COUNTRY,),
        thresholds=(Threshold("size", ">=", limit),),
        calculations=(Calculation("rank", "size"),),
        order_by="size",
    ).frame
    assert answer.height == whole.height - 1
    assert answer["size"].is_sorted(descending=True)
    assert answer["size__rank"].to_list() == list(range(1, answer.height + 1))


def test_a_share_or_a_running_total_of_it_is_refused(door: Warehouse):
    for calculation in (Calculation("share", "size"), Calculation("running", "size")):
        with pytest.raises(UnsafeQuestion):
            ask(door, ["size"], by=(TimeBucket(DAY, Grain.WEEK),), calculations=(calculation,))


def test_by_the_very_thing_it_is_worked_out_over_there_is_none(door: Warehouse):
    with pytest.raises(UnsafeQuestion) as refused:
        ask(door, ["size"], by=(TITLE_ID,))
    assert refused.value.code == "dimension_not_allowed"
    assert "title_id" in refused.value.hint


def test_what_is_of_a_single_value_needs_to_be_broken_down_by_it(door: Warehouse):
    with pytest.raises(UnsafeQuestion) as refused:
        ask(door, ["best"])
    assert refused.value.code == "missing_dimension"
    answer = ask(door, ["best"], by=(DEVICE, TITLE_ID))
    sums = answer.frame.group_by("title_id").agg(pl.col("best").sum())["best"]
    assert sums.to_list() == pytest.approx([1.0] * sums.len(), abs=1e-9)
    assert answer.total["best"].null_count() == 1


def test_leaving_rivals_out_by_a_filter_is_refused(door: Warehouse):
    with pytest.raises(UnsafeQuestion, match="left out"):
        ask(door, ["best"], by=(DEVICE,), where=Filter(DEVICE, "in", ("tv",)))


def test_a_hidden_aggregate_closes_what_is_estimated_from_it(door: Warehouse):
    for hidden in (amount("sum(watched_s)"),):
        with pytest.raises(AccessDenied, match="Effective size"):
            ask(door, ["size"], access=Access(hidden=frozenset({hidden})))


def test_row_rules_apply_to_what_is_counted_inside(door: Warehouse):
    access = Access(rows=(("country", ("BR",)),))
    rows = plays().filter(pl.col("country") == "BR")
    for by in ((), (DEVICE,)):
        answer = ask(door, ["size"], access=access, by=by)
        assert answer.total["size"].item() == pytest.approx(by_hand(rows))


def test_too_many_counts_are_refused_before_they_are_read(
    door: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("queries.estimate.MOST_CELLS", 100)
    with pytest.raises(UnsafeQuestion) as refused:
        ask(door, ["size"], by=(COUNTRY,))
    assert refused.value.code == "too_many_cells"


def test_a_top_of_groups_changes_none_of_their_numbers(door: Warehouse):
    """A ranking of a wide dimension is cut to its top; what is learnt from all rows must not be."""
    title = PLAYS.dimension("title")
    whole = ask(door, ["hours_viewed", "best"], by=(title, DEVICE)).frame
    top = ask(door, ["hours_viewed", "best"], by=(title, DEVICE), limit=5).frame
    joined = top.join(whole, on=["title", "device"])
    assert joined.height == top.height
    assert joined["best"].to_list() == pytest.approx(joined["best_right"].to_list())


def test_rows_that_no_amount_looks_at_are_not_read_where_they_tell_nothing(door: Warehouse):
    keys = {"by": (TITLE_ID, DEVICE), "interval": False, "limit": 10_000}
    seen, every = (ask(door, [name], **keys) for name in ("best_seen", "best_of_all"))
    assert '("watched_s" > 60)' in seen.sql
    assert '("watched_s" > 60)' not in every.sql
    names = ("title_id", "device")
    frames = [
        answer.frame.sort(names).select(*names, pl.col(name).alias("best"))
        for answer, name in ((seen, "best_seen"), (every, "best_of_all"))
    ]
    assert frames[0]["best"].drop_nulls().len() > 0
    assert_frame_equal(*frames)
