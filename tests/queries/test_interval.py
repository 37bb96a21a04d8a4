"""The quantiles that intervals are made of, against SciPy's."""

import pytest
from scipy.stats import norm, t

from queries.interval import FEWEST_CLUSTERS, LEVEL, Z, student


def test_the_normal_quantile_is_scipy_s():
    assert pytest.approx(norm.ppf(LEVEL), abs=1e-12) == Z


@pytest.mark.parametrize("freedom", [FEWEST_CLUSTERS - 1, 10, 15, 31, 63, 127, 255, 10_000])
def test_student_s_quantile_is_scipy_s(freedom: int):
    assert student(freedom) == pytest.approx(t.ppf(LEVEL, freedom), rel=1e-5)
