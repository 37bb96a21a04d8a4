"""The Lorenz curve and what the first titles carry."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import auc

from queries.analyses.concentration import concentration
from queries.estimators.gini import gini


def test_an_empty_catalogue_has_no_concentration():
    frame = pl.DataFrame({"title_id": [1, 2], "hours_viewed": [0.0, 0.0]})
    assert concentration(frame) is None
    assert concentration(frame.head(0)) is None


def test_the_curve_rises_from_nothing_to_everything_and_the_top_is_read_off_it():
    hours = np.array([50.0, 20.0, 10.0, 5.0, 5.0, 4.0, 3.0, 1.0, 1.0, 1.0])
    found = concentration(pl.DataFrame({"title_id": range(10), "hours_viewed": hours}))
    assert found is not None
    assert found.titles == 10
    assert found.top_tenth == pytest.approx(0.5)
    assert found.top_percent == pytest.approx(0.05)
    assert found.curve["viewing"][0] == 0
    assert found.curve["viewing"][-1] == pytest.approx(1)
    assert found.curve["viewing"].is_sorted()


def test_the_area_under_the_curve_is_the_gini_index_that_r_prints():
    """R's ineq, as the manual of phylotools 0.1.2 prints it: gini(c(1, 3, 2, 1, 1, 1, 4))."""
    hours = [1.0, 3.0, 2.0, 1.0, 1.0, 1.0, 4.0]
    found = concentration(pl.DataFrame({"title_id": range(7), "hours_viewed": hours}))
    assert found is not None
    area = auc(found.curve["titles"].to_numpy(), found.curve["viewing"].to_numpy())
    assert 2 * area - 1 == pytest.approx(0.3076923, abs=5e-8)


def test_a_curve_of_many_titles_is_thinned_and_its_area_stays():
    hours = np.random.default_rng(1).lognormal(0, 2, 5_000)
    found = concentration(pl.DataFrame({"title_id": range(5_000), "hours_viewed": hours}))
    assert found is not None
    assert found.curve.height < 1_000
    area = auc(found.curve["titles"].to_numpy(), found.curve["viewing"].to_numpy())
    assert 2 * area - 1 == pytest.approx(float(gini(hours)), abs=0.002)
