"""Running and rolling totals follow the calendar, not the rows that happen to be there."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from queries.calculation import calculate
from queries.dataset import TimeBucket
from queries.model import Calculation, Query
from queries.period import Grain, Period, start_of
from tests.queries.small_lake import COUNTRY, DATASET, DAY


def rolled(
    rows: dict[str, list[Any]], window: int, grain: Grain = Grain.DAY, period: Period | None = None
) -> list[float | None]:
    keys = tuple(k for k in (TimeBucket(DAY, grain), COUNTRY) if k.name in rows)
    query = Query(
        dataset=DATASET,
        metrics=(DATASET.metric("rows"),),
        by=keys,
        period=period,
        calculations=(Calculation("rolling", "rows", window),),
    )
    frame = pl.DataFrame(rows, schema_overrides={"day": pl.Date, "rows": pl.Float64})
    return calculate(query, frame, pl.DataFrame({"rows": [1.0]}))["rows__rolling"].to_list()


def test_a_day_without_rows_is_a_day_of_the_window() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)]
    assert rolled({"day": days, "rows": [1, 2, 4]}, 2) == [None, 3, 4]


def test_a_window_that_begins_before_the_period_has_no_sum() -> None:
    period = Period(date(2026, 1, 1), date(2026, 1, 9))
    assert rolled(
        {"day": [date(2026, 1, 2), date(2026, 1, 3)], "rows": [1, 2]}, 3, period=period
    ) == [
        None,
        3,
    ]


def test_each_group_has_its_own_window_and_a_missing_day_none() -> None:
    days = [None, date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 2)]
    found = rolled({"day": days, "country": ["BR", "BR", "BR", "US"], "rows": [9, 1, 2, 4]}, 2,
                   period=Period(date(2026, 1, 1), date(2026, 1, 2)))  # fmt: skip
    assert found == [None, None, 3, 4]


@pytest.mark.parametrize("grain", list(Grain))
@pytest.mark.parametrize("window", [1, 3, 1000])
def test_without_gaps_it_is_the_sum_of_the_last_rows(grain: Grain, window: int) -> None:
    days = sorted({start_of(date(2016, 1, 1) + timedelta(n), grain) for n in range(3000)})
    values = pl.Series([float(n % 7) for n in range(len(days))])
    assert rolled({"day": days, "rows": values.to_list()}, window, grain) == (
        values.rolling_sum(window, min_samples=window).to_list()
    )
