"""Cells of few people: withheld under ten accounts, marked under two hundred.

Every answer passes here before it is filtered, ordered or cut, so that nothing can be read off an
order or a threshold either. Accounts are counted by the buckets that have rows: ten buckets are
ten accounts or more. Where one cell alone is withheld, the next smallest goes with it, until what
is withheld has ten accounts and two cells: else the total less the rest would be that cell
(complementary suppression; Hundepool et al., Statistical Disclosure Control, 2012, ch. 4).
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

from queries.dataset import BUCKETS, SMALL
from queries.formula import Array

FEWEST_SHOWN = 10
FEWEST_READ = 200
FEW, WITHHELD = "few", "withheld"
_CHANGES = (
    "delta", "delta_low", "delta_high", "relative", "relative_low", "relative_high",
)  # fmt: skip
_ENOUGH = 2


def accounts(occupied: Array) -> Array:
    """About how many accounts have rows in so many buckets: linear counting, NaN stays.

    Whang, Vander-Zanden & Taylor 1990, ACM TODS 15. Where every bucket has some: infinite.
    """
    with np.errstate(all="ignore"):
        return -BUCKETS * np.log1p(-np.minimum(occupied, BUCKETS) / BUCKETS)


def is_withheld(occupied: Array, fewest: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which cells may not be shown. A cell of nobody says nothing of anybody."""
    with np.errstate(invalid="ignore"):
        hidden = (occupied > 0) & (occupied < fewest)
    if not hidden.any():
        return hidden
    order = np.argsort(np.where(hidden | ~(occupied > 0), np.inf, occupied), kind="stable")
    for nearest in order:
        enough = occupied[hidden].sum() >= fewest and hidden.sum() >= _ENOUGH
        if enough or hidden[nearest] or not occupied[nearest] > 0:
            break
        hidden[nearest] = True
    return hidden


def hidden(
    frame: pl.DataFrame, names: Iterable[str], now: Array, before: Array | None, fewest: int
) -> pl.DataFrame:
    """The answer without the numbers of cells of few accounts, with a column `small` where any is.

    `now` and `before` are the occupied buckets of the rows, NaN where rows are nobody's.
    """
    is_gone = is_withheld(now, fewest)
    was_gone = np.zeros_like(is_gone) if before is None else is_withheld(before, fewest)
    with np.errstate(invalid="ignore"):
        is_few = (now > 0) & (accounts(now) < FEWEST_READ)
    if not (is_gone.any() or was_gone.any() or is_few.any()):
        return frame
    gone, past = (pl.Series(mask, dtype=pl.Boolean) for mask in (is_gone, was_gone))
    columns = [c for name in names for c in frame.columns if c.partition("__")[0] == name]
    masks = {c: _mask(c.partition("__")[2], gone, past) for c in columns}
    shown = frame.with_columns(
        pl.when(mask).then(None).otherwise(pl.col(column)).alias(column)
        for column, mask in masks.items()
    )
    marks = np.where(is_gone, WITHHELD, np.where(is_few, FEW, ""))
    found = pl.Series(SMALL, marks.tolist(), dtype=pl.String).replace("", None)
    return shown.with_columns(found) if SMALL not in frame.columns else _worse(shown, found)


def said(frame: pl.DataFrame) -> tuple[str, ...]:
    """Why numbers are missing or grey, in words."""
    if SMALL not in frame.columns:
        return ()
    gone, few = ((frame[SMALL] == mark).sum() for mark in (WITHHELD, FEW))
    notes: list[str] = []
    if gone:
        what = "One value is" if gone == 1 else f"{gone} values are"
        notes.append(
            f"{what} withheld: fewer than {FEWEST_SHOWN} accounts, or the difference to them."
        )
    if few:
        what = "One value rests" if few == 1 else f"{few} values rest"
        notes.append(f"{what} on fewer than {FEWEST_READ} accounts: too few to read much into.")
    return tuple(notes)


def _mask(suffix: str, gone: pl.Series, past: pl.Series) -> pl.Series:
    """What hides a column: of a change either period, of the earlier value its own."""
    if suffix == "previous":
        return past
    return gone | past if suffix in _CHANGES else gone


def _worse(frame: pl.DataFrame, found: pl.Series) -> pl.DataFrame:
    """Marks of several metrics: withheld before few."""
    is_gone = (found == WITHHELD).fill_null(value=False)
    return frame.with_columns(
        pl.when(is_gone).then(pl.lit(WITHHELD)).otherwise(pl.coalesce(SMALL, found)).alias(SMALL)
    )
