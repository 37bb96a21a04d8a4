"""An experiment read from counts: its cells, what their accounts did, and whether they are sound.

Of hours, or anything else that is a sum over accounts: `y` now and `u` in the time before, with
their squares and product. The cell in the first position is the control.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.estimators.effect import Level, levels, shared_alpha
from queries.estimators.estimator import Counted, Inner
from queries.estimators.moments import Moments
from queries.estimators.sample_ratio import sample_ratio

AMOUNTS = ("allocated", "accounts", "y", "u", "yy", "yu", "uu")
EXPERIMENT = Inner("experiment", is_asked=True, may_filter=True)
ABOUT = (Inner("position"), Inner("share"), Inner("planned"))


@dataclass(frozen=True, slots=True)
class TrialCell:
    """`group` is the place of its group in the answer; `count` are the accounts allocated."""

    group: int
    share: float
    count: float
    moments: Moments


@dataclass(frozen=True, slots=True)
class Trial:
    """Cells by position, the control first. `planned` is the number of accounts in all."""

    cells: tuple[TrialCell, ...]
    planned: float

    @property
    def alpha(self) -> float:
        return shared_alpha(len(self.cells) - 1)

    @property
    def is_sound(self) -> bool:
        """Whether there is a control and every cell has the accounts it was to have."""
        shares = [cell.share for cell in self.cells]
        counts = ([c.count for c in self.cells], [c.moments.count for c in self.cells])
        return len(shares) > 1 and not any(sample_ratio(n, shares).is_broken for n in counts)

    def levels(self, *, adjusted: bool) -> tuple[Level, ...]:
        return levels([cell.moments for cell in self.cells], adjusted=adjusted)


def trials(counted: Counted) -> Iterator[Trial]:
    """Every experiment, within the question's other keys."""
    amounts = {n: a.sum(axis=1) for n, a in counted.amounts.items()}
    rows = counted.keys.with_columns(
        group=pl.Series(counted.group),
        around=pl.Series(counted.around),
        **{n: pl.Series(a) for n, a in amounts.items()},
    )
    for one in rows.partition_by("around", "experiment", maintain_order=True):
        cells = one.group_by("position", "share", "planned", maintain_order=True).agg(
            pl.col("group").first(), pl.col(*AMOUNTS).sum()
        )
        ordered = cells.sort("position")
        yield Trial(
            tuple(_cell(row) for row in ordered.iter_rows(named=True)),
            float(ordered["planned"][0]),
        )


def _cell(row: dict[str, float]) -> TrialCell:
    n, y, u = row["accounts"], row["y"], row["u"]
    sums = np.array([y, n, u, n])
    products = np.array(
        [
            [row["yy"], y, row["yu"], y],
            [y, n, u, n],
            [row["yu"], u, row["uu"], u],
            [y, n, u, n],
        ]
    )
    return TrialCell(
        int(row["group"]), float(row["share"]), row["allocated"], Moments(n, sums, products)
    )
