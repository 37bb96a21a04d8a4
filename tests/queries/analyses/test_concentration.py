"""The Lorenz curve and what the first titles carry."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.concentration import concentration


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
