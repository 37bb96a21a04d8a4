"""Wilson and Newcombe, against the values their authors printed."""

import numpy as np
import pytest

from queries.analyses.proportion import newcombe, wilson

# Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10: the eight contrasts.
NEWCOMBE_1998 = [
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((0, 10), (0, 10), -0.2775, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0000),
    ((10, 10), (0, 10), 0.6075, 1.0000),
]

# Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3 (Wilson's score interval).
WILSON_1998 = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611),
               (1, 29, 0.0061, 0.1718)]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "low", "high"), NEWCOMBE_1998)
def test_newcombe_prints_the_same_difference(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
):
    successes = (np.array(one[0]), np.array(other[0]))
    bounds = newcombe(successes, (np.array(one[1]), np.array(other[1])))
    assert float(bounds.low) == pytest.approx(low, abs=5e-5)
    assert float(bounds.high) == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(("successes", "trials", "low", "high"), WILSON_1998)
def test_wilson_prints_the_same_share(successes: int, trials: int, low: float, high: float):
    bounds = wilson(np.array(float(successes)), np.array(float(trials)))
    assert float(bounds.low) == pytest.approx(low, abs=5e-5)
    assert float(bounds.high) == pytest.approx(high, abs=5e-5)
