"""Experiments through estimators, against the plain arrays of accounts they are counted from."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import chisquare, ttest_ind  # pyright: ignore[reportMissingTypeStubs]

from queries.estimators import (
    adjustment_gain,
    detectable_effect,
    experiment_effect,
    experiment_effect_at_any_look,
    sample_ratio,
)
from queries.estimators.estimator import Counted
from queries.estimators.trial import AMOUNTS
from queries.formula import Array
from tests.queries.estimators.counts import counted

DICE = np.random.default_rng(6)
NOW = {"cuped": 1.0, "accounts": 0.0, "sequential": 0.0}


def _accounts(size: int, lift: float, dice: np.random.Generator = DICE) -> tuple[Array, Array]:
    before = dice.gamma(2, 4, size)
    return before, before * dice.uniform(0.6, 1.4, size) * (1 + lift) + dice.gamma(1, 2, size)


def _counted(cells: list[tuple[Array, Array]], shares: list[float]) -> Counted:
    keys = pl.DataFrame(
        {
            "experiment": ["one"] * len(cells),
            "cell": [f"cell {n}" for n in range(len(cells))],
            "position": range(1, len(cells) + 1),
            "share": shares,
            "planned": [4_000] * len(cells),
        }
    )
    sums = [
        (len(y), len(y), y.sum(), u.sum(), (y * y).sum(), (y * u).sum(), (u * u).sum())
        for u, y in cells
    ]
    amounts = {n: np.array([[row[k]] for row in sums]) for k, n in enumerate(AMOUNTS)}
    return counted(keys, amounts, np.arange(len(cells)), settings=NOW)


def test_an_effect_is_the_ratio_of_means_and_its_error_that_of_a_log_ratio():
    cells = [_accounts(1_500, 0.0), _accounts(1_500, 0.2)]
    plain = replace(_counted(cells, [0.5, 0.5]), settings=NOW | {"cuped": 0.0})
    found = experiment_effect.ESTIMATOR.estimate(plain)
    (_, control), (_, treated) = cells
    assert np.isnan(found.values[0])
    assert found.values[1] == pytest.approx(treated.mean() / control.mean() - 1)
    # Welch's test on each cell over its own mean has the same standard error and freedom.
    test = ttest_ind(treated / treated.mean(), control / control.mean(), equal_var=False)
    low, high = test.confidence_interval()
    assert np.log1p(found.high[1]) - np.log1p(found.low[1]) == pytest.approx(high - low)


def test_an_interval_for_every_look_is_wider_than_one_for_a_single_look():
    both = _counted([_accounts(2_000, 0.0), _accounts(2_000, 0.2)], [0.5, 0.5])
    once = experiment_effect.ESTIMATOR.estimate(both)
    always = experiment_effect_at_any_look.ESTIMATOR.estimate(both)
    assert always.values[1] == once.values[1]
    assert always.low[1] < once.low[1] < once.high[1] < always.high[1]


def test_the_effect_lies_in_its_interval_as_often_as_it_says():
    dice, inside = np.random.default_rng(7), 0
    for _ in range(200):
        cells = [_accounts(400, lift, dice) for lift in (0.0, 0.1)]
        found = experiment_effect.ESTIMATOR.estimate(_counted(cells, [0.5, 0.5]))
        # The part of what is watched that grows by a tenth is 8 of 10 hours.
        inside += found.low[1] <= 0.08 <= found.high[1]
    assert inside / 200 > 0.91


def test_a_cell_short_of_accounts_takes_every_effect_away():
    cells = [_accounts(2_000, 0.0), _accounts(1_500, 0.2)]
    for one in (experiment_effect, experiment_effect_at_any_look, adjustment_gain):
        assert np.isnan(one.ESTIMATOR.estimate(_counted(cells, [0.5, 0.5])).values).all()


def test_the_sample_ratio_p_is_that_of_a_chi_squared_test():
    cells = [_accounts(n, 0.0) for n in (1_000, 1_060, 530)]
    made = _counted(cells, [0.4, 0.4, 0.2])
    own = replace(
        made,
        groups=1,
        group=np.zeros(3, dtype=np.intp),
        amounts={"accounts": made.amounts["allocated"]},
    )
    expected = chisquare([1_000, 1_060, 530], [1_036, 1_036, 518]).pvalue
    assert sample_ratio.ESTIMATOR.estimate(own).values[0] == pytest.approx(expected)


def test_the_gain_is_the_squared_correlation_where_cells_are_alike():
    cells = [_accounts(4_000, 0.0), _accounts(4_000, 0.0)]
    found = adjustment_gain.ESTIMATOR.estimate(_counted(cells, [0.5, 0.5])).values[0]
    before, after = (np.concatenate([c[k] for c in cells]) for k in (0, 1))
    assert found == pytest.approx(np.corrcoef(before, after)[0, 1] ** 2, abs=0.01)


def test_an_effect_as_large_as_can_be_found_is_found_four_times_in_five():
    dice = np.random.default_rng(8)
    least = detectable_effect.ESTIMATOR.estimate(
        _counted([_accounts(20_000, 0.0, dice), _accounts(20_000, 0.0, dice)], [0.5, 0.5])
    )
    assert least.values[0] > 0
    size, found = 800, 0
    asked = replace(
        _counted([_accounts(20_000, 0.0, dice), _accounts(20_000, 0.0, dice)], [0.5, 0.5]),
        settings=NOW | {"accounts": 2.0 * size},
    )
    effect = detectable_effect.ESTIMATOR.estimate(asked).values[0]
    for _ in range(300):
        cells = [_accounts(size, lift, dice) for lift in (0.0, effect / 0.8)]
        ends = experiment_effect.ESTIMATOR.estimate(_counted(cells, [0.5, 0.5]))
        found += ends.low[1] > 0
    assert 0.72 < found / 300 < 0.87
