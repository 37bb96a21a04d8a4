"""What an experiment of so many accounts can find: the smallest effect with a chance of 80 %.

Fixed horizon: (z₁₋α⁄₂ + z₀.₈) standard errors, looked at once. Sequential: the half-width of the
confidence sequence in place of the first z, looked at as often as one likes. Normal, as accounts
are many (Cohen 1988, ch. 2), on the log of the ratio of the two cells.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import polars as pl

from queries.estimators.effect import Level, sequence_factor

POWER = 0.8


def detectable(
    cells: tuple[Level, Level], accounts: float, alpha: float, planned: float | None = None
) -> float:
    """Smallest relative effect that `accounts` in both cells together would find.

    The cells are as uneven and as varied as those given, control first. With `planned`, the
    sequential design's. NaN where a cell has no value.
    """
    total = sum(cell.count for cell in cells)
    if not all(cell.value > 0 and cell.count > 0 for cell in cells):
        return math.nan
    variance = sum((cell.error / cell.value) ** 2 for cell in cells) * total / accounts
    normal = NormalDist()
    bar = sequence_factor(accounts, planned, alpha) if planned else normal.inv_cdf(1 - alpha / 2)
    return math.expm1((bar + normal.inv_cdf(POWER)) * math.sqrt(variance))


def curve(
    cells: tuple[Level, Level], alpha: float, planned: float, accounts: Sequence[float]
) -> pl.DataFrame:
    """Columns accounts, fixed and sequential: the smallest effect each design would find."""
    return pl.DataFrame(
        {
            "accounts": list(accounts),
            "fixed": [detectable(cells, n, alpha) for n in accounts],
            "sequential": [detectable(cells, n, alpha, planned) for n in accounts],
        }
    )
