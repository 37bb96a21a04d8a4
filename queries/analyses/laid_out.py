"""The groups of a change laid out so that they are all of it: the rest and the small ones as one.

What a cut left out is a group more, and groups of too few accounts to say anything of are put
together, so that parts close on the whole and tell nothing of a handful.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from queries.condition import Scalar
from queries.dataset import Metric
from queries.errors import UnsafeQuestion
from queries.formula import Aggregate, Array
from queries.paired import FEWEST_BUCKETS, NAMED, ROWS, Paired, Side, named_rows
from queries.small_cells import FEWEST_SHOWN, is_withheld

FEWEST_ACCOUNTS = 200
MOST_GROUPS = 40
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Groups, those that were put together last; `merged` counts them, 0 for none."""

    paired: Paired
    values: tuple[Scalar | None, ...]
    merged: int


def with_rest(
    metric: Metric, aggregates: frozenset[Aggregate], groups: Paired, whole: Paired
) -> LaidOut:
    """The groups, and what a cut left out as one more. Raises UnsafeQuestion where they overlap."""
    values = tuple(groups.groups.to_series(0).to_list())
    keys = {a.key: a.is_additive for a in sorted(aggregates, key=lambda a: a.key)}
    if ROWS in groups.now and ROWS in whole.now:
        keys |= {ROWS: True, ROWS + NAMED: True}
    sides, wholes = (tuple(map(_with_named, (p.now, p.before))) for p in (groups, whole))
    rests = [
        {key: _rest(side[key], all_of[key]) for key in keys}
        for side, all_of in zip(sides, wholes, strict=True)
    ]
    open_keys = [key for key in keys if any(rest[key].any() for rest in rests)]
    if not all(keys[key] for key in open_keys):
        raise UnsafeQuestion(
            f"{metric.label} counts an account once, but it may be in several of these groups: "
            "their changes do not add up to its change.",
            "The change of each group is below, each for itself; or choose a dimension in which "
            "every account has one value.",
            code="adds_distinct",
        )
    if not open_keys:
        return LaidOut(groups, values, 0)
    now, before = (
        {key: np.vstack([np.nan_to_num(side[key]), rest[key]]) for key in keys}
        for side, rest in zip(sides, rests, strict=True)
    )
    return LaidOut(Paired(groups.groups, now, before, groups.population), values, 1)


def _with_named(side: Side) -> Side:
    rows = named_rows(side)
    return side if rows is None else {**side, ROWS + NAMED: rows}


def _rest(cells: Array, whole: Array) -> Array:
    """What the groups lack of the whole, as a row of buckets; 0 where they are all of it."""
    total = np.nan_to_num(whole)
    left = total - np.nan_to_num(cells).sum(axis=0, keepdims=True)
    is_closed = np.abs(left).sum() <= _CLOSE * max(1.0, float(np.abs(total).sum()))
    return np.zeros_like(left) if is_closed else left


def merged_small(laid_out: LaidOut, withheld: frozenset[object] = frozenset()) -> LaidOut:
    """Groups of under 200 accounts in both periods become one, and those below the largest 40.

    So do those of too few to be shown in a period, with the next larger where they are too few
    even together, and those that are `withheld`.
    """
    paired, count = laid_out.paired, len(laid_out.values)
    accounts = np.fmax(*paired.accounts())[:count]
    size = np.zeros(count)
    for side in (paired.now, paired.before):
        for cells in side.values():
            amounts = np.abs(np.nan_to_num(cells)).sum(axis=1)[:count]
            size = np.fmax(size, amounts / max(float(amounts.sum()), 1e-300))
    is_small = np.nan_to_num(accounts, nan=np.inf) < FEWEST_ACCOUNTS
    is_small[np.argsort(-size, kind="stable")[MOST_GROUPS:]] = True
    is_small |= np.array([value in withheld for value in laid_out.values], dtype=bool)
    for occupied in occupied_buckets(paired):
        is_small |= is_withheld(occupied, FEWEST_SHOWN)[:count]
    if not is_small.any():
        return laid_out
    kept = np.flatnonzero(~is_small)
    others = np.concatenate([np.flatnonzero(is_small), np.arange(count, count + laid_out.merged)])
    now, before = (
        {key: _together(cells, kept, others) for key, cells in side.items()}
        for side in (paired.now, paired.before)
    )
    merged = Paired(paired.groups, now, before, paired.population)
    return LaidOut(merged, tuple(laid_out.values[i] for i in kept), len(others))


def occupied_buckets(paired: Paired) -> list[Array]:
    """In how many buckets each group has accounts, by period; none where nobody's are told."""
    if (paired.population > 0).sum() < FEWEST_BUCKETS:
        return []
    sides = [named_rows(side) for side in (paired.now, paired.before)]
    known = [rows for rows in sides if rows is not None]
    return [np.asarray((rows > 0).sum(axis=1), dtype=np.float64) for rows in known]


def _together(cells: Array, kept: NDArray[np.intp], others: NDArray[np.intp]) -> Array:
    known = np.nan_to_num(cells)
    return np.vstack([known[kept], known[others].sum(axis=0, keepdims=True)])
