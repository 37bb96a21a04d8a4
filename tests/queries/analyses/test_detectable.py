"""What data of a size can tell: against published numbers, and by simulation."""

import numpy as np
import pytest

from queries.analyses.detectable import rows_for, smallest
from queries.dataset import CLUSTERS
from queries.interval import student

LARGE = 1_000_000


def test_a_medium_effect_takes_the_accounts_of_the_published_table():
    """Cohen 1988, table 2.4.1: d = .5 with two-sided .05 and power .8 takes 64 in each group."""
    error = (2 / 64) ** 0.5
    t = student(126)
    found = smallest(-t * error, t * error, 126)
    assert found == pytest.approx(0.5, abs=0.005)
    assert rows_for(0.2, found, 64) == pytest.approx(393, abs=8)


def test_an_effect_of_that_size_is_found_four_times_in_five():
    dice = np.random.default_rng(3)
    error = 0.7
    t = student(LARGE)
    effect = smallest(-t * error, t * error, LARGE)
    seen = dice.normal(effect, error, 20_000)
    assert (np.abs(seen) > t * error).mean() == pytest.approx(0.8, abs=0.01)
    more = rows_for(effect / 3, effect, 1_000)
    seen = dice.normal(effect / 3, error * (1_000 / more) ** 0.5, 20_000)
    assert (np.abs(seen) > t * error * (1_000 / more) ** 0.5).mean() == pytest.approx(0.8, abs=0.01)


def test_the_usual_interval_is_that_of_an_estimation():
    t = student(CLUSTERS - 1)
    assert smallest(-t, t) == pytest.approx(t + 0.8416, abs=1e-4)
