"""Who moved a share: accounts that watched in both periods, those that came and those that went.

With `w` an account's part of all hours, `s` the share of its own hours that is of the value, `S`
the share of all hours, bars for the mean of both periods and Δ for the change between them,

    ΔS = Σ w̄ Δs  +  Σ Δw (s̄ − S̄)  +  Σ w₁ (s₁ − S̄)  −  Σ w₀ (s₀ − S̄)
         stayed     stayed            joined           left

Griliches & Regev 1995, Journal of Econometrics 65, 175-203; method 2 of Foster, Haltiwanger &
Krizan 2001, in New Developments in Productivity Analysis, 303-372. The first is switching: the same
accounts turn to the value, each at its usual weight. The second is the same accounts watching more
or less altogether. It closes exactly, has no cross term that belongs to nobody, and is the same
backwards in time with its signs turned, joined for left; with the weights of the earlier period
(method 1) what an account watched by chance would be counted as switching back. Kitagawa's rates of
whole groups would call switching what only is another weight within a group.

Every term is a sum over accounts, so intervals leave one bucket of accounts out of both periods.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from queries.analyses.findings import chance
from queries.analyses.laid_out import FEWEST_ACCOUNTS
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.condition import Scalar
from queries.errors import UnsafeQuestion
from queries.formula import Array
from queries.interval import Estimate, left_out, margin
from queries.share_split import JOINED, LEFT, STAYED
from queries.small_cells import FEWEST_SHOWN

Kind = Literal["switched", "weighed", "joined", "left", "moved"]
"""What made a part: `moved` is joined and left together, where one of them is of a handful."""
LEVEL = 0.1
_OF: Mapping[Kind, tuple[str, ...]] = {
    "switched": (STAYED,),
    "weighed": (STAYED,),
    "joined": (JOINED,),
    "left": (LEFT,),
    "moved": (JOINED, LEFT),
}


@dataclass(frozen=True, slots=True)
class Part:
    """What some accounts make of a share's change; `few` where they are fewer than 200."""

    kind: Kind
    estimate: Estimate
    accounts: int

    @property
    def few(self) -> bool:
        return self.accounts < FEWEST_ACCOUNTS


@dataclass(frozen=True, slots=True)
class Moved:
    """A value's share of a period, `now`, and of the one `before`, 0 to 1, and what moved it.

    The parts add up to the change exactly. `q` is the false discovery rate of its change among
    those of all values (Benjamini-Hochberg).
    """

    value: Scalar
    before: float
    now: float
    change: Estimate
    parts: tuple[Part, ...]
    q: float


def switching(sums: pl.DataFrame, values: Sequence[Scalar]) -> tuple[Moved, ...]:
    """Split the change of each value's share; `sums` has what `queries.share_split` says.

    Empty where nobody has hours in one of the periods. Raises UnsafeQuestion where a part would be
    of fewer than ten accounts.
    """
    if sums.is_empty():
        return ()
    cells = {
        name: sums[name].cast(pl.Float64).fill_null(0).fill_nan(0).to_numpy()
        for name in sums.columns
    }
    accounts = {kind: int(cells[kind].sum()) for kind in (STAYED, JOINED, LEFT)}
    if not accounts[STAYED] + accounts[JOINED] or not accounts[STAYED] + accounts[LEFT]:
        return ()
    kinds = _told(accounts)
    totals = {name: column.sum(keepdims=True) for name, column in cells.items()}
    everyone = np.ones(sums.height, dtype=np.bool_)
    without = {name: left_out(column, everyone) for name, column in cells.items()}
    found = [_moved(n, value, (totals, without), kinds) for n, value in enumerate(values)]
    qs = benjamini_hochberg([chance(one[2]) for one in found])
    return tuple(
        Moved(
            value=value,
            before=before,
            now=now,
            change=change,
            parts=tuple(
                Part(kind, estimate, sum(accounts[a] for a in _OF[kind]))
                for kind, estimate in zip(kinds, parts, strict=True)
            ),
            q=q,
        )
        for value, (before, now, change, parts), q in zip(values, found, qs, strict=True)
    )


def _told(accounts: Mapping[str, int]) -> tuple[Kind, ...]:
    """The parts that may be told: those of a handful stand together with others, or not at all."""

    def is_few(*kinds: str) -> bool:
        return 0 < sum(accounts[kind] for kind in kinds) < FEWEST_SHOWN

    apart = not (is_few(JOINED) or is_few(LEFT))
    if is_few(STAYED) or (not apart and is_few(JOINED, LEFT)):
        raise UnsafeQuestion(
            f"Fewer than {FEWEST_SHOWN} accounts make a part of the change, so it is withheld.",
            "Take a filter away, or choose a longer period.",
            code="few_accounts",
        )
    return ("switched", "weighed", "joined", "left") if apart else ("switched", "weighed", "moved")


def _moved(
    place: int,
    value: Scalar,  # noqa: ARG001  # said with the place it has
    sides: tuple[Mapping[str, Array], Mapping[str, Array]],
    kinds: Iterable[Kind],
) -> tuple[float, float, Estimate, list[Estimate]]:
    """Shares before and now, their change and its parts: of everybody, and without each bucket."""
    shares, parts = split(sides[0], place)
    spread_of_shares, spread = split(sides[1], place)
    change = _estimate(shares[0] - shares[1], spread_of_shares[0] - spread_of_shares[1])
    found = [_estimate(parts[kind], spread[kind]) for kind in kinds]
    return float(shares[1][0]), float(shares[0][0]), change, found


def split(sums: Mapping[str, Array], place: int) -> tuple[tuple[Array, Array], dict[Kind, Array]]:
    """Shares now and before, and the parts of the change, of sums in any shape."""
    own = {name.removesuffix(f"_{place}"): v for name, v in sums.items() if _is_of(name, place)}
    now = sums["stayed_now"] + sums["joined_now"]
    before = sums["stayed_before"] + sums["left_before"]
    with np.errstate(all="ignore"):
        share_now = (own["stayed_now"] + own["joined_now"]) / now
        share_before = (own["stayed_before"] + own["left_before"]) / before
        middle = (share_now + share_before) / 2
        switched = (own["stayed_now"] - own["across_now"]) / now
        switched += (own["across_before"] - own["stayed_before"]) / before
        weighed = (own["stayed_now"] + own["across_now"]) / now
        weighed -= (own["stayed_before"] + own["across_before"]) / before
        weighed -= 2 * middle * (sums["stayed_now"] / now - sums["stayed_before"] / before)
        joined = (own["joined_now"] - middle * sums["joined_now"]) / now
        left = (middle * sums["left_before"] - own["left_before"]) / before
    parts: dict[Kind, Array] = {
        "switched": switched / 2,
        "weighed": weighed / 2,
        "joined": joined,
        "left": left,
        "moved": joined + left,
    }
    return (share_now, share_before), parts


def _is_of(name: str, place: int) -> bool:
    return name.endswith(f"_{place}")


def _estimate(value: Array, spread: Array) -> Estimate:
    half = float(margin(spread[None, :])[0])
    return Estimate(float(value[0]), float(value[0]) - half, float(value[0]) + half)
