"""Diminishing returns: the planted elasticity is found, large regions do not pass for returns."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor

from queries.analyses.returns import returns


def drawn(seed: int, elasticity: float, regions: int = 30, weeks: int = 12) -> pl.DataFrame:
    """Regions of very different sizes whose spend goes up and down."""
    dice = np.random.default_rng(seed)
    size = dice.lognormal(0, 1, regions)
    spend = size[:, None] * np.exp(dice.normal(0, 0.4, (regions, weeks)))
    pace = 20 * size[:, None] * (spend / size[:, None]) ** elasticity
    signups = dice.poisson(pace)
    return pl.DataFrame(
        [
            {
                "geo": f"r{r:02}",
                "campaign": "one",
                "date": date(2026, 1, 5) + timedelta(7 * w),
                "spend": spend[r, w],
                "attributed_signups": float(signups[r, w]),
            }
            for r in range(regions)
            for w in range(weeks)
        ]
    )


@pytest.mark.parametrize("elasticity", [0.5, 1.0])
def test_the_interval_holds_the_true_elasticity_as_often_as_it_says(elasticity: float):
    found = [returns(drawn(seed, elasticity)) for seed in range(150)]
    estimates = [f.elasticity for f in found if f is not None]
    held = np.mean([e.low <= elasticity <= e.high for e in estimates])
    assert len(estimates) == 150
    assert 0.9 <= held <= 0.99
    assert np.mean([e.value for e in estimates]) == pytest.approx(elasticity, abs=0.02)


def test_bands_rise_with_spend_and_are_of_as_many_weeks():
    found = returns(drawn(1, 1.0))
    assert found is not None
    assert found.bands["spend"].is_sorted()
    assert found.bands["signups"].is_sorted()
    assert found.bands["weeks"].to_list() == [60] * 6


def test_multiplying_all_spend_changes_nothing():
    frame = drawn(2, 0.7)
    plain, scaled = returns(frame), returns(frame.with_columns(pl.col("spend") * 1000))
    assert plain is not None
    assert scaled is not None
    assert scaled.elasticity.value == pytest.approx(plain.elasticity.value)
    assert scaled.elasticity.high == pytest.approx(plain.elasticity.high)


def test_few_regions_or_weeks_that_never_vary_tell_nothing():
    assert returns(drawn(3, 1.0, regions=9)) is None
    same = drawn(4, 1.0).with_columns(pl.lit(5.0).alias("spend"))
    assert returns(same) is None


def test_incomplete_weeks_are_left_out():
    frame = drawn(5, 1.0).with_columns(pl.lit(False).alias("incomplete"))
    cut = frame.with_columns((pl.col("date") == pl.col("date").max()).alias("incomplete"))
    whole, less = returns(frame), returns(cut)
    assert whole is not None
    assert less is not None
    assert less.bands["weeks"].sum() == whole.bands["weeks"].sum() - 30


def test_campaigns_that_claim_more_do_not_pass_for_returns():
    """Two campaigns in proportion to spend, one of which claims four times as much a dollar."""
    frame = drawn(6, 1.0)
    dear = drawn(7, 1.0).with_columns(
        pl.lit("two").alias("campaign"), pl.col("attributed_signups") * 4, pl.col("spend") * 2
    )
    found = returns(pl.concat([frame, dear]))
    assert found is not None
    assert found.regions == 30
    assert found.elasticity.low < 1 < found.elasticity.high


def test_the_elasticity_is_that_of_scikit_learn_with_a_column_for_every_level():
    """A Poisson regression with dummies has the same maximum (Hausman, Hall & Griliches 1984)."""
    frame = drawn(8, 0.7)
    found = returns(frame)
    assert found is not None
    regions = frame["geo"].to_dummies().to_numpy().astype(float)
    columns = np.column_stack([np.log(frame["spend"].to_numpy()), regions])
    other = PoissonRegressor(
        alpha=0, fit_intercept=False, solver="newton-cholesky", tol=1e-9, max_iter=100
    ).fit(columns, frame["attributed_signups"].to_numpy())
    assert found.elasticity.value == pytest.approx(float(other.coef_[0]), abs=1e-7)
