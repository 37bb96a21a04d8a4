"""Many p-values at once, against the published table, SciPy, and the textbook rule."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from queries.analyses.multiple_testing import benjamini_hochberg, holm

# Benjamini & Hochberg 1995, section 4: fifteen hypotheses of a thrombolysis trial.
PUBLISHED = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
    0.6528, 0.7590, 1.0,
]  # fmt: skip
P = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_the_published_trial_has_four_discoveries_and_three_that_bonferroni_s_heirs_keep():
    assert sum(q <= 0.05 for q in benjamini_hochberg(PUBLISHED)) == 4
    assert sum(p <= 0.05 for p in holm(PUBLISHED)) == 3
    turned = benjamini_hochberg(PUBLISHED[::-1])[::-1]
    assert turned[3] == pytest.approx(0.0095 * 15 / 4)
    assert turned[-1] == 1


@given(P)
def test_q_values_are_those_of_scipy(p: list[float]):
    expected = stats.false_discovery_control(p)
    assert benjamini_hochberg(p) == pytest.approx(expected.tolist(), abs=1e-12)


@given(P)
def test_holm_rejects_what_stepping_down_rejects(p: list[float]):
    rejected: set[int] = set()
    for step, at in enumerate(np.argsort(p, kind="stable").tolist()):
        if p[at] * (len(p) - step) > 0.05:
            break
        rejected.add(at)
    assert {i for i, value in enumerate(holm(p)) if value <= 0.05} == rejected


@given(P)
def test_holm_is_never_below_the_false_discovery_rate(p: list[float]):
    assert all(h >= q - 1e-12 for h, q in zip(holm(p), benjamini_hochberg(p), strict=True))


def test_what_is_not_known_is_no_question():
    assert holm([0.02, math.nan])[0] == 0.02
    assert math.isnan(benjamini_hochberg([math.nan])[0])
