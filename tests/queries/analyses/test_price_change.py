"""Difference in differences of two groups by month, by hand and by simulation."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from queries.analyses.price_change import PriceChange, chance, changes, difference

CHANGE = PriceChange("US", "standard", date(2026, 3, 10), 15.49, 17.97)
MONTHS = [date(2025 + (m // 12), m % 12 + 1, 1) for m in range(18)]


def side(rates: list[float], at_risk: float = 1000.0) -> pl.DataFrame:
    return pl.DataFrame({"month": MONTHS, "rate": rates, "n": [at_risk] * len(MONTHS)})


def flat(before: float, during: float, after: float) -> list[float]:
    """The rate of each month: before March 2026, in it, and after it."""
    first = date(2026, 3, 1)
    return [before if m < first else during if m == first else after for m in MONTHS]


def test_the_rise_of_the_others_is_taken_off_and_the_month_of_the_change_left_out():
    found = difference(
        CHANGE, (side(flat(0.05, 0.9, 0.10)), side(flat(0.04, 0.5, 0.05))), "rate", "n"
    )
    assert found is not None
    assert found.value == pytest.approx(0.05 - 0.01)
    assert found.low < found.value < found.high


def test_without_a_month_after_there_is_nothing_to_say():
    early = side(flat(0.05, 0.05, 0.05)).filter(pl.col("month") <= date(2026, 3, 1))
    assert difference(CHANGE, (early, early), "rate", "n") is None


def test_prices_become_changes_in_order():
    frame = pl.DataFrame(
        {
            "from_date": [date(2026, 5, 1), date(2026, 3, 10)],
            "country": ["BR", "US"],
            "plan": ["ads", "standard"],
            "price_usd": [4.0, 17.97],
            "price_before_usd": [3.5, 15.49],
        }
    )
    assert [c.country for c in changes(frame)] == ["US", "BR"]
    assert changes(frame)[0] == CHANGE


def test_where_nothing_happened_it_alarms_as_often_as_it_says():
    dice = np.random.default_rng(11)
    alarms = 0
    for _ in range(1000):
        drawn = [
            side((dice.binomial(2000, 0.05, len(MONTHS)) / 2000).tolist(), 2000.0) for _ in "ab"
        ]
        found = difference(CHANGE, drawn, "rate", "n")
        assert found is not None
        alarms += not found.low <= 0 <= found.high
    assert abs(alarms / 1000 - 0.05) < 3 * math.sqrt(0.05 * 0.95 / 1000)


def test_the_interval_is_that_of_a_regression_with_robust_errors():
    """statsmodels 0.15.0: OLS of left on changed, after and both, cov_type="HC0"."""
    after = [m > date(2026, 3, 1) for m in MONTHS]
    counts = (((50, 1_000), (80, 1_000)), ((40, 1_200), (45, 900)))
    sides = [
        pl.DataFrame(
            {
                "month": MONTHS,
                "rate": [late[0] / late[1] if a else early[0] / early[1] for a in after],
                # The month of the change, and those more than twelve before it, do not count.
                "n": [late[1] / 3 if a else early[1] / 12 for a in after],
            }
        )
        for early, late in counts
    ]
    found = difference(CHANGE, sides, "rate", "n")
    assert found is not None
    expected = (0.01333333, -0.01443526, 0.04110192)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-8)
    assert chance(found) == pytest.approx(0.3466567006779723)
