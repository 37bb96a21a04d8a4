"""Effects of experiments: published numbers, and what the intervals hold over simulated worlds.

The published vectors are those of the tests of gbstats, GrowthBook's statistics (packages/stats,
`tests/frequentist/test_tests.py`). Its relative effect has a symmetric interval from the delta
method on the ratio, ours one on its logarithm: standard errors agree, and small intervals do.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from queries.estimators.effect import (
    Level,
    always_valid_p,
    effect,
    levels,
    pooled_theta,
    sequence_factor,
    variance_kept,
)
from queries.estimators.moments import Moments
from queries.estimators.power import detectable
from queries.formula import Array


def of_mean(total: float, squares: float, count: int) -> Moments:
    products = np.zeros((4, 4))
    products[0, 0], products[1, 1] = squares, count
    products[0, 1] = products[1, 0] = total
    return Moments(count, np.array([total, count, 0.0, 0.0]), products)


def of_accounts(now: Array, before: Array | None = None) -> Moments:
    """Of a mean per account, with the same before it where that is given."""
    earlier = np.zeros_like(now) if before is None else before
    ones = np.ones_like(now)
    rows = np.stack([now, ones, earlier, ones if before is not None else 0 * ones])
    return Moments(len(now), rows.sum(axis=1), rows @ rows.T)


def test_the_absolute_difference_is_the_published_one():
    cells = [of_mean(1396.87, 52377.9767, 3407), of_mean(2422.7, 134698.29, 3461)]
    control, treated = levels(cells, adjusted=False)
    found = effect(treated, control, 5_000)
    assert found.difference == pytest.approx(0.29, abs=5e-6)
    assert found.difference_error == pytest.approx(0.12478, abs=5e-6)


def test_the_relative_effect_and_its_error_are_the_published_ones():
    cells = [of_mean(1396.87, 52377.9767, 3407), of_mean(2422.7, 134698.29, 3461)]
    control, treated = levels(cells, adjusted=False)
    found = effect(treated, control, 5_000)
    assert found.value == pytest.approx(0.70732, abs=5e-6)
    assert found.error * (1 + found.value) == pytest.approx(0.37879, abs=5e-6)


def test_the_confidence_sequence_is_as_wide_as_the_published_ones():
    # Half-widths over standard errors; n* 1,000 and, by default, 5,000.
    assert sequence_factor(6_461, 1_000) == pytest.approx(1.06180 / 0.33341, abs=2e-4)
    assert sequence_factor(6_461, 5_000) == pytest.approx(1.01308 / 0.33341, abs=2e-4)
    assert sequence_factor(200, 5_000) == pytest.approx(0.01993 / 0.00391, rel=2e-3)


LETTERS = {
    "control": (
        (485.112236689623, 679.9093275844917, 192.59138069991536, 290.1398399750233),
        (2715.484666118136, 3602.146836776702, 1113.6215759318352, 1559.2878434944676),
        (4939.424001640236, 1460.3181079276983, 2130.9404074446747),
        (460.076026390857, 634.239482353647),
        (920.9461385038898,),
    ),
    "treated": (
        (514.7757826608777, 705.4090874383759, 206.94157227402536, 302.54389139107326),
        (2994.897482705013, 3918.1561431600717, 1237.0953021125997, 1701.0287270040265),
        (5291.36604146392, 1604.0759503266522, 2292.081739775257),
        (514.2903702246757, 698.4173425817908),
        (994.4506208125663,),
    ),
}


def test_a_ratio_adjusted_by_the_same_ratio_before_is_the_published_one():
    cells: list[Moments] = []
    for sums, *rows in LETTERS.values():
        products = np.zeros((4, 4))
        for i, row in enumerate(rows):
            products[i, i:] = row
            products[i:, i] = row
        cells.append(Moments(100, np.array(sums), products))
    control, treated = levels(cells, adjusted=True)
    found = effect(treated, control, 5_000)
    # They divide the adjusted difference by the control's mean as it is, we by the adjusted one.
    plain = levels(cells, adjusted=False)[0].value
    assert found.difference / plain == pytest.approx(-0.0007, abs=5e-6)
    assert found.difference_error / plain == pytest.approx(0.00391, abs=5e-6)
    assert found.p == pytest.approx(0.85771, abs=2e-3)
    assert (found.low, found.high) == pytest.approx((-0.00841, 0.00700), abs=2e-4)
    assert (found.always_low, found.always_high) == pytest.approx((-0.02063, 0.01923), abs=6e-4)


def test_the_p_value_for_every_look_is_that_of_the_sequence():
    # Where the sequence just touches zero, p is alpha.
    for count in (200.0, 5_000.0, 1e6):
        assert always_valid_p(sequence_factor(count, 5_000), count, 5_000) == pytest.approx(0.05)


@given(st.floats(10, 1e7), st.floats(100, 1e6))
def test_a_sequence_is_always_wider_than_the_interval_of_one_look(count: float, planned: float):
    assert sequence_factor(count, planned) > 1.96


@given(st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_scaling_what_is_measured_changes_no_relative_effect(scale: float, other: float):
    rng = np.random.default_rng(3)
    now, before = rng.lognormal(size=(2, 300)), rng.lognormal(size=(2, 300))
    plain = levels([of_accounts(n, b) for n, b in zip(now, before, strict=True)], adjusted=True)
    scaled = levels(
        [of_accounts(scale * n, other * b) for n, b in zip(now, before, strict=True)],
        adjusted=True,
    )
    one, two = (effect(pair[1], pair[0], 500) for pair in (plain, scaled))
    assert two.value == pytest.approx(one.value, rel=1e-6, abs=1e-9)
    assert two.low == pytest.approx(one.low, rel=1e-6, abs=1e-9)


def test_moments_of_two_groups_add_up_to_those_of_both():
    rng = np.random.default_rng(4)
    now, before = rng.lognormal(size=500), rng.lognormal(size=500)
    halves = of_accounts(now[:200], before[:200]) + of_accounts(now[200:], before[200:])
    whole = of_accounts(now, before)
    assert halves.count == whole.count
    np.testing.assert_allclose(halves.covariance, np.cov(np.stack([now, np.ones(500), before,
        np.ones(500)])), atol=1e-9)  # fmt: skip


def test_without_a_time_before_nothing_is_adjusted():
    cells = [of_accounts(np.arange(1.0, 9)), of_accounts(np.arange(2.0, 10))]
    assert pooled_theta(cells) == 0
    assert levels(cells, adjusted=True) == levels(cells, adjusted=False)
    assert variance_kept(cells) == 1


@pytest.mark.parametrize("value", [0.0, math.nan])
def test_there_is_no_relative_effect_over_nothing(value: float):
    found = effect(Level(1.0, 0.1, 50), Level(value, 0.1, 50), 100)
    assert not found.is_known
    assert math.isnan(found.p)


class World:
    """Accounts with skewed hours, many of them zero, that stay much as they were before."""

    def __init__(self, seed: int, accounts: int, lift: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        taste = rng.normal(0, 0.8, accounts)
        self.before = np.exp(taste + rng.normal(0, 0.5, accounts)) * (rng.random(accounts) > 0.2)
        treated = rng.random(accounts) < 0.5
        hours = np.exp(taste + rng.normal(0, 0.5, accounts)) * (rng.random(accounts) > 0.2)
        self.hours = hours * np.where(treated, 1 + lift, 1)
        self.treated = treated

    def cells(self) -> list[Moments]:
        return [of_accounts(self.hours[a], self.before[a]) for a in (~self.treated, self.treated)]


@pytest.mark.parametrize("adjusted", [False, True])
def test_the_interval_of_one_look_holds_the_truth_as_often_as_it_says(adjusted: bool):
    lift, held = 0.1, 0
    trials = 1_500
    values: list[float] = []
    for seed in range(trials):
        control, treated = levels(World(seed, 1_000, lift).cells(), adjusted=adjusted)
        found = effect(treated, control, 1_000)
        held += found.low <= lift <= found.high
        values.append(found.value)
    assert 0.935 < held / trials < 0.965
    # Unbiased to a tenth of what one experiment is unsure by.
    assert np.mean(values) == pytest.approx(lift, abs=0.1 * float(np.std(values)))


def test_adjusting_takes_away_the_variance_it_says():
    pairs = [
        [effect(cells[1], cells[0], 800).value for cells in both]
        for both in (
            [levels(World(seed, 800).cells(), adjusted=a) for a in (False, True)]
            for seed in range(400)
        )
    ]
    spread = np.std(pairs, axis=0)
    said = np.mean([variance_kept(World(s, 800).cells()) for s in range(50)])
    assert (spread[1] / spread[0]) ** 2 == pytest.approx(said, abs=0.1)
    assert said < 0.9


def test_looking_every_day_fools_the_interval_of_one_look_but_not_the_sequence():
    """28 daily looks at an A/A of lognormal hours."""
    trials, days, a_day = 2_000, 28, 200
    rng = np.random.default_rng(28)
    hours = rng.lognormal(0, 1, (trials, 2, days * a_day // 2))
    seen = a_day // 2 * np.arange(1, days + 1)
    sums = hours.cumsum(axis=2)[:, :, seen - 1]
    squares = (hours**2).cumsum(axis=2)[:, :, seen - 1]
    once = np.zeros(trials, bool)
    always = np.zeros(trials, bool)
    for day, count in enumerate(seen.tolist()):
        means = sums[:, :, day] / count
        variance = (squares[:, :, day] - count * means**2) / (count - 1)
        for trial in range(trials):
            control, treated = (
                Level(means[trial, arm], math.sqrt(variance[trial, arm] / count), count)
                for arm in (0, 1)
            )
            found = effect(treated, control, days * a_day)
            once[trial] |= found.p < 0.05
            always[trial] |= found.always_low > 0 or found.always_high < 0
    assert 0.24 < once.mean() < 0.33
    assert always.mean() <= 0.05


def test_the_adjusted_difference_is_the_coefficient_of_scikit_learn_s_regression():
    """Of hours on the cell and on hours before: CUPED with a θ pooled over cells is that line."""
    made = World(5, 4_000, 0.2)
    control, treated = levels(made.cells(), adjusted=True)
    columns = np.column_stack([made.treated.astype(float), made.before])
    line = LinearRegression().fit(columns, made.hours)
    assert pooled_theta(made.cells()) == pytest.approx(float(line.coef_[1]))
    assert treated.value - control.value == pytest.approx(float(line.coef_[0]))
    residuals = made.hours - line.predict(columns)
    errors = [
        residuals[side].std(ddof=1) / np.sqrt(side.sum()) for side in (~made.treated, made.treated)
    ]
    assert effect(treated, control, 4_000).difference_error == pytest.approx(np.hypot(*errors))


def test_the_smallest_effect_is_that_of_statsmodels():
    """statsmodels 0.15.0: NormalIndPower().solve_power(nobs1=2000, alpha=.05, power=.8)."""
    one = Level(1.0, 1 / np.sqrt(2_000), 2_000)
    found = detectable((one, one), 4_000, 0.05)
    assert np.log1p(found) == pytest.approx(0.08859385, abs=1e-7)
