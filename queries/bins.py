"""Bins of a distribution: one per cent wide, and put together until each is of ten accounts.

A bin of fewer would tell somebody's own value, as would the first and the last value of all. So the
ends of a bin are those of the grid (its one value, where all in it are alike), and the outer ends
are put as far beyond the mean of their bin as its inner end lies on the other side.
"""

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.dataset import BUCKET, BUCKETS
from queries.errors import UnsafeQuestion
from queries.plan import BIN, BIN_RATIO

SIDE, COUNT, TOTAL, LOW, HIGH = "side", "n", "total", "low", "high"
MIDDLE = 1_000_000
"""The bin of the value 1; 0 is a bin of its own, and negative values mirror the positive."""

_GROUP = "__group"


def finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Without values that are infinite or no number, which lie in no bin."""
    numbers = (BIN, TOTAL, LOW, HIGH)
    return frame.filter(pl.all_horizontal(pl.col(numbers).cast(pl.Float64).is_finite()))


def together(frame: pl.DataFrame, fewest: int) -> pl.DataFrame:
    """Neighbours put together until in each bin of each side are so many accounts, or none.

    By side and bucket, with the ends of the bins as they may be told. Raises UnsafeQuestion where
    nothing remains to tell apart.
    """
    numbers = frame[BIN].unique().sort().to_numpy()
    if not len(numbers):
        return frame
    group = _grouped(_present(frame, numbers), fewest)
    named = pl.DataFrame({BIN: numbers, _GROUP: group})
    merged = frame.join(named, on=BIN)
    ends = pl.DataFrame(_ends(merged), schema=(_GROUP, BIN, LOW, HIGH), orient="row")
    if ends.height == 1 and ends[LOW][0] is None:
        raise UnsafeQuestion(
            f"Too few accounts are behind this: fewer than {fewest} have values like each other.",
            "Take a filter away, or choose a longer period.",
            code="few_accounts",
        )
    sums = merged.group_by(SIDE, BUCKET, _GROUP).agg(pl.col(COUNT, TOTAL).sum())
    return sums.join(ends, on=_GROUP).drop(_GROUP)


def _present(frame: pl.DataFrame, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where each side has rows: `sides x bins x buckets`, the last of these nobody's."""
    sides, side = np.unique(frame[SIDE].to_numpy(), return_inverse=True)
    found = np.zeros((len(sides), len(numbers), BUCKETS + 1), dtype=bool)
    bucket = np.minimum(frame[BUCKET].to_numpy(), BUCKETS)
    found[side, np.searchsorted(numbers, frame[BIN].to_numpy()), bucket] = True
    return found


def _grouped(present: NDArray[np.bool_], fewest: int) -> NDArray[np.int64]:
    """The number of the group that each bin goes to, in their order."""

    def is_enough(buckets: NDArray[np.bool_]) -> bool:
        counts = buckets[:, :BUCKETS].sum(axis=1)
        return bool(buckets.any() and ((counts == 0) | (counts >= fewest)).all())

    groups: list[tuple[int, NDArray[np.bool_]]] = []
    start, held = 0, np.zeros_like(present[:, 0])
    for place in range(present.shape[1]):
        held = held | present[:, place]
        if is_enough(held):
            groups.append((start, held))
            start, held = place + 1, np.zeros_like(held)
    while held.any() and groups and not is_enough(held):
        start, before = groups.pop()
        held = held | before
    if held.any():
        groups.append((start, held))
    starts = [first for first, _ in groups]
    numbers = [bisect_right(starts, place) - 1 for place in range(present.shape[1])]
    return np.array(numbers, np.int64)


def _ends(merged: pl.DataFrame) -> Iterator[tuple[int, int, float | None, float | None]]:
    """Group, first bin, low and high; None for the ends of the only one whose values differ."""
    about = merged.group_by(_GROUP).agg(
        pl.col(BIN).min().alias("first"),
        pl.col(BIN).max().alias("last"),
        pl.col(LOW).min(),
        pl.col(HIGH).max(),
        (pl.col(TOTAL).sum() / pl.col(COUNT).sum()).alias("mean"),
    )
    rows = about.sort(_GROUP).rows(named=True)
    for place, row in enumerate(rows):
        low, high = row[LOW], row[HIGH]
        if low < high:
            low, high = edges(row["first"])[0], edges(row["last"])[1]
            is_first, is_last = place == 0, place == len(rows) - 1
            if is_first and is_last:
                low = high = None
            elif is_first:
                low = 0.0 if row["first"] == 0 else _beyond(row["mean"], high)
            elif is_last:
                high = _beyond(row["mean"], low)
        yield row[_GROUP], row["first"], low, high


def edges(number: int) -> tuple[float, float]:
    """The ends of a bin of the grid."""
    if number == 0:
        return 0.0, 0.0
    step = abs(number) - MIDDLE
    near, far = BIN_RATIO**step, BIN_RATIO ** (step + 1)
    return (near, far) if number > 0 else (-far, -near)


def _beyond(mean: float, inner: float) -> float:
    """As far from the mean as the inner end, on the other side; by ratio where signs allow."""
    return mean * mean / inner if mean * inner > 0 else 2 * mean - inner
