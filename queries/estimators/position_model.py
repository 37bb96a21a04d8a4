"""How much of being clicked is the place alone: the examination of each slot of a page.

The position-based model (Craswell et al. 2008; Chuklin, Markov & de Rijke 2015, ch. 3): a click
needs that the slot is examined and that what it shows attracts, and examination is the slot's
alone. Where titles are shown at random, attraction is the same everywhere, so clicks of random
traffic are `seen × attraction × θ(row) × θ(column)`. Rows and columns are fitted by maximum
likelihood of that product (Poisson; right in the limit for any counts with this mean, Gourieroux,
Monfort & Trognon 1984). A rate of its own for each slot, as it would be read off directly, has too
few random clicks: its noise goes into every number that is divided by it, and that of the first
slot into all of them.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.estimators.estimator import Counted, Indices, summed_by
from queries.formula import Array

SMALLEST_THETA = 0.05
FEWEST_ROWS = 200
LEAST_COVERED = 0.5
_ROUNDS = 200
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class Examination:
    """θ of each slot, relative to the first: `slots x (1 + clusters)`, without a cluster each.

    `slot` is the place of each row of the counts among `slots`. θ is NaN where the slot's row or
    its column was shown at random less than `FEWEST_ROWS` times.
    """

    slots: pl.DataFrame
    slot: Indices
    theta: Array


def examination(counted: Counted) -> Examination:
    """Fitted to all random traffic in the counts, whatever group it is in."""
    place = counted.keys.select("row", "column")
    slots = place.unique().sort("row", "column")
    slot = _numbered(place, slots)
    at_random = counted.keys["explore"].fill_null(value=False).to_numpy().astype(bool)
    clicks, seen, rows = (
        summed_by(slot[at_random], counted.columns(name)[at_random], slots.height)
        for name in ("clicks", "clickable", "rows")
    )
    row, column = (_dense(slots[name]) for name in ("row", "column"))
    theta = np.clip(fitted(clicks, seen, (row, column)), SMALLEST_THETA, None)
    known = [
        summed_by(side, rows[:, :1], int(side.max(initial=0)) + 1)[side, 0] >= FEWEST_ROWS
        for side in (row, column)
    ]
    theta[~(known[0] & known[1])] = np.nan
    return Examination(slots, slot, theta)


def fitted(clicks: Array, seen: Array, sides: tuple[Indices, Indices]) -> Array:
    """θ relative to the first slot, by slot and column of the arrays.

    Each side's effects in turn make its margins right, until neither moves (iterative proportional
    fitting, which finds the maximum of the likelihood; Bishop, Fienberg & Holland 1975, ch. 3).
    """
    row, column = sides
    size = [int(side.max(initial=-1)) + 1 for side in sides]
    effects = [np.ones((n, clicks.shape[1])) for n in size]
    totals = [summed_by(side, clicks, n) for side, n in zip(sides, size, strict=True)]
    with np.errstate(all="ignore"):
        for _ in range(_ROUNDS):
            before = effects[0]
            for one, (side, other) in enumerate(((row, column), (column, row))):
                expected = summed_by(side, seen * effects[1 - one][other], size[one])
                effects[one] = np.where(expected > 0, totals[one] / expected, 0.0)
            if np.allclose(before, effects[0], rtol=_CLOSE, atol=0):
                break
        rate = effects[0][row] * effects[1][column]
        return np.asarray(rate / rate[:1], dtype=np.float64)


def debiased(counted: Counted, group: Indices, groups: int) -> Array:
    """Plays over examination, per seen: `groups x (1 + clusters)`.

    Inverse propensity scoring (Joachims, Swaminathan & Schnabel 2017). NaN where less than
    `LEAST_COVERED` of what was seen lies in slots of known examination.
    """
    found = examination(counted)
    theta = found.theta[found.slot]
    covered = ~np.isnan(theta[:, 0])
    seen, plays = counted.columns("seen"), counted.columns("plays")
    asked = group >= 0
    kept = asked & covered
    all_seen = summed_by(group[asked], seen[asked], groups)
    some_seen = summed_by(group[kept], seen[kept], groups)
    worth = summed_by(group[kept], plays[kept] / theta[kept], groups)
    with np.errstate(all="ignore"):
        enough = some_seen[:, :1] / all_seen[:, :1] >= LEAST_COVERED
        return np.asarray(np.where(enough, worth / some_seen, np.nan), dtype=np.float64)


def _dense(values: pl.Series) -> Indices:
    return values.rank("dense").to_numpy().astype(np.intp) - 1


def _numbered(found: pl.DataFrame, listed: pl.DataFrame) -> NDArray[np.intp]:
    keys = listed.columns
    joined = found.join(listed.with_row_index("at"), on=keys, how="left", maintain_order="left")
    return joined["at"].to_numpy().astype(np.intp)
