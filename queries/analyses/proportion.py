"""Proportions of accounts, and the difference of two independent ones."""

import numpy as np

from queries.formula import Array
from queries.interval import Bounds, square_and_add, wilson

__all__ = ["newcombe", "wilson"]


def newcombe(successes: tuple[Array, Array], trials: tuple[Array, Array]) -> Bounds:
    """95 % interval of `p₁ − p₂` for two groups that share nobody.

    Newcombe 1998, Statistics in Medicine 17, 873–890, method 10: the square-and-add of two Wilson
    intervals, without continuity correction.
    """
    first, second = (
        np.asarray(s, dtype=np.float64) / np.asarray(n)
        for s, n in zip(successes, trials, strict=True)
    )
    one = wilson(np.asarray(successes[0]), np.asarray(trials[0]))
    other = wilson(np.asarray(successes[1]), np.asarray(trials[1]))
    return square_and_add((first, second), (one, other))
