"""Launch curves: who is compared with whom, and how far along."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import percentileofscore

from queries.analyses.launch import curves, fan, percentile
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


def test_the_fan_is_numpy_s_and_the_percentile_is_scipy_s():
    dice = np.random.default_rng(3)
    cumulated = np.cumsum(dice.poisson(2, (40, 6)), axis=1).astype(float)
    frame = pl.DataFrame(
        {
            "title_id": np.repeat(np.arange(40), 6),
            "day": np.tile(np.arange(6), 40),
            "cumulative": cumulated.ravel(),
        }
    )
    drawn = fan(frame).frame.select("p10", "p25", "p50", "p75", "p90").to_numpy()
    assert drawn == pytest.approx(np.quantile(cumulated, (0.1, 0.25, 0.5, 0.75, 0.9), axis=0).T)
    own = frame.filter(pl.col("title_id") == 7)
    expected = [
        percentileofscore(others, mine, kind="mean") / 100
        for others, mine in zip(cumulated.T, cumulated[7], strict=True)
    ]
    assert percentile(own, frame)["percentile"].to_list() == pytest.approx(expected)
