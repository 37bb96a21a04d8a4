"""Cells of few people: withheld under ten accounts, marked under two hundred.

Every answer passes here before it is filtered, ordered or cut, so that nothing can be read off an
order or a threshold either. Accounts are counted by the buckets that have rows: ten buckets are
ten accounts or more. Of a table whose rows are no account's, the catalogue says what counts them.
Where the total less the rest would be a cell of few, one of ten or more is withheld with it, so
that what is withheld together is of ten at least: in the answer as a whole, and in every group that
some of its keys make (complementary suppression; Hundepool et al., Statistical Disclosure Control,
2012, ch. 4). Two totals together, or the answers to two questions, can still be held against each
other: docs/asking.md says what is promised.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.dataset import BUCKETS, SMALL
from queries.formula import Array

FEWEST_SHOWN = 10
FEWEST_READ = 200
FEW, WITHHELD = "few", "withheld"
_CHANGES = (
    "delta", "delta_low", "delta_high", "relative", "relative_low", "relative_high",
)  # fmt: skip
_COUNTED = re.compile(r"^(?:One value|[\d\u2009]+ values) (?:is|are|rests?) ")
_ENOUGH = 2
_MOST_KEYS = 5


def accounts(occupied: Array) -> Array:
    """About how many accounts have rows in so many buckets: linear counting, NaN stays.

    Whang, Vander-Zanden & Taylor 1990, ACM TODS 15. Where every bucket has some: infinite.
    """
    with np.errstate(all="ignore"):
        return -BUCKETS * np.log1p(-np.minimum(occupied, BUCKETS) / BUCKETS)


def is_withheld(
    occupied: Array, fewest: int, groups: pl.DataFrame | None = None
) -> NDArray[np.bool_]:
    """Which cells may not be shown. A cell of nobody says nothing of anybody.

    `groups` has the keys of the cells: in what order they come makes no difference then.
    """
    with np.errstate(invalid="ignore"):
        is_there = occupied > 0
        is_small = is_there & (occupied < fewest)
    if not is_small.any():
        return is_small
    if groups is None or not groups.width:
        return _with_companions(is_small, is_there, occupied, [np.zeros(len(occupied), np.intp)])
    order = groups.select(pl.arg_sort_by(groups.columns, nulls_last=True)).to_series().to_numpy()
    blocks = list(_blocks(groups[order]))
    hidden = np.zeros_like(is_small)
    hidden[order] = _with_companions(is_small[order], is_there[order], occupied[order], blocks)
    return hidden


def hidden(
    frame: pl.DataFrame, names: Iterable[str], gone: NDArray[np.bool_], past: NDArray[np.bool_]
) -> pl.DataFrame:
    """The answer without the numbers of withheld cells: `gone` now, `past` in the other period."""
    if not (gone.any() or past.any()):
        return frame
    masks = (pl.Series(mask, dtype=pl.Boolean) for mask in (gone, past))
    now, before = masks
    columns = [c for name in names for c in frame.columns if c.partition("__")[0] == name]
    return frame.with_columns(
        pl.when(_mask(c.partition("__")[2], now, before)).then(None).otherwise(pl.col(c)).alias(c)
        for c in columns
    )


def marked(frame: pl.DataFrame, gone: NDArray[np.bool_], few: NDArray[np.bool_]) -> pl.DataFrame:
    """With a column `small` where any cell is of few accounts, the worse of several metrics."""
    if not (gone.any() or few.any()):
        return frame
    marks = np.where(gone, WITHHELD, np.where(few, FEW, ""))
    found = pl.Series(SMALL, marks.tolist(), dtype=pl.String).replace("", None)
    return frame.with_columns(found) if SMALL not in frame.columns else _worse(frame, found)


def unmarked(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the column of marks where none of the rows has one."""
    is_plain = SMALL in frame.columns and frame[SMALL].null_count() == frame.height
    return frame.drop(SMALL) if is_plain else frame


def is_few(accounts_n: Array) -> NDArray[np.bool_]:
    """Which cells are of too few accounts to read much into."""
    with np.errstate(invalid="ignore"):
        return (accounts_n > 0) & (accounts_n < FEWEST_READ)


def said(frame: pl.DataFrame, left_out: int = 0) -> tuple[str, ...]:
    """Why numbers are missing or grey, in words, and how many are in no ranking at all."""
    notes: list[str] = []
    if left_out:
        what = "One value is" if left_out == 1 else f"{_grouped(left_out)} values are"
        notes.append(f"{what} left out: fewer than {FEWEST_SHOWN} accounts, or the next to them.")
    if SMALL not in frame.columns:
        return tuple(notes)
    gone, few = (int((frame[SMALL] == mark).sum()) for mark in (WITHHELD, FEW))
    if gone:
        what = "One value is" if gone == 1 else f"{_grouped(gone)} values are"
        notes.append(
            f"{what} withheld: fewer than {FEWEST_SHOWN} accounts, or the difference to them."
        )
    if few:
        what = "One value rests" if few == 1 else f"{_grouped(few)} values rest"
        notes.append(f"{what} on fewer than {FEWEST_READ} accounts: too few to read much into.")
    return tuple(notes)


def said_once(notes: Iterable[str]) -> tuple[str, ...]:
    """Of the notes of several answers each reason once, with the count of the first that has it."""
    found: dict[str, str] = {}
    for note in notes:
        found.setdefault(_COUNTED.sub("", note), note)
    return tuple(found.values())


def _grouped(count: int) -> str:
    """Digits by thin spaces, as the portal groups them."""
    return f"{count:,}".replace(",", "\u2009")


def said_of_all(frames: Sequence[pl.DataFrame]) -> tuple[str, ...]:
    """The same of several answers together."""
    marks = [frame.select(SMALL) for frame in frames if SMALL in frame.columns]
    return said(pl.concat(marks)) if marks else ()


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


def _blocks(groups: pl.DataFrame) -> Iterator[NDArray[np.intp]]:
    """The groups that some of the keys make, by number, those of most keys first."""
    keys = groups.columns
    wanted = range(len(keys)) if len(keys) <= _MOST_KEYS else (0, 1, len(keys) - 1)
    for count in sorted(wanted, reverse=True):
        for chosen in combinations(keys, count):
            found = pl.struct(chosen).rank("dense") - 1 if chosen else pl.lit(0)
            numbers = groups.select(found.alias("__block")).to_series().to_numpy()
            yield np.broadcast_to(numbers, (groups.height,)).astype(np.intp)


def _with_companions(
    small: NDArray[np.bool_],
    is_there: NDArray[np.bool_],
    occupied: Array,
    blocks: list[NDArray[np.intp]],
) -> NDArray[np.bool_]:
    """Cells of few, with others until no block lacks just one, or nothing but those of few.

    A companion is one that adds the fewest blocks to those that lack cells, the smallest of them.
    """
    hidden = small.copy()
    before = -1
    while before != (before := int(hidden.sum())):
        for block in blocks:
            lacking = _counts(block, hidden)
            is_safe = (lacking >= _ENOUGH) & (_counts(block, hidden & ~small) > 0)
            shown = is_there & ~hidden
            candidates = np.flatnonzero(shown & ((lacking > 0) & ~is_safe)[block])
            if not len(candidates):
                continue
            clean = np.sum([(_counts(b, hidden) == 0)[b[candidates]] for b in blocks], axis=0)
            order = np.lexsort((occupied[candidates], clean, block[candidates]))
            _, first = np.unique(block[candidates][order], return_index=True)
            hidden[candidates[order[first]]] = True
    return hidden


def _counts(block: NDArray[np.intp], mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.bincount(block[mask], minlength=int(block.max(initial=0)) + 1)
