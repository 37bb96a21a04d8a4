"""Earned value by hand: a small shoot, by the definitions of ANSI/EIA-748."""

from datetime import date
from math import isnan

import polars as pl
import pytest

from queries.analyses.earned_value import EarnedValue, curves, state

WEEKS = pl.DataFrame(
    {
        "date": [date(2026, 3, 9), date(2026, 3, 2), date(2026, 3, 16)],
        "planned_cost_usd": [30_000.0, 20_000.0, 30_000.0],
        "earned_usd": [24_000.0, 20_000.0, 20_000.0],
        "cost_usd": [33_000.0, 22_000.0, 25_000.0],
        "at_completion_usd": [None, 120_000.0, None],
    }
)


def test_a_shoot_by_hand():
    """After three weeks PV 80, EV 64, AC 80 of a budget of 120 thousand dollars."""
    found = state(WEEKS)
    assert found == EarnedValue(80_000, 64_000, 80_000, 120_000)
    assert found.cost_performance == pytest.approx(0.8)
    assert found.schedule_performance == pytest.approx(0.8)
    assert found.estimate == pytest.approx(150_000)
    assert found.to_complete == pytest.approx(56 / 40)


def test_curves_are_cumulated_in_the_order_of_time():
    found = curves(WEEKS, "date")
    assert found["planned"].to_list() == [20_000, 50_000, 80_000]
    assert found["earned"].to_list() == [20_000, 44_000, 64_000]
    assert found["actual"].to_list() == [22_000, 55_000, 80_000]


def test_on_plan_the_estimate_is_the_budget_and_nothing_has_to_get_better():
    found = EarnedValue(planned=50, earned=50, actual=50, at_completion=100)
    assert found.estimate == found.at_completion
    assert found.to_complete == 1


def test_before_anything_was_spent_there_is_no_performance():
    found = EarnedValue(planned=10, earned=0, actual=0, at_completion=100)
    assert isnan(found.cost_performance)
    assert isnan(found.estimate)


@pytest.mark.parametrize(
    ("known", "performance", "schedule", "estimate", "to_complete"),
    [
        # A solved assignment of a course on construction (CEE 422, homework 6, project 2).
        (EarnedValue(240_000, 200_000, 160_000, 280_000), 1.25, 0.8333, 224_000, None),
        # Questpond's bakery (geocities.ws/projectmanagementquestpond/earnedvalue.htm): 80 of 400
        # loaves of 2 cents after three hours, where 120 were planned, for 3 dollars.
        (EarnedValue(2.4, 1.6, 3.0, 8.0), 0.53, 0.67, None, 1.28),
    ],
    ids=["a course", "a bakery"],
)  # fmt: skip
def test_worked_examples_come_out_as_they_are_printed(
    known: EarnedValue, performance: float, schedule: float, estimate: float | None,
    to_complete: float | None,
):  # fmt: skip
    assert known.cost_performance == pytest.approx(performance, abs=0.005)
    assert known.schedule_performance == pytest.approx(schedule, abs=0.005)
    if estimate is not None:
        assert known.estimate == pytest.approx(estimate)
    if to_complete is not None:
        assert known.to_complete == pytest.approx(to_complete, abs=0.005)
