"""Tails of distributions, by SciPy, which is loaded when the first of them is asked for.

Loading it takes longer than most answers, and most pages open without a test that needs it. Names
are SciPy's own (`scipy.special`): a `c` stands for the upper tail, a last `i` for a quantile.
"""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from queries.formula import Array


def stdtr(freedom: ArrayLike, t: ArrayLike) -> Array:
    """Student's t: the chance of less."""
    return _array(_special().stdtr(freedom, t))


def stdtrit(freedom: ArrayLike, chance: ArrayLike) -> Array:
    """Student's t: the value below which lies so much."""
    return _array(_special().stdtrit(freedom, chance))


def ndtr(z: ArrayLike) -> Array:
    """The normal: the chance of less."""
    return _array(_special().ndtr(z))


def chdtrc(freedom: ArrayLike, statistic: ArrayLike) -> Array:
    """Chi-squared: the chance of more."""
    return _array(_special().chdtrc(freedom, statistic))


def fdtrc(above: ArrayLike, below: ArrayLike, statistic: ArrayLike) -> Array:
    """Fisher's F of so many degrees of freedom above and below: the chance of more."""
    return _array(_special().fdtrc(above, below, statistic))


def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Array:
    """The beta distribution: the chance of less."""
    return _array(_special().betainc(a, b, x))


def gammaincc(shape: ArrayLike, x: ArrayLike) -> Array:
    """The gamma distribution of unit scale: the chance of more."""
    return _array(_special().gammaincc(shape, x))


@cache
def _special() -> Any:  # noqa: ANN401 - a module without types
    return import_module("scipy.special")


def _array(found: ArrayLike) -> Array:
    return np.asarray(found, dtype=np.float64)
