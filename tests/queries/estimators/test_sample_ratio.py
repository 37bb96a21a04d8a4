"""Sample ratio mismatch, against the published example, another formula, and under the null."""

import numpy as np
import pytest
from scipy import stats

from queries.estimators.sample_ratio import ALARM, sample_ratio

RNG = np.random.default_rng(5)


def test_the_published_example_is_broken():
    # Fabijan et al. 2019: 821,588 users against 815,482 where half and half was planned.
    found = sample_ratio([821_588, 815_482], [0.5, 0.5])
    assert found.p == pytest.approx(1.8e-6, rel=0.02)
    assert found.always_p == pytest.approx(0.0015, abs=5e-5)
    assert found.is_broken


def test_p_is_what_scipy_says_for_uneven_cells_too():
    counts, shares = [3_480, 3_290, 3_210], [0.34, 0.33, 0.33]
    expected = [share * sum(counts) for share in shares]
    found = sample_ratio(counts, shares)
    assert found.p == pytest.approx(stats.chisquare(counts, expected).pvalue)
    assert found.expected == pytest.approx(expected)


def test_planned_shares_need_not_add_up_to_one():
    assert sample_ratio([60, 40], [1, 1]).p == sample_ratio([60, 40], [0.5, 0.5]).p


def test_the_bayes_factor_is_the_ratio_of_two_multinomial_likelihoods():
    counts, shares = np.array([530, 470]), np.array([0.5, 0.5])
    mixed = stats.dirichlet_multinomial(100 * shares, 1000).logpmf(counts)
    plain = stats.multinomial(1000, shares).logpmf(counts)
    assert sample_ratio(counts.tolist(), shares.tolist()).always_p == pytest.approx(
        min(1, float(np.exp(plain - mixed)))
    )


@pytest.mark.parametrize("counts", [[0, 0], [12]])
def test_nothing_is_said_of_no_accounts_or_one_cell(counts: list[float]):
    assert sample_ratio(counts, [0.5] * len(counts)).p == 1


def test_looking_every_day_hardly_ever_raises_a_false_alarm_by_the_always_valid_p():
    trials, days, a_day = 1_000, 28, 400
    first = RNG.binomial(a_day, 0.5, (trials, days)).cumsum(axis=1)
    seen = a_day * np.arange(1, days + 1)
    rate = np.mean(
        [
            any(
                sample_ratio([n, total - n], [0.5, 0.5]).always_p < 0.05
                for n, total in zip(row, seen, strict=True)
            )
            for row in first.tolist()
        ]
    )
    assert rate <= 0.05


def test_one_look_at_a_sound_split_raises_the_alarm_as_rarely_as_promised():
    first = RNG.binomial(10_000, 0.5, 20_000)
    alarms = [sample_ratio([n, 10_000 - n], [0.5, 0.5]).p < ALARM for n in first.tolist()]
    assert np.mean(alarms) < 2 * ALARM
