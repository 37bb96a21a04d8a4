"""Launch curves: who is compared with whom, and how far along."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from queries.analyses.launch import course, curves, fan, percentile, projection
from queries.period import Period

SPAN = Period(date(2026, 1, 1), date(2026, 3, 31))


def _watched(title: int, released: date, hours: dict[int, float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "title_id": [title] * len(hours),
            "release_date": [released] * len(hours),
            "days_since_release": list(hours),
            "hours_viewed": list(hours.values()),
        }
    )


def test_only_titles_whose_window_has_elapsed_are_comparables():
    frame = pl.concat(
        [
            _watched(1, SPAN.end - timedelta(27), {0: 5.0}),
            _watched(2, SPAN.end - timedelta(26), {0: 5.0}),
            _watched(3, SPAN.start - timedelta(1), {1: 5.0}),
        ]
    )
    found = curves(frame, "hours_viewed", SPAN, 28)
    assert found["title_id"].unique().to_list() == [1]
    young = curves(frame, "hours_viewed", SPAN, 28, whole=False)
    assert young.group_by("title_id").len().sort("title_id").rows() == [(1, 28), (2, 27)]


def test_days_without_viewing_are_zero_and_the_curve_goes_on():
    frame = _watched(1, SPAN.start, {0: 10.0, 3: 5.0})
    found = curves(frame, "hours_viewed", SPAN, 5)
    assert found["value"].to_list() == [10, 0, 0, 5, 0]
    assert found["cumulative"].to_list() == [10, 10, 10, 15, 15]


def test_titles_without_a_release_date_have_no_launch():
    frame = _watched(1, SPAN.start, {0: 1.0}).with_columns(release_date=pl.lit(None, pl.Date))
    assert curves(frame, "hours_viewed", SPAN, 5).is_empty()


def _many(count: int = 21) -> pl.DataFrame:
    launches = [
        _watched(t, SPAN.start, {d: float(t) * 0.9**d for d in range(14)})
        for t in range(1, count + 1)
    ]
    return curves(pl.concat(launches), "hours_viewed", SPAN, 14)


def test_the_fan_is_the_quantiles_of_the_comparables_day_by_day():
    found = fan(_many())
    assert found.launches == 21
    first = found.frame.row(0, named=True)
    assert first["p50"] == pytest.approx(11)
    assert first["p10"] == pytest.approx(3)
    assert first["p90"] == pytest.approx(19)


def test_the_percentile_counts_those_below_and_half_of_the_equal():
    comparables = _many()
    curve = comparables.filter(pl.col("title_id") == 11)
    assert percentile(curve, comparables)["percentile"].to_list() == pytest.approx([0.5] * 14)
    best = curve.with_columns(pl.col("cumulative") + 1e6)
    assert percentile(best, comparables)["percentile"].min() == 1


def test_a_launch_is_projected_by_how_much_the_others_still_grew():
    comparables = _many()
    curve = comparables.filter((pl.col("title_id") == 11) & (pl.col("day") < 3))
    expected = 11 * (1 - 0.9**14) / 0.1
    found = projection(curve, comparables)
    assert found is not None
    assert found["p50"] == pytest.approx(expected)
    assert projection(curve, comparables.filter(pl.col("title_id") < 5)) is None
    assert projection(curve.head(0), comparables) is None


def test_a_projection_holds_eight_of_ten_launches():
    rng = np.random.default_rng(4)
    launches: list[pl.DataFrame] = []
    for title in range(400):
        decay = np.exp(-np.arange(28) / rng.uniform(4, 20)) * np.exp(rng.normal(0, 1))
        hours = dict(enumerate((decay * rng.gamma(20, 1 / 20, 28)).tolist()))
        launches.append(_watched(title, SPAN.start, hours))
    whole = curves(pl.concat(launches), "hours_viewed", SPAN, 28)
    comparables = whole.filter(pl.col("title_id") < 200)
    inside = 0
    for title in range(200, 400):
        curve = whole.filter(pl.col("title_id") == title)
        found = projection(curve.head(7), comparables)
        assert found is not None
        inside += found["p10"] <= curve["cumulative"][-1] <= found["p90"]
    assert 0.73 <= inside / 200 <= 0.87


def test_the_days_to_come_end_where_the_launch_is_projected_to_end():
    dice = np.random.default_rng(9)
    grown = np.cumsum(dice.gamma(2, 1, (30, 28)), axis=1)
    others = pl.DataFrame(
        {
            "title_id": np.repeat(np.arange(30), 28),
            "day": np.tile(np.arange(28), 30),
            "cumulative": grown.ravel(),
        }
    )
    curve = pl.DataFrame({"day": np.arange(10), "cumulative": np.arange(1.0, 11.0)})
    ahead = course(curve, others)
    end = projection(curve, others)
    assert ahead["day"].to_list() == list(range(9, 28))
    assert ahead.row(0)[1:] == pytest.approx((10.0, 10.0, 10.0))
    assert dict(zip(("p10", "p50", "p90"), ahead.row(-1)[1:], strict=True)) == pytest.approx(end)
    assert (ahead["p10"] <= ahead["p50"]).all()
    assert (ahead["p50"] <= ahead["p90"]).all()


def test_without_enough_comparables_nothing_is_said_of_the_days_to_come():
    one = pl.DataFrame({"title_id": [1, 1], "day": [0, 1], "cumulative": [1.0, 2.0]})
    assert course(one.drop("title_id").head(1), one).is_empty()
