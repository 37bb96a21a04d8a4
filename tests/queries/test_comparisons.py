"""What is held against what: as much time, all of it in the data, every group of either side."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from queries.dataset import Access, Key, TimeBucket
from queries.lake.lake import Change, Lake
from queries.model import Comparison, Query
from queries.period import Grain, Period, previous
from queries.question import Question, ask
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, DAY, START, plays

HOURS = Query(dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),))


def over(period: Period, earlier: Period | None = None) -> Query:
    held = Comparison("custom", earlier) if earlier else Comparison("previous", previous(period))
    return replace(HOURS, period=period, compare=held)


def test_a_month_begun_is_held_against_as_many_days_of_a_shorter_one(warehouse: Warehouse) -> None:
    """March so far against February: the first days of it, not all but the last ones."""
    answer = warehouse.ask(over(Period(date(2026, 3, 1), date(2026, 3, 31))), Access())
    kept, held = answer.query.period, answer.query.compare
    assert kept is not None
    assert held is not None
    assert kept.end < date(2026, 3, 31)
    assert held.period == Period(date(2026, 2, 1), date(2026, 2, 1) + timedelta(kept.days - 1))


def test_the_total_has_no_change_where_its_last_days_are_incomplete(warehouse: Warehouse) -> None:
    query = over(Period(date(2026, 3, 1), date(2026, 3, 31)))
    answer = warehouse.ask(replace(query, by=(TimeBucket(DAY, Grain.WEEK),)), Access())
    assert answer.total["hours_viewed__delta"].item() is None
    assert answer.total["hours_viewed"].item() > 0
    assert answer.notes


def test_a_bucket_without_a_counterpart_has_no_change(warehouse: Warehouse) -> None:
    query = over(
        Period(date(2026, 2, 1), date(2026, 2, 10)), Period(date(2026, 1, 5), date(2026, 1, 7))
    )
    days = warehouse.ask(replace(query, by=(TimeBucket(DAY, Grain.DAY),)), Access()).frame
    assert days["hours_viewed__delta"].is_null().to_list() == [False] * 3 + [True] * 7
    assert days["hours_viewed__previous"].null_count() == 7


def test_a_part_of_a_week_is_never_held_against_a_whole_one(warehouse: Warehouse) -> None:
    """Thirty days that begin on a Wednesday: their first week has five days, the earlier all."""
    query = over(Period(date(2026, 2, 4), date(2026, 3, 5)))
    weeks = warehouse.ask(replace(query, by=(TimeBucket(DAY, Grain.WEEK),)), Access()).frame
    assert weeks["day"][0] == date(2026, 2, 2)
    assert weeks["hours_viewed__delta"].is_null().to_list() == [True, False, False, False, True]


def test_weeks_that_the_period_cuts_are_marked_and_held_against_as_many_days(
    warehouse: Warehouse,
) -> None:
    """Four weeks from Wednesday to Tuesday: five whole or partial weeks, all of them complete."""
    query = over(Period(date(2026, 2, 4), date(2026, 3, 3)))
    weeks = warehouse.ask(replace(query, by=(TimeBucket(DAY, Grain.WEEK),)), Access()).frame
    assert weeks["incomplete"].to_list() == [True, False, False, False, True]
    assert weeks["hours_viewed__delta"].null_count() == 0


def test_whole_months_are_held_against_whole_months(warehouse: Warehouse) -> None:
    query = over(Period(date(2026, 2, 1), date(2026, 2, 28)))
    months = warehouse.ask(replace(query, by=(TimeBucket(DAY, Grain.MONTH),)), Access()).frame
    assert months["hours_viewed__delta"].null_count() == 0


@pytest.mark.parametrize("by", [(), (COUNTRY,)])
def test_what_the_data_does_not_reach_back_to_is_not_nothing(
    by: tuple[Key, ...], warehouse: Warehouse
) -> None:
    answer = warehouse.ask(replace(over(Period(START, START + timedelta(6))), by=by), Access())
    assert answer.frame["hours_viewed__delta"].null_count() == answer.frame.height
    assert answer.frame["hours_viewed__previous"].null_count() == answer.frame.height
    assert answer.notes


def test_groups_that_fell_to_nothing_are_in_the_answer(lake: Lake, warehouse: Warehouse) -> None:
    """They lost most of all, and without them the changes do not add up to the total's."""
    gone = plays(400, seed=5).filter(pl.col("local_date") < date(2026, 2, 1))
    gone = gone.with_columns(pl.lit("AQ").alias("country"), pl.col("bucket").cast(pl.Int16))
    lake.commit([Change(table="plays", rows=gone, day="local_date")], "gone")
    period = Period(date(2026, 2, 1), date(2026, 2, 28))
    query = replace(over(period), by=(COUNTRY,))
    answer = warehouse.ask(query, Access())
    lost = answer.frame.filter(pl.col("country") == "AQ")
    assert lost["hours_viewed"].item() == 0
    assert lost["hours_viewed__delta"].item() < 0
    assert answer.frame["hours_viewed__delta"].sum() == pytest.approx(
        answer.total["hours_viewed__delta"].item()
    )


def test_an_order_by_a_change_is_an_order(warehouse: Warehouse) -> None:
    asked = Question(
        dataset="plays", metrics=("hours_viewed",), by=("country",), period="last 28 days",
        compare="previous", order="hours_viewed__delta asc",
    )  # fmt: skip
    changes = ask(asked, warehouse, Access()).frame["hours_viewed__delta"].to_list()
    assert changes == sorted(changes)


@pytest.mark.parametrize(
    "earlier",
    [
        Period(date(2026, 1, 4), date(2026, 1, 31)),
        Period(date(2026, 1, 1), date(2026, 1, 31)),
        Period(date(2026, 1, 10), date(2026, 1, 23)),
    ],
)
@pytest.mark.parametrize("key", [TimeBucket(DAY, Grain.DAY), TimeBucket(DAY, Grain.WEEK), COUNTRY])
def test_a_total_is_held_against_all_of_the_earlier_period_whatever_the_groups(
    lake: Lake, warehouse: Warehouse, key: Key, earlier: Period
) -> None:
    """Groups that pair no day of it, or of other days, still leave none of its rows out."""
    a_country = pl.col("country") == "BR"
    missing = pl.col("local_date") == date(2026, 2, 11)
    rows = plays().filter(~(a_country & (pl.col("local_date") >= date(2026, 2, 1))) & ~missing)
    rows = rows.with_columns(pl.col("bucket").cast(pl.Int16))
    lake.commit([Change(table="plays", rows=rows, day="local_date", fresh=True)], "with gaps")
    query = over(Period(date(2026, 2, 1), date(2026, 2, 28)), earlier)
    alone = warehouse.ask(query, Access()).total
    total = warehouse.ask(replace(query, by=(key,)), Access()).total
    changed = [c for c in total.columns if "previous" in c or "delta" in c]
    for column in changed:
        assert total[column].item() == pytest.approx(alone[column].item(), rel=1e-9)
    assert total["hours_viewed__previous"].item() > 0
